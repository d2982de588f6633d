"""What happened to a conversation's offers, and why each was made."""

from __future__ import annotations

from pydantic import Field

from trunkline.events.base import Data
from trunkline.events.conversations import ConversationEvent


class PassedOver(Data):
    """How many present agents it could not go to, each counted for the first of these reasons."""

    permission: int = Field(default=0, description="serve none of its queues")
    skill: int = Field(default=0, description="lack a skill")
    level: int = Field(default=0, description="have the skills, one of them below the level")
    presence: int = Field(default=0, description="would do, but are away")
    room: int = Field(default=0, description="are available, without room for it")
    declined: int = Field(default=0, description="had declined it; these may be among those with room too")
    draining: int = Field(
        default=0, description="take no new work; told of the present moment, in a decision they are among `presence`"
    )
    ramping: int = Field(
        default=0, description="have just come back and had this turn; likewise, in a decision they are among `room`"
    )


class Ranked(Data):
    """An agent with room, and the index: the lowest is taken first."""

    agent: str
    index: float


class IndexParts(Data):
    """What an index adds up from, see docs/routing.md. Times count from this second: the longer ago, the lower."""

    skill: float = 0.0
    flexibility: float = 0.0
    load: float = 0.0
    idle: float = 0.0
    turn: float = 0.0


class OfferDetails(Data):
    """Why it was offered to this agent, at that second. Kept with the event."""

    requirement: str = Field(description="what was asked for, see trunkline.requirements")
    rules: str = Field(default="", description="which rules decided, `version:rule,rule`")
    waited_ms: int = 0
    present: int = Field(default=0, description="agents present")
    passed_over: PassedOver = PassedOver()
    best: tuple[Ranked, ...] = Field(default=(), description="the first six of those with room, the winner among them")
    parts: IndexParts | None = Field(default=None, description="of the winner's index; null: given, not compared")


class ConversationOffered(ConversationEvent):
    """Proposed to `state.offered_to` until `state.deadline`; of several the first who accepts has it."""

    type = "trunkline.conversation.offered.v1"
    details: OfferDetails | None = None  # events from before reasons were told have none


class OfferAccepted(ConversationEvent):
    """The agent owns it now."""

    type = "trunkline.offer.accepted.v1"


class OfferAutoAccepted(ConversationEvent):
    """The queue asks nobody: `state.owner` has it at once. Decision and acceptance in one."""

    type = "trunkline.offer.auto-accepted.v1"
    details: OfferDetails


class OfferDeclined(ConversationEvent):
    """An agent would not; `state.reason` is why. It waits at its old due time, unless others are still asked."""

    type = "trunkline.offer.declined.v1"


class OfferExpired(ConversationEvent):
    """Nobody answered before the deadline."""

    type = "trunkline.offer.expired.v1"


class OfferRescinded(ConversationEvent):
    """Taken back before an answer, from who is no longer in `state.offered_to`.

    `state.reason` is why: taken (by another of those it was offered to), closed, transfer, escalation, assigned, away,
    left, owner_lost or rebuilt.
    """

    type = "trunkline.offer.rescinded.v1"
