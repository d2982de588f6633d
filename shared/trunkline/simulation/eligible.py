"""Who may take what. Pure."""

from __future__ import annotations

from trunkline.events import Profile
from trunkline.standing import Standing, standing


def satisfies(profile: Profile, requirement: str) -> bool:
    """Whether the agent serves one of the requirement set's queues and has each of its skills at its level."""
    return standing(requirement, skills=profile.skills, queues=profile.queues) is Standing.SATISFIES
