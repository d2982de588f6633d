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
    ConversationOpened,
    ConversationQueued,
    ConversationQuieted,
    ConversationReopened,
    ConversationReordered,
    ConversationSnoozed,
    ConversationTakenOver,
    ConversationTold,
    ConversationTransferred,
    ConversationWidened,
    ConversationWoken,
    MessageAdded,
    ReplyFailed,
    ReplyWritten,
    WrapUpStarted,
)
from trunkline.events.deliveries import ReceiptReceived, ReplySent, SendFailed, StepAccepted
from trunkline.events.floor import (
    AgentArrived,
    AgentDrainChanged,
    AgentEvent,
    AgentLeft,
    AgentPresenceChanged,
    AgentProfileChanged,
    Checkpoint,
    Mark,
    MessageRefused,
    PreferenceChanged,
    QueueOpened,
    QueueShut,
    Taken,
)
from trunkline.events.inbound import DeadLetter, MessageReceived, PreferenceReceived, ReplyUndeliverable
from trunkline.events.offers import (
    ConversationOffered,
    OfferAccepted,
    OfferAutoAccepted,
    OfferDeclined,
    OfferExpired,
    OfferRescinded,
)

INBOUND: tuple[type[Data], ...] = (MessageReceived, PreferenceReceived, ReplyUndeliverable)
CONVERSATION: tuple[type[ConversationEvent], ...] = (
    ConversationOpened, ConversationBegun, ConversationReopened, MessageAdded, ConversationQueued, ConversationOffered,
    OfferAccepted, OfferAutoAccepted, OfferDeclined, OfferExpired, OfferRescinded, ReplyWritten, ReplyFailed,
    ConversationTold, ConversationTransferred, WrapUpStarted, ConversationSnoozed, ConversationWoken,
    ConversationWidened, ConversationQuieted, ConversationAssigned, ConversationConsulted, ConsultationEnded,
    ConversationTakenOver, ConversationReordered, ConversationClosed,
)  # fmt: skip
AGENT: tuple[type[AgentEvent], ...] = (
    AgentArrived,
    AgentProfileChanged,
    AgentPresenceChanged,
    AgentDrainChanged,
    AgentLeft,
)
OWNER: tuple[type[Data], ...] = (Taken, Mark, Checkpoint)
DELIVERIES: tuple[type[Data], ...] = (StepAccepted, ReplySent, SendFailed, ReceiptReceived)
ALL: tuple[type[Data], ...] = (
    *INBOUND, *CONVERSATION, PreferenceChanged, QueueShut, QueueOpened, MessageRefused, *AGENT, *OWNER, *DELIVERIES,
    DeadLetter,
)  # fmt: skip
BY_TYPE: dict[str, type[Data]] = {event.type: event for event in ALL}
