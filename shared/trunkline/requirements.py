"""Requirement sets: everything that room and index depend on, in one canonical string. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"^[a-z0-9][a-z0-9._-]{0,62}$")


def requirement_id(queue: str, channel: str, weight: int, skills: Mapping[str, int]) -> str:
    """`queue|channel|weight|skill:level,…`, skills in order; ValueError for a name the board could not take."""
    for name in (queue, channel, *skills):
        if not _NAME.match(name):
            raise ValueError(f"not a name for the board: {name[:80]!r}")
    wanted = ",".join(f"{skill}:{level}" for skill, level in sorted(skills.items()) if level > 0)
    return f"{queue}|{channel}|{weight}|{wanted}"


def skills_of(requirement: str) -> dict[str, int]:
    """The skills a requirement set asks for, with their levels."""
    pairs = (pair.rpartition(":") for pair in requirement.split("|")[3].split(",") if pair)
    return {skill: int(level) for skill, _, level in pairs}


def limits_text(*, offer_s: int, again_s: int, wrap_up_s: int, reopen_s: int, missed: int) -> str:
    """A queue's limits as the board keeps them: offer:again:wrap-up:reopen in ms, and most missed offers."""
    return f"{offer_s * 1_000}:{again_s * 1_000}:{wrap_up_s * 1_000}:{reopen_s * 1_000}:{missed}"
