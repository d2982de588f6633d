"""Every event there is, by where it comes from and by its type."""

from __future__ import annotations

from trunkline.events.base import Data
from trunkline.events.conversations import (
    ConsultationEnded,
    ConversationAssigned,
    ConversationBegun,
    ConversationClosed,
    ConversationConsulted,
    ConversationEvent,
    ConversationOffered,
    ConversationOpened,
    ConversationQueued,
    ConversationReopened,
    ConversationReordered,
    ConversationSnoozed,
    ConversationTakenOver,
    ConversationTransferred,
    ConversationWidened,
    ConversationWoken,
    MessageAdded,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferRescinded,
    ReplyFailed,
    ReplyWritten,
    WrapUpStarted,
)
from trunkline.events.deliveries import ReceiptReceived, ReplySent, SendFailed, StepAccepted
from trunkline.events.floor import (
    AgentArrived,
    AgentEvent,
    AgentLeft,
    AgentPresenceChanged,
    AgentProfileChanged,
    Checkpoint,
    Mark,
    MessageRefused,
    PreferenceChanged,
    Taken,
)
from trunkline.events.inbound import DeadLetter, MessageReceived, PreferenceReceived, ReplyUndeliverable

INBOUND: tuple[type[Data], ...] = (MessageReceived, PreferenceReceived, ReplyUndeliverable)
CONVERSATION: tuple[type[ConversationEvent], ...] = (
    ConversationOpened, ConversationBegun, ConversationReopened, MessageAdded, ConversationQueued, ConversationOffered,
    OfferAccepted, OfferDeclined, OfferExpired, OfferRescinded, ReplyWritten, ReplyFailed, ConversationTransferred,
    WrapUpStarted, ConversationSnoozed, ConversationWoken, ConversationWidened, ConversationAssigned,
    ConversationConsulted, ConsultationEnded, ConversationTakenOver, ConversationReordered, ConversationClosed,
)  # fmt: skip
AGENT: tuple[type[AgentEvent], ...] = (AgentArrived, AgentProfileChanged, AgentPresenceChanged, AgentLeft)
OWNER: tuple[type[Data], ...] = (Taken, Mark, Checkpoint)
DELIVERIES: tuple[type[Data], ...] = (StepAccepted, ReplySent, SendFailed, ReceiptReceived)
ALL: tuple[type[Data], ...] = (
    *INBOUND, *CONVERSATION, PreferenceChanged, MessageRefused, *AGENT, *OWNER, *DELIVERIES, DeadLetter,
)  # fmt: skip
BY_TYPE: dict[str, type[Data]] = {event.type: event for event in ALL}
