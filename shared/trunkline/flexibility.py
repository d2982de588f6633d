"""How much work of other kinds an agent could do: what the index holds against taking a generalist too soon. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MEMORY_S = 600.0
"""Seconds in which what was seen of the load fades to a third: a lull of a minute is no reason to reorder."""

NOTICEABLE = 0.02
"""A change below this is not worth telling the board: it writes one entry for each requirement set of the agent."""


@dataclass(frozen=True, slots=True)
class Able:
    """An agent who is there: capacity in weights, and the requirement sets they satisfy."""

    agent: str
    capacity: int
    flexibility: float
    """As the board has it now."""
    satisfies: tuple[str, ...]


@dataclass(slots=True)
class Loads:
    """The load offered by each requirement set, in weights: what is at work and waits, smoothed (Little's law)."""

    seen: dict[str, float] = field(default_factory=dict)

    def see(self, at_work: Mapping[str, float], *, after_s: float) -> None:
        """What is there now, so long after the last look; the first look is taken as it is."""
        share = 1.0 if not self.seen else 1.0 - math.exp(-after_s / MEMORY_S)
        names = self.seen.keys() | at_work.keys()
        smoothed = {name: (1 - share) * self.seen.get(name, 0.0) + share * at_work.get(name, 0.0) for name in names}
        self.seen = {name: load for name, load in smoothed.items() if load > 0.001}


def flexibilities(loads: Mapping[str, float], agents: Iterable[Able]) -> dict[str, float]:
    """Of each agent: the sum, over the requirement sets they satisfy, of its load ÷ the capacity of all who satisfy it.

    About 1 for an agent who is needed for one kind of work that fills its people; several times that for a generalist.
    """
    there = list(agents)
    capacity: Counter[str] = Counter()
    for able in there:
        for name in able.satisfies:
            capacity[name] += able.capacity
    return {
        able.agent: sum(loads[name] / capacity[name] for name in able.satisfies if name in loads and capacity[name])
        for able in there
    }


def changed(agents: Iterable[Able], found: Mapping[str, float]) -> dict[str, float]:
    """Those whose flexibility is not what the board has."""
    return {able.agent: found[able.agent] for able in agents if abs(found[able.agent] - able.flexibility) >= NOTICEABLE}
