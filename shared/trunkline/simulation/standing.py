"""Who and what the reference's policy is about: an agent's room and standing, a conversation's place."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from trunkline.events import Profile
from trunkline.index import Candidate, index
from trunkline.requirements import Limits, channel_of, limits_of, policy_of_requirement, room_of
from trunkline.route import Route
from trunkline.simulation.moves import BEGIN_MS

Timer = tuple[int, str, int, int]
"""When, what, conversation, fence: in their order."""

_room, policy, _limits = cache(room_of), cache(policy_of_requirement), cache(limits_of)


@dataclass(slots=True)
class Agent:
    """One who answers."""

    profile: Profile
    available: bool
    held: dict[int, str] = field(default_factory=dict)
    """What it has or is offered: conversation → the requirement set by which it came."""
    idle_since: int = BEGIN_MS
    assigned_at: int = BEGIN_MS
    flexibility: float = 0.0
    serves: dict[str, float] = field(default_factory=dict)
    """The requirement sets this agent satisfies, with the proficiency in each."""

    @property
    def load(self) -> int:
        """The weight of all that is held."""
        return sum(_room(requirement).weight for requirement in self.held.values())

    def room_for(self, requirement: str) -> bool:
        """Whether one more of these may be held beside the rest."""
        rooms = [_room(held) for held in self.held.values()]
        if not self.available or any(room.exclusive for room in rooms):
            return False
        wanted = _room(requirement)
        taken = sum(room.weight for room in rooms if wanted.interruptible or not room.interruptible)
        if wanted.exclusive:
            return taken == 0
        channel = channel_of(requirement)
        beside = sum(_room(held).weight for held in self.held.values() if channel_of(held) == channel)
        within = not wanted.most or beside + wanted.weight <= wanted.most
        return within and taken + wanted.weight <= self.profile.capacity

    def move_back(self, now: int) -> None:
        """Last in the order of who is next."""
        self.idle_since = self.assigned_at = BEGIN_MS + now

    def index(self, requirement: str) -> float:
        """The lower, the sooner asked."""
        standing = Candidate(
            self.load, self.profile.capacity, self.idle_since, self.assigned_at, flexibility=self.flexibility
        )
        return index(policy(requirement), standing, self.serves[requirement])


@dataclass(slots=True)
class Conversation:
    """One that is open."""

    number: int
    route: Route
    rungs: list[tuple[int, str]]
    due: int
    widen_at: int | None = None
    rung: int = 0
    status: str = "queued"
    agent: str = ""
    """Who has it."""
    asked: tuple[str, ...] = ()
    fence: int = 0
    deadline: int = 0
    timers: dict[str, Timer] = field(default_factory=dict)

    @property
    def requirement(self) -> str:
        """What it asks for now."""
        return self.rungs[self.rung][1]

    @property
    def limits(self) -> Limits:
        """Its queue's."""
        return _limits(self.route.limits)
