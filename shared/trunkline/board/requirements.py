"""A requirement set's id: everything that room and index depend on, in one canonical string."""

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


def satisfied(requirement: str, skills: Mapping[str, int], queues: frozenset[str]) -> bool:
    """Whether an agent with these skills and queues meets it: the same rule as the board's, for tests and metrics."""
    queue, _, _, wanted = requirement.split("|")
    if "*" not in queues and queue not in queues:
        return False
    pairs = (pair.rpartition(":") for pair in wanted.split(",") if pair)
    return all(skills.get(skill, 0) >= int(level) for skill, _, level in pairs)
