"""Everything that crosses the log: one class per record, versioned, with its topic declared on the class.

A record's value is a CloudEvents 1.0 JSON envelope; `data` is one of the models below. The router's relay
composes envelopes from finished bytes without decoding them (`trunkline.board.relay`), and a contract test holds
that what it composes is what these models read.

Headers repeat what a consumer needs to skip a record: see `Header`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field

from trunkline.messages import Address, DeliveryStatus, InboundMessage, OutboundMessage

MAX_EVENT_BYTES = 262_144
"""Largest record value; what is larger travels as a blob."""


class Topic(StrEnum):
    """The four topics. Each has one partition per shard."""

    INBOUND = "inbound"
    ROUTING = "routing-events"
    DELIVERIES = "deliveries"
    DEAD_LETTERS = "dead-letters"


RETENTION_S: dict[Topic, int] = {
    Topic.INBOUND: 7 * 86_400,
    Topic.ROUTING: 30 * 86_400,
    Topic.DELIVERIES: 30 * 86_400,
    Topic.DEAD_LETTERS: 30 * 86_400,
}
"""How long each topic keeps a record, in seconds (DESIGN 2)."""


class Header:
    """Names of the record headers. Values are UTF-8; numbers are decimal."""

    TYPE = "type"
    TERM = "term"  # the owner's term: absent on records nobody owns
    OUTBOX = "outbox"  # the outbox id the record was relayed from
    APPLIED = "applied"  # last offset of `inbound` applied to the board when this happened
    OPERATION = "operation"
    AGENTS = "agents"  # who must see it, separated by commas
    GENERATION = "generation"
    POSITION = "position"  # notify's position in routing-events
    TRACE = "traceparent"
    MESSAGE = "message"  # id of the inbound message applied, for the dedupe filter
    VERSION = "version"
    CONTENT_TYPE = "content-type"  # the same on every record


STRUCTURED = (Header.CONTENT_TYPE, b"application/cloudevents+json; charset=UTF-8")
"""Says that the value is a whole CloudEvent: structured mode of the CloudEvents Kafka binding 1.0.2, section 3.3."""


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


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str]
    topic: ClassVar[Topic]

    @classmethod
    def read(cls, data: Any) -> Self:
        """What the log says, by whatever version of us: fields unknown here are read past, at every depth.

        The models of `trunkline.messages` inside are strict elsewhere, where what comes from outside is judged.
        ValidationError when a known field is missing or is not what it should be.
        """
        return cls.model_validate(data, extra="ignore")


# --- inbound -----------------------------------------------------------------------------------------------


class MessageReceived(_Data):
    """Ingest took a customer's message."""

    type = "trunkline.message.received.v1"
    topic = Topic.INBOUND
    message: InboundMessage


class PreferenceReceived(_Data):
    """A contact opted out of (or back into) messages on this thread."""

    type = "trunkline.contact.preference-received.v1"
    topic = Topic.INBOUND
    id: str = Field(description="ours, derived as a message's: a repeat has the same one")
    thread: str
    account: str
    channel: str
    contact: Address
    opted_out: bool
    received_at: datetime


class ReplyUndeliverable(_Data):
    """Notify gave up on a reply: the router tells its agent, also after close."""

    type = "trunkline.reply.undeliverable.v1"
    topic = Topic.INBOUND
    id: str
    conversation: str
    thread: str
    message: str
    kind: str
    code: str | None = None
    text: str
    failed_at: datetime


# --- routing-events ----------------------------------------------------------------------------------------


class ConversationState(_Data):
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
    said: int = Field(default=0, description="messages so far, the customer's and ours: the number of the latest")


class AgentState(_Data):
    """An agent on the board after an event; capacity and load are in weights."""

    id: str
    presence: Presence
    reason: str = ""
    capacity: int
    load: int = 0
    profile: int = Field(default=0, description="version of the roster row")
    missed: int = 0


class _Routing(_Data):
    topic = Topic.ROUTING
    version: int = 0
    operation: str = ""


