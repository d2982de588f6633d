"""Requirement sets: everything that room and index depend on, in one canonical string. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_NAME = re.compile(r"^[a-z0-9][a-z0-9._-]{0,62}$")


def requirement_id(
    queue: str, channel: str, weight: int, skills: Mapping[str, int], *, also: Sequence[str] = ()
) -> str:
    """`queue+queue|channel|weight|skill:level,…`, skills in order; ValueError for a name the board could not take.

    `also`: whoever serves one of these queues will do as well. The first queue is where it waits, and is counted.
    """
    for name in (queue, *also, channel, *skills):
        if not _NAME.match(name):
            raise ValueError(f"not a name for the board: {name[:80]!r}")
    wanted = ",".join(f"{skill}:{level}" for skill, level in sorted(skills.items()) if level > 0)
    return f"{'+'.join((queue, *also))}|{channel}|{weight}|{wanted}"


def queues_of(requirement: str) -> tuple[str, ...]:
    """The queues whose agents will do; the first is where it waits."""
    return tuple(requirement.partition("|")[0].split("+"))


def queue_of(requirement: str) -> str:
    """The queue in which what requires this waits."""
    return queues_of(requirement)[0]


def channel_of(requirement: str) -> str:
    """The channel it came by."""
    return requirement.split("|")[1]


def skills_of(requirement: str) -> dict[str, int]:
    """The skills a requirement set asks for, with their levels."""
    pairs = (pair.rpartition(":") for pair in requirement.split("|")[3].split(",") if pair)
    return {skill: int(level) for skill, _, level in pairs}


def limits_text(*, offer_s: int, again_s: int, wrap_up_s: int, reopen_s: int, missed: int) -> str:
    """A queue's limits as the board keeps them: offer:again:wrap-up:reopen in ms, and most missed offers."""
    return f"{offer_s * 1_000}:{again_s * 1_000}:{wrap_up_s * 1_000}:{reopen_s * 1_000}:{missed}"
