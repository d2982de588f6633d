"""Where a conversation and an agent stand, as each of their events says it whole."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from trunkline.events.base import Data


class Status(StrEnum):
    """Where a conversation is."""

    QUEUED = "queued"
    OFFERED = "offered"
    ACTIVE = "active"
    WRAPPING_UP = "wrapping-up"
    SNOOZED = "snoozed"
    CLOSED = "closed"


class Presence(StrEnum):
    """Whether an agent takes work."""

    AVAILABLE = "available"
    AWAY = "away"
    OFFLINE = "offline"


class ConversationState(Data):
    """The whole routing state of a conversation after an event; times are milliseconds since the epoch.

    It is, field for field, the hash the board keeps, so a board is rebuilt from each conversation's last event.
    """

    id: str
    thread: str
    account: str
    channel: str
    scheme: str
    contact: str
    display: str = ""
    status: Status
    queue: str
    requirement: str = Field(description="id of the requirement set, see trunkline.requirements")
    weight: int
    priority: int = 0
    version: int
    opened_at: int
    queued_at: int = 0
    due: int = 0
    owner: str = ""
    offered_to: str = ""
    fence: int = Field(default=0, description="number of the latest offer; an older one can no longer be answered")
    deadline: int = 0
    keeps: str = Field(default="", description="a transfer's sender, owner until the offer is accepted")
    reason: str = ""
    last_inbound_at: int = 0
    last_agent: str = ""
    wrap_until: int = 0
    closed_at: int = 0
    opted_out: int = 0
    limits: str = Field(default="", description="the queue's offer:again:wrap-up:reopen in ms, and most missed offers")
    replied_at: int = Field(default=0, description="when an agent first replied")
    shown: int = Field(default=0, description="fence of the offer the client said it showed")
    wake_at: int = Field(default=0, description="when it wakes, while it is snoozed")
    why: str = Field(
        default="",
        description="of the latest offer, agents who satisfied the requirement:of them with room:who had declined:"
        "ms the chosen one was idle",
    )
    rules: str = Field(
        default="",
        description="which rules decided, `version:rule,rule`; the version is the beginning of the configuration's",
    )
    ladder: str = Field(default="", description="how it widens while it waits, see trunkline.widening")
    rung: int = Field(default=0, description="the ladder's rung that `requirement` is")
    widen_at: int = Field(default=0, description="when the next rung is due, if it still waits; 0 when there is none")
    language: str = Field(default="", description="that the customer writes (ISO 639-1); empty where it cannot be told")
    consulted: str = Field(
        default="", description="agents who look on because the owner asked them to, `agent,agent`; at most three"
    )
    front: int = Field(
        default=0, description="when a supervisor moved it to the front of its line; 0: it is at its own place"
    )
    said: int = Field(default=0, description="messages so far, the customer's and ours: the number of the latest")


class AgentState(Data):
    """An agent on the board after an event; capacity and load are in weights."""

    id: str
    presence: Presence
    reason: str = ""
    capacity: int
    load: int = 0
    profile: int = Field(default=0, description="version of the roster row")
    missed: int = 0
