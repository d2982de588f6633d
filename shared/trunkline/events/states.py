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
    offered_to: str = Field(default="", description="agents with commas between: one, or as many as are asked")
    fence: int = Field(default=0, description="number of the latest offer; an older one can no longer be answered")
    deadline: int = 0
    keeps: str = Field(default="", description="a transfer's sender, owner until the offer is accepted")
    reason: str = ""
    last_inbound_at: int = 0
    last_agent: str = ""
    wrap_until: int = 0
    closed_at: int = 0
    opted_out: int = 0
    limits: str = Field(
        default="",
        description="the queue's offer:again:wrap-up:reopen in ms, most missed offers, "
        "and how many are asked at once: 0 where it is given to the best without asking, left out for one",
    )
    replied_at: int = Field(default=0, description="when an agent first replied")
    shown: int = Field(default=0, description="fence of the offer a client said it showed")
    shown_to: str = Field(default="", description="whose clients said so of that offer, commas between")
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
    to_say: str = Field(
        default="",
        description="what the customer is to be told without an agent while it waits, `kind:version` by blanks",
    )
    told: str = Field(default="", description="what was told so within a day, `kind:ms` by blanks")
    promise: str = Field(default="", description="what was promised so: `callback`; empty for nothing")
    target_at: int = Field(default=0, description="when its queue's target ends; 0 in events from before clocks")
    unanswered_at: int = Field(default=0, description="the customer's first message that we have not answered; 0: none")
    clocks: str = Field(
        default="",
        description="what its queue and channel promised when it came there, in ms: "
        "first reply:next reply:resolution:window:margin:calendar; empty: nothing",
    )
    first_reply_by: int = Field(default=0, description="when this clock ends, 0 while it stands; so those below")
    next_reply_by: int = 0
    resolve_by: int = 0
    resolve_left: int = Field(default=0, description="what is left of the resolution, in open hours, while it stands")
    window_by: int = Field(default=0, description="when an answer is due before the channel's window closes")
    judged: str = Field(
        default="", description="clocks that ended, and with which version: `version clock:met clock:breached`"
    )
    consulted: str = Field(
        default="", description="agents who look on because the owner asked them to, `agent,agent`; at most three"
    )
    front: int = Field(
        default=0, description="when a supervisor moved it to the front of its line; 0: it is at its own place"
    )
    said: int = Field(default=0, description="messages so far, the customer's and ours: the number of the latest")
    quiet_at: int = Field(
        default=0,
        description="when it is quiet, if the customer stays silent; 0: the last word is theirs, or none counts",
    )
    relief: int = Field(default=0, description="how much less than `weight` it takes of its agent's room: it is quiet")


class AgentState(Data):
    """An agent on the board after an event; capacity and load are in weights."""

    id: str
    presence: Presence
    reason: str = ""
    capacity: int
    load: int = 0
    profile: int = Field(default=0, description="version of the roster row")
    missed: int = 0
    draining: int = Field(default=0, description="1: takes no new work, and stays as present as they are")
    ramp_until: int = Field(default=0, description="until when they are given so many offers a minute at most (ms)")


def asked_of(agents: str) -> tuple[str, ...]:
    """The agents that a state's `offered_to` or `consulted` names; none where it is empty."""
    return tuple(agent for agent in agents.split(",") if agent)
