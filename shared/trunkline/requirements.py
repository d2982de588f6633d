"""Requirement sets: everything that room and index depend on, in one canonical string. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from trunkline.index import DEFAULT, Policy, policy_of

_NAME = re.compile(r"^[a-z0-9][a-z0-9._-]{0,62}$")
ONLY = "agent."
"""Before an agent's id: a skill that this agent alone has, at level 1."""

SUPERVISORS = "role.supervisor"
"""In the place of a queue: all supervisors serve it. No queue of a configuration can have such a name."""

_NOTHING: Mapping[str, int] = {}
_ROOM = re.compile(r"^(\d+)([ix]?)(?:/(\d+))?(?:~(\d+):(\d+))?$")


@dataclass(frozen=True, slots=True)
class Quiet:
    """When the last word is ours and the customer has been silent for `after_s`, it weighs `weight` alone."""

    after_s: int
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Room:
    """What one conversation takes of an agent, and beside what."""

    weight: int = 1
    interruptible: bool = False
    """Gives way: it takes no room from work that does not."""
    exclusive: bool = False
    """Wants the agent alone: nothing beside it but what gives way, and nothing after it."""
    most: int = 0
    """Most of its channel, in weights, that one agent may have at a time; 0: as much as there is room for."""
    quiet: Quiet | None = None
    """How it weighs less while the customer is silent; None: it does not."""

    @property
    def text(self) -> str:
        """As requirement sets name it."""
        kind = "x" if self.exclusive else "i" if self.interruptible else ""
        most = f"/{self.most}" if self.most else ""
        quiet = self.quiet if self.quiet is not None and self.quiet.weight < self.weight else None
        return f"{self.weight}{kind}{most}" + (f"~{quiet.after_s}:{quiet.weight}" if quiet else "")


def requirement_id(
    queue: str,
    channel: str,
    room: int | Room,
    skills: Mapping[str, int],
    *,
    also: Sequence[str] = (),
    prefers: Mapping[str, int] = _NOTHING,
    policy: Policy = DEFAULT,
) -> str:
    """`queue+queue|channel|room|skill:level,…|skill:weight,…|policy`; ValueError for a name the board cannot take.

    `room`: a number is its weight alone. `also`: whoever serves one of these queues will do as well; the first queue is
    where it waits, and is counted. `prefers`: skills that are no condition, but make an agent better. Skills are in
    order; empty ends are left out.
    """
    for name in (queue, *also, channel, *skills, *prefers):
        if not _NAME.match(name):
            raise ValueError(f"not a name for the board: {name[:80]!r}")
    wanted = (
        f"{'+'.join((queue, *also))}",
        channel,
        Room(room).text if isinstance(room, int) else room.text,
        _pairs(skills),
        _pairs(prefers),
        policy.text,
    )
    kept = max([4, *(place for place, part in enumerate(wanted, start=1) if part)])
    return "|".join(wanted[:kept])


def queues_of(requirement: str) -> tuple[str, ...]:
    """The queues whose agents will do; the first is where it waits."""
    return tuple(requirement.partition("|")[0].split("+"))


def queue_of(requirement: str) -> str:
    """The queue in which what requires this waits."""
    return queues_of(requirement)[0]


def channel_of(requirement: str) -> str:
    """The channel it came by."""
    return requirement.split("|")[1]


def room_of(requirement: str) -> Room:
    """What one such conversation takes of an agent."""
    found = _ROOM.match(requirement.split("|")[2])
    if found is None:
        raise ValueError(f"not a requirement set: {requirement[:80]!r}")
    weight, kind, most, after_s, light = found.groups()
    return Room(
        int(weight), interruptible=kind == "i", exclusive=kind == "x", most=int(most or 0),
        quiet=Quiet(int(after_s), int(light)) if after_s else None,
    )  # fmt: skip


def weight_of(requirement: str) -> int:
    """How much of an agent's capacity one such conversation takes."""
    return room_of(requirement).weight


def skills_of(requirement: str) -> dict[str, int]:
    """The skills a requirement set asks for, with their levels."""
    return _numbers(requirement.split("|")[3])


def named_skills_of(requirement: str) -> dict[str, int]:
    """The skills that people know, with their levels: without the one that a single agent has."""
    return {skill: level for skill, level in skills_of(requirement).items() if not skill.startswith(ONLY)}


def only_of(requirement: str) -> str:
    """The one agent whom it asks for; '' if it asks for skills alone."""
    return next((skill.removeprefix(ONLY) for skill in skills_of(requirement) if skill.startswith(ONLY)), "")


def prefers_of(requirement: str) -> dict[str, int]:
    """The skills it prefers, with their weights."""
    return _numbers(_tail(requirement)[0])


def policy_of_requirement(requirement: str) -> Policy:
    """By which policy its agents are put in order."""
    return policy_of(_tail(requirement)[1])


def limits_text(*, offer_s: int, again_s: int, wrap_up_s: int, reopen_s: int, missed: int, asks: int = 1) -> str:
    """A queue's limits as the board keeps them: offer:again:wrap-up:reopen in ms, most missed offers, and how many are
    asked at once. That is left out for one, and 0 where nobody is asked."""
    times = f"{offer_s * 1_000}:{again_s * 1_000}:{wrap_up_s * 1_000}:{reopen_s * 1_000}:{missed}"
    return times if asks == 1 else f"{times}:{asks}"


class Limits(NamedTuple):
    """What `limits_text` says: times in ms, most missed offers, and how many are asked at once (0: nobody)."""

    offer: int
    again: int
    wrap_up: int
    reopen: int
    missed: int
    asks: int = 1


def limits_of(text: str) -> Limits:
    """The limits that a text of `limits_text` says."""
    return Limits(*(int(limit) for limit in text.split(":")))


def _tail(requirement: str) -> tuple[str, str]:
    prefers, policy = [*requirement.split("|"), "", ""][4:6]
    return prefers, policy


def _pairs(skills: Mapping[str, int]) -> str:
    return ",".join(f"{skill}:{number}" for skill, number in sorted(skills.items()) if number > 0)


def _numbers(text: str) -> dict[str, int]:
    pairs = (pair.rpartition(":") for pair in text.split(",") if pair)
    return {skill: int(number) for skill, _, number in pairs}
