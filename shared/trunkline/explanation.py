"""Why a conversation is where it is: each offer's reasons, and how every agent stands to it now."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal, Self

from pydantic import BaseModel, Field

from trunkline.events import OfferDetails, PassedOver, Presence, Status
from trunkline.index import name_of
from trunkline.requirements import (
    channel_of,
    named_skills_of,
    only_of,
    policy_of_requirement,
    prefers_of,
    queues_of,
    weight_of,
)  # fmt: skip


class Reason(StrEnum):
    """The first thing for which an agent is not asked."""

    NONE = ""
    """Could be asked."""
    PERMISSION = "permission"
    SKILL = "skill"
    LEVEL = "level"
    PRESENCE = "presence"
    DRAINING = "draining"
    """Takes no new work."""
    DECLINED = "declined"
    RAMPING = "ramping"
    """Has just come back, and has had this turn."""
    ROOM = "room"


class Asked(BaseModel):
    """What a conversation asks for."""

    queues: tuple[str, ...] = Field(description="whose agents will do; the first is where it waits")
    channel: str
    weight: int
    skills: dict[str, int] = Field(description="skill: lowest level that will do")
    only: str = Field(default="", description="the one agent who is asked: who had the contact last")
    prefers: dict[str, int] = Field(description="skill: how much it counts")
    policy: str = Field(description="the name of who is taken first, else its weights", examples=["index"])

    @classmethod
    def of(cls, requirement: str) -> Self:
        """What a requirement set says."""
        return cls(
            queues=queues_of(requirement), channel=channel_of(requirement), weight=weight_of(requirement),
            skills=named_skills_of(requirement),
            only=only_of(requirement), prefers=prefers_of(requirement),
            policy=name_of(policy_of_requirement(requirement)),
        )  # fmt: skip


class AskedBeside(BaseModel):
    """An agent who was asked at the same time as the best."""

    agent: str
    name: str = Field(description="the agent's, as it is today")
    outcome: str = Field(description="as of `Decided`")


class Decided(BaseModel):
    """An offer that was made, and the reasons of that second."""

    at: datetime
    version: int
    agent: str
    name: str = Field(description="the agent's, as it is today")
    given: str = Field(description="why it was given without being compared: transfer, …; empty when it was compared")
    asked: Asked | None = Field(description="null in events from before reasons were told")
    reasons: OfferDetails | None = None
    outcome: str = Field(
        description="accepted, auto-accepted (nobody was asked), declined, expired or rescinded; empty while it is open"
    )
    beside: tuple[AskedBeside, ...] = Field(default=(), description="whom the queue had asked at the same time")


class AgentNow(BaseModel):
    """How one agent stands to it at this moment."""

    agent: str
    name: str
    presence: Presence
    reason: Reason
    lacks: dict[str, int] = Field(description="skills they have too little of, with the level asked for")
    load: int
    capacity: int
    turn_at: datetime | None = Field(
        default=None, description="when the next may be offered to who is ramping up; null otherwise"
    )
    index: float | None = Field(description="the lowest is taken first; null without room")


class Wider(BaseModel):
    """A later step of its widening."""

    in_s: float | None = Field(description="seconds from now; null while it does not wait")
    asked: Asked
    would_do: int = Field(description="present agents who satisfy it")
    tells: Literal["", "overflow", "callback"] = Field(
        description="what the customer is told then: overflow or callback"
    )


class MovedToFront(BaseModel):
    """A supervisor's word, by which it is before all that is due."""

    at: datetime
    by: str
    name: str = Field(description="theirs, as it is today")
    note: str = Field(description="why")


class Now(BaseModel):
    """The present moment, of a conversation that no agent has."""

    at: datetime
    asked: Asked
    waited_s: float
    due_in_s: float = Field(description="until its place in the line is due; negative when it is past")
    due_by: Literal["target", "first_reply", "next_reply", "resolution", "window"] = Field(
        default="target",
        description="which of its promises that is: the target less the priority's head start, or sooner",
    )
    passed_over: PassedOver
    could_be_asked: int
    front: MovedToFront | None = Field(default=None, description="who moved it to the front; null: its own place")
    agents: list[AgentNow] = Field(description="present agents, the nearest first; an agent sees oneself only")
    wider: list[Wider]
    roster_able: int = Field(description="of the whole roster, who satisfies it, there or not")
    roster_lacks: dict[str, int] = Field(description="where none does: what the nearest of the roster lacks")
    shut: bool = Field(description="its queue is shut: nobody is offered it")
    shut_until: datetime | None = Field(description="when it opens; null: when somebody opens it")


class Explanation(BaseModel):
    """The whole answer."""

    conversation: str
    version: int = Field(description="of the conversation, as far as the record has heard")
    status: Status
    rules: tuple[str, ...] = Field(description="those that decided, at its last routing")
    configuration: str = Field(description="its version then, as trunkline_config_info names it; empty: not known")
    decisions: list[Decided] = Field(description="its offers, the newest first; at most 50")
    now: Now | None
