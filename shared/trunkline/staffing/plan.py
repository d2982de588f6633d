"""How many agents each interval needs for its service level. Pure."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from trunkline.staffing.erlang import Line, Load, line
from trunkline.staffing.request import Interval, Staffing


@dataclass(frozen=True, slots=True)
class Need:
    """What an interval needs, and what comes of it. Shares are from 0 to 1, of everybody who writes."""

    interval: str
    per_hour: float
    erlangs: float
    agents: int
    """How many must be at their desks."""
    rostered: int
    """How many must be on the roster, so that as many are at their desks."""
    answered_in_target: float
    mean_wait_s: float
    abandoned: float
    occupancy: float

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def plan(staffing: Staffing) -> list[Need]:
    """The needs of all intervals, each for itself: it must be long against handling time for the formulas to hold."""
    return [_need(interval, staffing) for interval in staffing.intervals]


def agents_needed(load: Load, *, target_s: float, share: float) -> int:
    """The fewest agents with whom this share of everybody is answered within the target; 0 for no load."""
    if load.per_s == 0:
        return 0
    enough = max(1, math.ceil(load.erlangs))
    while line(load, enough).answered_within(target_s) < share:
        enough *= 2
    too_few = 0
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        if line(load, middle).answered_within(target_s) < share:
            too_few = middle
        else:
            enough = middle
    return enough


def _need(interval: Interval, staffing: Staffing) -> Need:
    handle_s = interval.handle_s or staffing.handle_s
    load = Load(interval.per_hour / 3_600, handle_s, staffing.patience_s)
    places = agents_needed(load, target_s=staffing.target_s, share=staffing.share)
    agents = math.ceil(places / staffing.concurrency)
    found: Line | None = line(load, agents * staffing.concurrency) if agents else None
    return Need(
        interval=interval.at,
        per_hour=interval.per_hour,
        erlangs=load.erlangs,
        agents=agents,
        rostered=math.ceil(agents / (1 - staffing.shrinkage) - 1e-9),  # 70 ÷ 0.7 is 100, whatever floats make of it
        answered_in_target=found.answered_within(staffing.target_s) if found else 1.0,
        mean_wait_s=found.mean_wait_s if found else 0.0,
        abandoned=found.abandoned if found else 0.0,
        occupancy=found.occupancy if found else 0.0,
    )
