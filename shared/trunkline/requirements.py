"""Requirement sets: everything that room and index depend on, in one canonical string. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from trunkline.index import DEFAULT, Policy, policy_of

_NAME = re.compile(r"^[a-z0-9][a-z0-9._-]{0,62}$")
_NOTHING: Mapping[str, int] = {}


def requirement_id(
    queue: str,
    channel: str,
    weight: int,
    skills: Mapping[str, int],
    *,
    also: Sequence[str] = (),
    prefers: Mapping[str, int] = _NOTHING,
    policy: Policy = DEFAULT,
) -> str:
    """`queue+queue|channel|weight|skill:level,…|skill:weight,…|policy`; ValueError for a name the board cannot take.

    `also`: whoever serves one of these queues will do as well. The first queue is where it waits, and is counted.
    `prefers`: skills that are no condition, but make an agent better. Skills are in order; empty ends are left out.
    """
    for name in (queue, *also, channel, *skills, *prefers):
        if not _NAME.match(name):
            raise ValueError(f"not a name for the board: {name[:80]!r}")
    wanted = (f"{'+'.join((queue, *also))}", channel, str(weight), _pairs(skills), _pairs(prefers), policy.text)
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


def weight_of(requirement: str) -> int:
    """How much of an agent's capacity one such conversation takes."""
    return int(requirement.split("|")[2])


def skills_of(requirement: str) -> dict[str, int]:
    """The skills a requirement set asks for, with their levels."""
    return _numbers(requirement.split("|")[3])


def prefers_of(requirement: str) -> dict[str, int]:
    """The skills it prefers, with their weights."""
    return _numbers(_tail(requirement)[0])


def policy_of_requirement(requirement: str) -> Policy:
    """By which policy its agents are put in order."""
    return policy_of(_tail(requirement)[1])


def limits_text(*, offer_s: int, again_s: int, wrap_up_s: int, reopen_s: int, missed: int) -> str:
    """A queue's limits as the board keeps them: offer:again:wrap-up:reopen in ms, and most missed offers."""
    return f"{offer_s * 1_000}:{again_s * 1_000}:{wrap_up_s * 1_000}:{reopen_s * 1_000}:{missed}"


def _tail(requirement: str) -> tuple[str, str]:
    prefers, policy = [*requirement.split("|"), "", ""][4:6]
    return prefers, policy


def _pairs(skills: Mapping[str, int]) -> str:
    return ",".join(f"{skill}:{number}" for skill, number in sorted(skills.items()) if number > 0)


def _numbers(text: str) -> dict[str, int]:
    pairs = (pair.rpartition(":") for pair in text.split(",") if pair)
    return {skill: int(number) for skill, _, number in pairs}
