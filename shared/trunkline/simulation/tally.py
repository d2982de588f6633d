"""What became of everybody in one replication, and the figures of it."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from trunkline.simulation.demand import HOUR_MS, Arrival
from trunkline.simulation.eligible import satisfies
from trunkline.simulation.roster import profile, seats
from trunkline.simulation.scenario import Scenario


class Scope(StrEnum):
    """Of whom a figure is."""

    FLOOR = "floor"
    QUEUE = "queue"
    CLASS = "class"
    GROUP = "group"


class Key(NamedTuple):
    """One figure of one replication: `Key(Scope.QUEUE, "support", "mean_wait_s")`."""

    scope: Scope
    name: str
    figure: str


Figures = dict[Key, float]


@dataclass(slots=True)
class _Count:
    """Conversations that are counted together. A wait is the time in the line, ended by an agent or by patience."""

    arrived: int = 0
    answered: int = 0
    left: int = 0
    in_target: int = 0
    widened: int = 0
    waits_ms: array[float] = field(default_factory=lambda: array("d"))

    def add(self, other: _Count) -> None:
        for name in ("arrived", "answered", "left", "in_target", "widened"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.waits_ms.extend(other.waits_ms)

    def figures(self) -> dict[str, float]:
        """Shares are of everybody who came; times are in seconds, of everybody who was answered or left."""
        found: dict[str, float] = {"arrived": self.arrived, "answered": self.answered, "left": self.left}
        found["unserved"] = self.arrived - self.answered - self.left
        if self.arrived:
            found["in_target"] = self.in_target / self.arrived
            found["abandoned"] = self.left / self.arrived
            found["widened"] = self.widened / self.arrived
        if self.waits_ms:
            waits = sorted(self.waits_ms)
            found["mean_wait_s"] = sum(waits) / len(waits) / 1_000
            found["p50_wait_s"] = quantile(waits, 0.5) / 1_000
            found["p95_wait_s"] = quantile(waits, 0.95) / 1_000
        return found


class Tally:
    """Notes what happens; warm-up is left out of the figures, and what agents do after the last hour too."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._from = round(scenario.floor.warm_up_h * HOUR_MS)
        self._to = round(scenario.floor.hours * HOUR_MS)
        self._targets = {kind: scenario.target_ms(kind) for kind in scenario.floor.classes}
        self._weights = {kind: scenario.routes[kind].weight for kind in scenario.floor.classes}
        self._counts = {kind: _Count() for kind in scenario.floor.classes}
        self._held: dict[int, dict[str, int]] = {}
        """Conversation → who holds room for it, and since when."""
        self._answered: set[int] = set()
        self._busy_ms: dict[tuple[str, str], float] = defaultdict(float)
        """(agent, queue) → room held in the hours that count, in ms × weight."""
        self._by_hour: dict[int, list[float]] = defaultdict(lambda: [0, 0.0])

    # --- what happens ---------------------------------------------------------------------------------------

    def held(self, number: int, arrival: Arrival, agents: Sequence[str], now: int) -> None:
        """Room for it is held by these agents from here, and by nobody else any more."""
        before = self._held.pop(number, {})
        queue = self._scenario.floor.classes[arrival.kind].queue
        for agent in before.keys() - set(agents):
            counted = max(0, min(now, self._to) - max(before[agent], self._from))
            self._busy_ms[agent, queue] += counted * self._weights[arrival.kind]
        if agents:
            self._held[number] = {agent: before.get(agent, now) for agent in agents}

    def answered(self, number: int, arrival: Arrival, now: int) -> None:
        """An agent accepted."""
        self._answered.add(number)
        self._waited(arrival, now)
        if arrival.at_ms >= self._from:
            count = self._counts[arrival.kind]
            count.arrived += 1
            count.answered += 1
            count.in_target += now - arrival.at_ms <= self._targets[arrival.kind]

    def widened(self, arrival: Arrival) -> None:
        """It asked for less than before, for the first or a further time."""
        if arrival.at_ms >= self._from:
            self._counts[arrival.kind].widened += 1

    def closed(self, number: int, arrival: Arrival, now: int) -> None:
        """It is over, or the customer has left."""
        self.held(number, arrival, (), now)
        if number in self._answered:
            self._answered.remove(number)
            return
        self._waited(arrival, now)
        if arrival.at_ms >= self._from:
            count = self._counts[arrival.kind]
            count.arrived += 1
            count.left += 1

    def unfinished(self, number: int, arrival: Arrival) -> None:
        """The floor ended before it did."""
        if number not in self._answered and arrival.at_ms >= self._from:
            self._counts[arrival.kind].arrived += 1

    def _waited(self, arrival: Arrival, now: int) -> None:
        hour = self._by_hour[arrival.at_ms // HOUR_MS]
        hour[0] += 1
        hour[1] += now - arrival.at_ms
        if arrival.at_ms >= self._from:
            self._counts[arrival.kind].waits_ms.append(now - arrival.at_ms)

    # --- what came of it ------------------------------------------------------------------------------------

    def figures(self) -> Figures:
        """All figures of this replication; what has no value (a mean of nobody) is left out."""
        found: Figures = {}
        floor, queues = _Count(), defaultdict[str, _Count](_Count)
        for kind, count in self._counts.items():
            floor.add(count)
            queues[self._scenario.floor.classes[kind].queue].add(count)
            found |= _keyed(Scope.CLASS, kind, count.figures())
        for queue, count in queues.items():
            found |= _keyed(Scope.QUEUE, queue, count.figures() | self._fairness_in(queue))
        means = [found[key] for queue in queues if (key := Key(Scope.QUEUE, queue, "mean_wait_s")) in found]
        fair = {"fairness_of_queues": jain(means)} if means else {}
        return found | _keyed(Scope.FLOOR, "", floor.figures() | fair) | self._agents()

    def waits_s(self) -> list[float]:
        """Every counted wait of the floor, sorted."""
        return sorted(wait / 1_000 for count in self._counts.values() for wait in count.waits_ms)

    def by_hour(self) -> dict[int, float]:
        """Hour since the beginning → mean wait in s of who came in it, warm-up included."""
        return {hour: total / many / 1_000 for hour, (many, total) in sorted(self._by_hour.items())}

    def utilisation(self) -> dict[str, float]:
        """Agent → the share of room that was held while available."""
        floor, found = self._scenario.floor, {}
        for name, group in seats(floor):
            available = self._scenario.attendance(name, group).within(self._from, self._to)
            room = available * group.capacity
            if room:
                found[name] = sum(self._busy_ms.get((name, queue), 0) for queue in self._scenario.config.queues) / room
        return found

    def _agents(self) -> Figures:
        used = self.utilisation()
        found = _keyed(Scope.FLOOR, "", _shared(used.values()))
        for name, group in self._scenario.floor.agents.items():
            theirs = [used[seat] for seat, of in seats(self._scenario.floor) if of is group and seat in used]
            found |= _keyed(Scope.GROUP, name, _shared(theirs))
        return found

    def _fairness_in(self, queue: str) -> dict[str, float]:
        """How evenly the queue's work lies on those who may take any of it."""
        asked = {
            self._scenario.routes[kind].requirement
            for kind, customers in self._scenario.floor.classes.items()
            if customers.queue == queue
        }
        shares = [
            self._busy_ms.get((name, queue), 0.0) / group.capacity
            for name, group in seats(self._scenario.floor)
            if any(satisfies(profile(name, group), requirement) for requirement in asked)
        ]
        return {"fairness": jain(shares)} if any(shares) else {}


def _keyed(scope: Scope, name: str, figures: dict[str, float]) -> Figures:
    return {Key(scope, name, figure): value for figure, value in figures.items()}


def _shared(used: Iterable[float]) -> dict[str, float]:
    shares = list(used)
    if not shares:
        return {}
    return {"utilisation": sum(shares) / len(shares)} | ({"fairness": jain(shares)} if any(shares) else {})


def jain(values: Sequence[float]) -> float:
    """Jain's index: 1 when all are equal, 1/n when one has all; 1 of nothing at all."""
    squares = sum(value * value for value in values)
    return sum(values) ** 2 / (len(values) * squares) if squares else 1.0


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value that this share of an ordered sequence is not above, between neighbours in proportion."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
