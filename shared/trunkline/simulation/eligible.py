"""Who may take what. Pure."""

from __future__ import annotations

from trunkline.events import Profile
from trunkline.requirements import queues_of, skills_of


def satisfies(profile: Profile, requirement: str) -> bool:
    """Whether the agent serves one of the requirement set's queues and has each of its skills at its level."""
    serves = "*" in profile.queues or any(queue in profile.queues for queue in queues_of(requirement))
    return serves and all(profile.skills.get(skill, 0) >= level for skill, level in skills_of(requirement).items())
