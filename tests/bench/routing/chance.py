"""What chance brought a replication, ÷ what it brings on average, less one: known before anybody was routed.

For floors whose customers come at one rate each and bring work of an exponential length.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from trunkline.simulation.demand import HOUR_MS
from trunkline.simulation.floor import Floor
from trunkline.simulation.scenario import Scenario


class Chance(NamedTuple):
    """Both are 0 on average, over all replications."""

    surplus: float
    """Of the work that came in the hours that count."""
    congestion: float
    """Of the mean wait that the same customers would have had before one agent as fast as all of them together.

    Its exact mean is Pollaczek's and Khinchine's: rate × mean of the squared length ÷ (2 × (1 - load)).
    """


def chance_of(scenario: Scenario, replication: int) -> Chance:
    """What it brought this replication."""
    floor = scenario.floor
    speed = sum(group.count * group.speed for group in floor.agents.values())
    begins, free_at = floor.warm_up_h * HOUR_MS, 0.0
    worked, waited, came = 0.0, 0.0, 0
    for one in scenario.arrivals(seed=1, replication=replication):
        wait = max(0.0, free_at - one.at_ms)
        free_at = one.at_ms + wait + one.work_ms / speed
        if one.at_ms >= begins:
            worked, waited, came = worked + one.work_ms, waited + wait, came + 1
    work, squared = _moments(floor)
    exact_wait = squared / HOUR_MS / speed**2 / (2 * (1 - work / HOUR_MS / speed))
    return Chance(worked / (work * (floor.hours - floor.warm_up_h)) - 1, waited / came / exact_wait - 1)


def _moments(floor: Floor) -> tuple[float, float]:
    """Work of an hour on average, in ms; and the sum of the squares of its pieces, in ms²."""
    means = [(one.rate(0), one.handle.mean_s * 1_000) for one in floor.classes.values()]
    return math.fsum(rate * mean for rate, mean in means), math.fsum(rate * 2 * mean**2 for rate, mean in means)
