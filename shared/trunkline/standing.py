"""How an agent stands to what is asked for: the first thing that is missing. Pure; the board says the same in Lua."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import IntEnum

from trunkline.requirements import queues_of, skills_of

EVERY_QUEUE = "*"
"""In the place of a queue's name: an agent who serves all."""


class Standing(IntEnum):
    """The higher, the nearer."""

    NO_QUEUE = 0
    """Serves none of the queues."""
    NO_SKILL = 1
    """Lacks a skill altogether."""
    NO_LEVEL = 2
    """Has the skills, one of them below the level."""
    SATISFIES = 3


def standing(requirement: str, *, skills: Mapping[str, int], queues: Collection[str]) -> Standing:
    """How an agent of these skills and queues stands to a requirement set."""
    if EVERY_QUEUE not in queues and not set(queues_of(requirement)) & set(queues):
        return Standing.NO_QUEUE
    missing = lacking(requirement, skills)
    if any(not skills.get(skill) for skill in missing):
        return Standing.NO_SKILL
    return Standing.NO_LEVEL if missing else Standing.SATISFIES


def lacking(requirement: str, skills: Mapping[str, int]) -> dict[str, int]:
    """The skills of which an agent has too little, with the levels asked for."""
    return {skill: level for skill, level in skills_of(requirement).items() if skills.get(skill, 0) < level}