class _Conversation(_Routing):
    state: ConversationState


class InboundDetails(_Data):
    """Details of an event that added a customer's message."""

    message: InboundMessage


class ReplyDetails(_Data):
    """Details of a reply: what notify must send, whole."""

    message: OutboundMessage


class ConversationOpened(_Conversation):
    """A thread's first message, or the first after its last conversation could no longer be reopened."""

    type = "trunkline.conversation.opened.v1"
    details: InboundDetails


class BeginningDetails(_Data):
    """Details of a beginning."""

    by: str


class ConversationBegun(_Conversation):
    """Opened by `state.owner`, an agent who writes first, also above capacity; there is no message yet."""

    type = "trunkline.conversation.begun.v1"
    details: BeginningDetails


class ConversationReopened(_Conversation):
    """A customer wrote again after close, within the queue's `reopen_within`."""

    type = "trunkline.conversation.reopened.v1"
    details: InboundDetails


class MessageAdded(_Conversation):
    """A customer's message joined an open conversation."""

    type = "trunkline.conversation.message-added.v1"
    details: InboundDetails


class ConversationQueued(_Conversation):
    """It waits (again): after a transfer to a queue, a lost owner, a rebuild."""

    type = "trunkline.conversation.queued.v1"


class ConversationOffered(_Conversation):
    """Proposed to `state.offered_to` until `state.deadline`."""

    type = "trunkline.conversation.offered.v1"


class OfferAccepted(_Conversation):
    """The agent owns it now."""

    type = "trunkline.offer.accepted.v1"


class OfferDeclined(_Conversation):
    """The agent would not; `state.reason` is why. It waits at its old due time."""

    type = "trunkline.offer.declined.v1"


class OfferExpired(_Conversation):
    """Nobody answered before the deadline."""

    type = "trunkline.offer.expired.v1"


class OfferRescinded(_Conversation):
    """Taken back before an answer: closed, transferred, the agent left, or the board was rebuilt."""

    type = "trunkline.offer.rescinded.v1"


class ReplyWritten(_Conversation):
    """An agent's reply, acknowledged; notify sends it."""

    type = "trunkline.conversation.replied.v1"
    details: ReplyDetails


class FailureDetails(_Data):
    """Why a reply will never be delivered."""

    message: str
    kind: str
    code: str | None = None
    text: str


class ReplyFailed(_Conversation):
    """Notify gave up on a reply; the agent sees why, also after close."""

    type = "trunkline.conversation.reply-failed.v1"
    details: FailureDetails


class TransferDetails(_Data):
    """Who passes it on, to whom, and why."""

    sender: str
    to_agent: str = ""
    to_queue: str = ""
    note: str = ""
    to_skill: str = Field(default="", description="skill:level asked for on top of what the queue requires")
    escalation: bool = False


class SnoozeDetails(_Data):
    """Why it is put off, and until when: the record keeps these, and not the state."""

    note: str = ""
    wake_at: int = Field(default=0, description="ms since the epoch; 0 in events from before it was told")


class ConversationSnoozed(_Conversation):
    """Put off by its agent until `state.wake_at`, or until the customer writes; it takes no room meanwhile."""

    type = "trunkline.conversation.snoozed.v1"
    details: SnoozeDetails


class ConversationWoken(_Conversation):
    """Its time has come, or its agent said so: it waits again, and its last agent is asked first."""

    type = "trunkline.conversation.woken.v1"


class AssignmentDetails(_Data):
    """Who gave it to whom, and why."""

    by: str
    to: str
    note: str = ""


class ConversationAssigned(_Conversation):
    """Given to `state.owner` by a supervisor's word, also above capacity."""

    type = "trunkline.conversation.assigned.v1"
    details: AssignmentDetails


class ConversationTransferred(_Conversation):
    """Passed on: to an agent (the sender owns it until it is accepted) or to a queue (released at once)."""

    type = "trunkline.conversation.transferred.v1"
    details: TransferDetails


