"""The agents of a floor, and when they are there. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from trunkline.events import Profile
from trunkline.requirements import SUPERVISORS
from trunkline.simulation.demand import HOUR_MS
from trunkline.simulation.floor import Floor, Group

AFTER_MS = 24 * HOUR_MS
"""How long after the last arrival the floor goes on at most: an overload is worked off, what nobody can do is not."""


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


def available_ms(group: Group, floor: Floor, start: int, end: int) -> int:
    """How long the group is available between two times, ms."""
    total, since, available = 0, 0, on_shift(group, floor.starts_at)
    for at, now_available in [*sorted(shifts(group, floor)), (end, False)]:
        if available:
            total += max(0, min(at, end) - max(since, start))
        since, available = at, now_available
    return total
