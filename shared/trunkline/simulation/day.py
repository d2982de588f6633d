"""A day as it was: who came when and how much work they were, and when each agent was there. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from trunkline.simulation.chance import stream
from trunkline.simulation.demand import Arrival
from trunkline.simulation.floor import Floor
from trunkline.simulation.roster import Attendance


@dataclass(frozen=True, slots=True)
class Visit:
    """A conversation as it was; times in ms from the beginning. `work_ms` is None where it had not ended."""

    at_ms: int
    kind: str
    work_ms: int | None
    patience_ms: int | None = None
    """How long it waited, if it was given up unanswered: of nobody else is it known."""


@dataclass(frozen=True)
class Day:
    """What a log says of some hours, as a floor; `notes` is what it does not say."""

    floor: Floor
    visits: Sequence[Visit]
    attendance: Mapping[str, Attendance]
    """By seat (`roster.seats`)."""
    notes: Sequence[str]

    def arrivals(self, *, seed: int, replication: int) -> Iterator[Arrival]:
        """Everybody at their time. The first replication has the work as it was; each further one draws it anew for
        everybody, among what conversations of that class were: so a figure's interval says how much chance was in it.
        """
        known: dict[str, list[int]] = defaultdict(list)
        for visit in self.visits:
            if visit.work_ms is not None:
                known[visit.kind].append(visit.work_ms)
        anybodys = [work for works in known.values() for work in works]
        chance = {kind: stream(seed, replication, kind, "recorded") for kind in self.floor.classes}
        for visit in self.visits:
            drawn = chance[visit.kind].choice(known[visit.kind] or anybodys)
            as_it_was = replication == 0 and visit.work_ms is not None
            yield Arrival(
                at_ms=visit.at_ms,
                kind=visit.kind,
                patience_ms=visit.patience_ms,
                work_ms=float(visit.work_ms if as_it_was and visit.work_ms is not None else drawn),
                haste=chance[visit.kind].random(),
            )
