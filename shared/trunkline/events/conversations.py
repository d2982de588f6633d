"""What happened to a conversation, but for its offers; each event has its whole state."""

from __future__ import annotations

from pydantic import Field

from trunkline.events.base import Data, Topic
from trunkline.events.states import ConversationState
from trunkline.messages import InboundMessage, OutboundMessage


class RoutingEvent(Data):
    """A record of `routing-events` that a shard's owner writes."""

    topic = Topic.ROUTING
    version: int = 0
    operation: str = ""


class ConversationEvent(RoutingEvent):
    """A step of a conversation's life."""

    state: ConversationState


class InboundDetails(Data):
    """Details of an event that added a customer's message."""

    message: InboundMessage


class ReplyDetails(Data):
    """Details of a reply: what notify must send, whole."""

    message: OutboundMessage


class ConversationOpened(ConversationEvent):
    """A thread's first message, or the first after its last conversation could no longer be reopened."""

    type = "trunkline.conversation.opened.v1"
    details: InboundDetails


class BeginningDetails(Data):
    """Details of a beginning."""

    by: str


class ConversationBegun(ConversationEvent):
    """Opened by `state.owner`, an agent who writes first, also above capacity; there is no message yet."""

    type = "trunkline.conversation.begun.v1"
    details: BeginningDetails


class ConversationReopened(ConversationEvent):
    """A customer wrote again after close, within the queue's `reopen_within`."""

    type = "trunkline.conversation.reopened.v1"
    details: InboundDetails


class MessageAdded(ConversationEvent):
    """A customer's message joined an open conversation."""

    type = "trunkline.conversation.message-added.v1"
    details: InboundDetails


class ConversationQueued(ConversationEvent):
    """It waits (again): after a transfer to a queue, a lost owner, a rebuild."""

    type = "trunkline.conversation.queued.v1"


class ReplyWritten(ConversationEvent):
    """An agent's reply, acknowledged; notify sends it."""

    type = "trunkline.conversation.replied.v1"
    details: ReplyDetails


class TellingDetails(Data):
    """Details of words without an agent: what notify must send, whole, and of which kind they are."""

    kind: str = Field(description="queued, closed, shut; overflow or callback, `.` and the rung of the ladder")
    message: OutboundMessage


class ConversationTold(ConversationEvent):
    """The customer is told something while nobody has it yet. `message.agent` is null: it is no reply."""

    type = "trunkline.conversation.told.v1"
    details: TellingDetails


class FailureDetails(Data):
    """Why a reply will never be delivered."""

    message: str
    kind: str
    code: str | None = None
    text: str


class ReplyFailed(ConversationEvent):
    """Notify gave up on a reply; the agent sees why, also after close."""

    type = "trunkline.conversation.reply-failed.v1"
    details: FailureDetails


class TransferDetails(Data):
    """Who passes it on, to whom, and why."""

    sender: str
    to_agent: str = ""
    to_queue: str = ""
    note: str = ""
    to_skill: str = Field(default="", description="skill:level asked for on top of what the queue requires")
    escalation: bool = False


class SnoozeDetails(Data):
    """Why it is put off, and until when: the record keeps these, and not the state."""

    note: str = ""
    wake_at: int = Field(default=0, description="ms since the epoch; 0 in events from before it was told")


class ConversationSnoozed(ConversationEvent):
    """Put off by its agent until `state.wake_at`, or until the customer writes; it takes no room meanwhile."""

    type = "trunkline.conversation.snoozed.v1"
    details: SnoozeDetails


class ConversationWoken(ConversationEvent):
    """Its time has come, or its agent said so: it waits again, and its last agent is asked first."""

    type = "trunkline.conversation.woken.v1"


class WidenedDetails(Data):
    """Details of a widening: the requirement set it had before."""

    before: str
    told: str = Field(default="", description="what the customer is to be told then; empty for nothing")


class ConversationWidened(ConversationEvent):
    """It has waited so long that less is asked for: `state.requirement`, the next rung of its ladder."""

    type = "trunkline.conversation.widened.v1"
    details: WidenedDetails


class ConversationQuieted(ConversationEvent):
    """The customer has been silent since our last word for as long as its channel says: it takes `state.relief` less of
    its agent's room, until they write."""

    type = "trunkline.conversation.quieted.v1"


class AssignmentDetails(Data):
    """Who gave it to whom, and why."""

    by: str
    to: str
    note: str = ""


class ConversationAssigned(ConversationEvent):
    """Given to `state.owner` by a supervisor's word, also above capacity."""

    type = "trunkline.conversation.assigned.v1"
    details: AssignmentDetails


class ConsultationDetails(Data):
    """Who asked whom to look on, and what about."""

    by: str
    to: str
    note: str = ""


class ConversationConsulted(ConversationEvent):
    """Its owner asked another agent to look on: they are among `state.consulted` now, and hear all that happens."""

    type = "trunkline.conversation.consulted.v1"
    details: ConsultationDetails


class ConsultationEndDetails(Data):
    """Who looks on no more, and who said so."""

    agent: str
    by: str = Field(default="", description="the agent or the owner; empty: the agent was away for too long")


class ConsultationEnded(ConversationEvent):
    """An agent looks on no more, by a word or by absence. A change of owner or status ends all without this event."""

    type = "trunkline.conversation.consultation-ended.v1"
    details: ConsultationEndDetails


class TakeOverDetails(Data):
    """Who took it, and from whom."""

    by: str
    sender: str


class ConversationTakenOver(ConversationEvent):
    """Who was consulted has become `state.owner`, without an offer; all consultation is over."""

    type = "trunkline.conversation.taken-over.v1"
    details: TakeOverDetails


class ReorderDetails(Data):
    """Who moved it in its line, and why."""

    by: str
    front: bool = Field(description="to the front; else back to its own place")
    note: str = ""


class ConversationReordered(ConversationEvent):
    """A supervisor moved it to the front of its line (`state.front`), or back to its own place."""

    type = "trunkline.conversation.reordered.v1"
    details: ReorderDetails


class ConversationTransferred(ConversationEvent):
    """Passed on: to an agent (the sender owns it until it is accepted) or to a queue (released at once)."""

    type = "trunkline.conversation.transferred.v1"
    details: TransferDetails


class WrapUpStarted(ConversationEvent):
    """The agent is done with the customer and writes up, until `state.wrap_until` at most."""

    type = "trunkline.conversation.wrap-up-started.v1"


class CloseDetails(Data):
    """The wrap-up: a code and the agent's note."""

    code: str = ""
    note: str = ""


class ConversationClosed(ConversationEvent):
    """Over; a new message may reopen it."""

    type = "trunkline.conversation.closed.v1"
    details: CloseDetails