class WrapUpStarted(_Conversation):
    """The agent is done with the customer and writes up, until `state.wrap_until` at most."""

    type = "trunkline.conversation.wrap-up-started.v1"


class CloseDetails(_Data):
    """The wrap-up: a code and the agent's note."""

    code: str = ""
    note: str = ""


class ConversationClosed(_Conversation):
    """Over; a new message may reopen it."""

    type = "trunkline.conversation.closed.v1"
    details: CloseDetails


class PreferenceChanged(_Routing):
    """A contact opted out or in on a thread. Replies to who opted out fail before they are sent."""

    type = "trunkline.contact.preference-changed.v1"
    thread: str
    opted_out: bool


class MessageRefused(_Routing):
    """An item the board could not apply; the untouched record is in `dead-letters` before this is."""

    type = "trunkline.message.refused.v1"
    offset: int
    reason: str


class _Agent(_Routing):
    state: AgentState


class Profile(_Data):
    """What an agent can do, as the roster says at `version`."""

    agent: str
    name: str
    version: int
    capacity: int
    skills: dict[str, int] = {}
    queues: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


class ProfileDetails(_Data):
    """The profile an agent arrived with, or was given."""

    profile: Profile


class AgentArrived(_Agent):
    """The agent's first device came, with the profile as the roster says."""

    type = "trunkline.agent.arrived.v1"
    details: ProfileDetails


class AgentProfileChanged(_Agent):
    """An edit of the roster reached the board."""

    type = "trunkline.agent.profile-changed.v1"
    details: ProfileDetails


class AgentPresenceChanged(_Agent):
    """Available or away, by the agent's word or after missed offers (`state.reason`)."""

    type = "trunkline.agent.presence-changed.v1"


class AgentLeft(_Agent):
    """The last device is gone."""

    type = "trunkline.agent.left.v1"


class Taken(_Data):
    """Who writes here took the pen of this partition, with a term above any before (DESIGN 3, rule 1)."""

    type = "trunkline.pen.taken.v1"
    topic = Topic.ROUTING
    term: int
    owner: str
    generation: str = ""


class Mark(_Data):
    """A sign of life from an idle owner, so that a tail is never empty."""

    type = "trunkline.pen.mark.v1"
    topic = Topic.ROUTING
    generation: str = ""
    applied: int = -1
    outbox: str = ""


class Checkpoint(_Data):
    """The fold of this partition up to `offset` is kept in `blob` (DESIGN 3, rule 5)."""

    type = "trunkline.board.checkpoint.v1"
    topic = Topic.ROUTING
    blob: str
    offset: int = Field(description="first offset not in the fold")
    term: int = Field(description="highest term before it")


# --- deliveries --------------------------------------------------------------------------------------------


class _Delivery(_Data):
    topic = Topic.DELIVERIES
    conversation: str
    message: str


class StepAccepted(_Delivery):
    """The provider took part `part` of `parts`; a retry begins after it."""

    type = "trunkline.delivery.step-accepted.v1"
    part: int
    parts: int
    provider_ids: tuple[str, ...]
    status: DeliveryStatus
    possible_duplicate: bool = False


class ReplySent(_Delivery):
    """Every part was taken."""

    type = "trunkline.delivery.sent.v1"
    account: str
    provider_ids: tuple[str, ...]
    attempts: int
    possible_duplicate: bool = False
    sent_at: datetime


class SendFailed(_Delivery):
    """It will not be sent: the provider refused it for good, or its time ran out."""

    type = "trunkline.delivery.failed.v1"
    account: str
    kind: str
    code: str | None = None
    text: str
    attempts: int
    failed_at: datetime


class ReceiptReceived(_Data):
    """The provider said what became of a message; applied on the lattice of `trunkline.messages.advance`."""

    type = "trunkline.delivery.receipt.v1"
    topic = Topic.DELIVERIES
    account: str
    provider_id: str
    status: DeliveryStatus
    conversation: str = ""
    message: str = ""
    part: int = 0
    code: str | None = None
    text: str | None = None
    received_at: datetime


