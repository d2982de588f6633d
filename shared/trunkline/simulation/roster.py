"""The agents of a floor, and when they are there. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

from trunkline.events import Profile
from trunkline.requirements import SUPERVISORS
from trunkline.simulation.demand import HOUR_MS
from trunkline.simulation.floor import Floor, Group

AFTER_MS = 24 * HOUR_MS
"""How long after the last arrival the floor goes on at most: an overload is worked off, what nobody can do is not."""


@dataclass(frozen=True, slots=True)
class Attendance:
    """When somebody was available: at the beginning, and how that changed (ms, available)."""

    begins: bool
    changes: tuple[tuple[int, bool], ...] = ()

    def within(self, start: int, end: int) -> int:
        """How long between two times, ms."""
        total, since, available = 0, 0, self.begins
        for at, now_available in [*self.changes, (end, False)]:
            if available:
                total += max(0, min(at, end) - max(since, start))
            since, available = at, now_available
        return total


def seats(floor: Floor) -> Iterator[tuple[str, Group]]:
    """Every agent's name and group."""
    for name, group in floor.agents.items():
        for number in range(group.count):
            yield f"{name}-{number + 1:04d}", group


def profile(name: str, group: Group) -> Profile:
    """The agent as a roster has it."""
    queues = (*(group.queues or ("*",)), *((SUPERVISORS,) if group.supervises else ()))
    return Profile(agent=name, name=name, version=1, capacity=group.capacity, skills=group.skills, queues=queues)


def on_shift(group: Group, hour: float) -> bool:
    """Whether the group is available at this hour of the day; a shift may pass midnight."""
    if group.shift is None:
        return True
    begin, end = group.shift
    return begin <= hour < end if begin <= end else hour >= begin or hour < end


def shifts(group: Group, floor: Floor) -> Iterator[tuple[int, bool]]:
    """When the group comes and goes, after the beginning: (ms, available)."""
    if group.shift is None:
        return
    for hour, available in zip(group.shift, (True, False), strict=True):
        first = (hour - floor.starts_at) % 24 or 24
        for day in range(int(floor.hours // 24) + 2):
            at = round((first + 24 * day) * HOUR_MS)
            if at < floor.hours * HOUR_MS + AFTER_MS:
                yield at, available


def attendance(group: Group, floor: Floor) -> Attendance:
    """When each of the group is available, by its shift."""
    changes = sorted(shifts(group, floor), key=itemgetter(0))
    return Attendance(on_shift(group, floor.starts_at), tuple(changes))