class DeadLetter(_Data):
    """A record we could not process, untouched (base64), with the reason and the attempts."""

    type = "trunkline.dead-letter.v1"
    topic = Topic.DEAD_LETTERS
    source: str = Field(description="topic/partition/offset, or the webhook's account")
    reason: str
    attempts: int
    record: str = Field(description="the untouched value, base64")
    headers: dict[str, str] = {}
    failed_at: datetime


INBOUND: tuple[type[_Data], ...] = (MessageReceived, PreferenceReceived, ReplyUndeliverable)
CONVERSATION: tuple[type[_Conversation], ...] = (
    ConversationOpened, ConversationBegun, ConversationReopened, MessageAdded, ConversationQueued, ConversationOffered,
    OfferAccepted, OfferDeclined, OfferExpired, OfferRescinded, ReplyWritten, ReplyFailed, ConversationTransferred,
    WrapUpStarted, ConversationSnoozed, ConversationWoken, ConversationAssigned, ConversationClosed,
)  # fmt: skip
AGENT: tuple[type[_Agent], ...] = (AgentArrived, AgentProfileChanged, AgentPresenceChanged, AgentLeft)
OWNER: tuple[type[_Data], ...] = (Taken, Mark, Checkpoint)
DELIVERIES: tuple[type[_Data], ...] = (StepAccepted, ReplySent, SendFailed, ReceiptReceived)
ALL: tuple[type[_Data], ...] = (
    *INBOUND, *CONVERSATION, PreferenceChanged, MessageRefused, *AGENT, *OWNER, *DELIVERIES, DeadLetter,
)  # fmt: skip
BY_TYPE: dict[str, type[_Data]] = {event.type: event for event in ALL}


class Envelope(BaseModel):
    """The CloudEvents 1.0 attributes around every record, `data` left as it came."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str = ""
    time: datetime
    datacontenttype: Literal["application/json"] = "application/json"
    partitionkey: str = ""
    traceparent: str = ""
    data: dict[str, Any]

    def read(self) -> _Data:
        """The record as its own class; KeyError if this version does not know the type. Otherwise as `_Data.read`."""
        return BY_TYPE[self.type].read(self.data)


def rfc3339(moment: datetime) -> str:
    """UTC with milliseconds, as every envelope writes time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def envelope(
    event_type: str,
    data: bytes,
    *,
    id: str,  # noqa: A002  CloudEvents' own word
    source: str,
    subject: str,
    time: str,
    traceparent: str = "",
) -> bytes:
    """Join finished `data` bytes (a JSON object) with the CloudEvents attributes; nothing is decoded."""
    head = orjson.dumps(
        {
            "specversion": "1.0",
            "id": id,
            "source": source,
            "type": event_type,
            "subject": subject,
            "time": time,
            "datacontenttype": "application/json",
            "partitionkey": subject,
        }
        | ({"traceparent": traceparent} if traceparent else {})
    )
    return head[:-1] + b',"data":' + data + b"}"


def pack(event: _Data, *, id: str, source: str, subject: str, time: datetime, traceparent: str = "") -> bytes:  # noqa: A002  CloudEvents' own word
    """One record value from its model."""
    data = event.model_dump_json().encode()
    return envelope(
        event.type, data, id=id, source=source, subject=subject, time=rfc3339(time), traceparent=traceparent
    )


def headers(event_type: str, *more: tuple[str, bytes]) -> tuple[tuple[str, bytes], ...]:
    """The headers of a record of this type: what every record says of itself, and `more`. The type is the first."""
    return ((Header.TYPE, event_type.encode()), *more, STRUCTURED)


def unpack(value: bytes) -> Envelope:
    """The envelope of a record value; ValueError (pydantic's) when it is none of ours."""
    return Envelope.model_validate_json(value)
