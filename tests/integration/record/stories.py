"""Small logs for the projection to read: conversations that say things, and providers that answer."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from services.agents.repository import ProjectedRecord
from trunkline.bus.base import Partition
from trunkline.events import (
    CloseDetails,
    ConversationClosed,
    ConversationOffered,
    ConversationOpened,
    ConversationState,
    InboundDetails,
    MessageAdded,
    OfferAccepted,
    ReceiptReceived,
    ReplyDetails,
    ReplySent,
    ReplyWritten,
    SendFailed,
    Status,
    StepAccepted,
    Topic,
    pack,
)
from trunkline.ids import message_id, new_conversation_id, new_id
from trunkline.messages import Address, DeliveryStatus, InboundMessage, OutboundMessage, Text

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
ACCOUNT = "sms-main"


class Log:
    """Hands out offsets, a partition each; every value is packed as the relay and notify pack it."""

    def __init__(self) -> None:
        self._next: dict[Partition, int] = defaultdict(int)
        self.clock = START

    def record(self, topic: Topic, value: bytes, *, shard: int = 0, term: int | None = 1) -> ProjectedRecord:
        """A record with these bytes at the partition's next offset."""
        place = Partition(topic, shard)
        offset = self._next[place]
        self._next[place] += 1
        return ProjectedRecord(topic, shard, offset, term, value)

    def event(self, event: Any, *, shard: int = 0, term: int | None = 1) -> ProjectedRecord:
        """A record of this event, a second later than the one before."""
        self.clock += timedelta(seconds=1)
        value = pack(event, id=new_id(), source="test", subject="s", time=self.clock)
        return self.record(event.topic, value, shard=shard, term=term)


class Talk:
    """One conversation and the events it makes; times in its state are milliseconds of the log's clock."""

    def __init__(
        self, log: Log, *, contact: str = "+37120000001", shard: int = 0, display: str = "", **state: Any
    ) -> None:
        self.log = log
        self.shard = shard
        self.said = 0
        self.contact = Address(scheme="tel", value=contact, display=display or None)
        self.state = ConversationState(
            id=new_conversation_id(shard),
            thread=f"{ACCOUNT}:{contact}",
            account=ACCOUNT,
            channel="twilio-sms",
            scheme="tel",
            contact=contact,
            display=display,
            status=Status.QUEUED,
            queue="support",
            requirement="support",
            weight=1,
            version=0,
            opened_at=self._now(),
        ).model_copy(update=state)

    @property
    def id(self) -> str:
        """The conversation's id."""
        return self.state.id

    def _now(self) -> int:
        return int(self.log.clock.timestamp() * 1000)

    def step(self, kind: Any, *, details: Any = None, **changes: Any) -> ProjectedRecord:
        """The conversation's next event, with these changes of its state."""
        self.state = self.state.model_copy(update=changes | {"version": self.state.version + 1})
        more = {} if details is None else {"details": details}
        return self.log.event(kind(state=self.state, version=self.state.version, **more), shard=self.shard)

    def inbound(self, words: str) -> InboundMessage:
        """The customer's next message."""
        self.said += 1
        provider_id = f"SM{self.id}{self.said}"
        return InboundMessage(
            id=message_id(ACCOUNT, provider_id),
            account=ACCOUNT,
            channel="twilio-sms",
            thread=self.state.thread,
            contact=self.contact,
            provider_id=provider_id,
            received_at=self.log.clock,
            parts=(Text(text=words),),
        )

    def opens(self, words: str = "Hello") -> ProjectedRecord:
        """The first message."""
        return self.step(ConversationOpened, details=InboundDetails(message=self.inbound(words)))

    def writes(self, words: str) -> ProjectedRecord:
        """Another message of the customer."""
        return self.step(MessageAdded, details=InboundDetails(message=self.inbound(words)))

    def outbound(self, words: str, *, agent: str = "ana") -> OutboundMessage:
        """A reply."""
        return OutboundMessage(
            id=new_id(),
            account=ACCOUNT,
            channel="twilio-sms",
            conversation=self.id,
            contact=self.contact,
            parts=(Text(text=words),),
            agent=agent,
            written_at=self.log.clock,
            send_before=self.log.clock + timedelta(days=1),
        )

    def replies(self, message: OutboundMessage) -> ProjectedRecord:
        """The event of that reply."""
        return self.step(ReplyWritten, details=ReplyDetails(message=message))

    def accepted(self, message: OutboundMessage, part: int, parts: int, *ids: str, **more: Any) -> ProjectedRecord:
        """The provider took a part."""
        event = StepAccepted(
            conversation=self.id,
            message=message.id,
            part=part,
            parts=parts,
            provider_ids=ids,
            **({"status": DeliveryStatus.ACCEPTED} | more),
        )
        return self.log.event(event, shard=self.shard)

    def sent(self, message: OutboundMessage, *ids: str) -> ProjectedRecord:
        """The provider took all of it."""
        event = ReplySent(
            conversation=self.id,
            message=message.id,
            account=ACCOUNT,
            provider_ids=ids,
            attempts=1,
            sent_at=self.log.clock,
        )
        return self.log.event(event, shard=self.shard)

    def failed(self, message: OutboundMessage, code: str = "21610", text: str = "unsubscribed") -> ProjectedRecord:
        """It will not be sent."""
        event = SendFailed(
            conversation=self.id,
            message=message.id,
            account=ACCOUNT,
            kind="permanent",
            code=code,
            text=text,
            attempts=1,
            failed_at=self.log.clock,
        )
        return self.log.event(event, shard=self.shard)

    def receipt(self, provider_id: str, status: DeliveryStatus, **more: Any) -> ProjectedRecord:
        """What the provider says of that id; `message=` if its callback's address names the message."""
        event = ReceiptReceived(
            account=ACCOUNT, provider_id=provider_id, status=status, received_at=self.log.clock, **more
        )
        return self.log.event(event, shard=self.shard, term=None)


def life(log: Log, **more: Any) -> tuple[Talk, list[ProjectedRecord]]:
    """A conversation from its first message to its end, with a reply that was sent."""
    talk = Talk(log, **more)
    records = [talk.opens("Where is my parcel?")]
    records += [talk.step(ConversationOffered, status=Status.OFFERED, offered_to="ana", fence=1)]
    records += [talk.step(OfferAccepted, status=Status.ACTIVE, owner="ana", offered_to="", last_agent="ana")]
    reply = talk.outbound("On its way")
    records += [talk.writes("Hello?"), talk.replies(reply), talk.accepted(reply, 0, 1, f"SM-{reply.id}")]
    records += [talk.sent(reply, f"SM-{reply.id}"), talk.writes("Thank you")]
    closed = CloseDetails(code="answered", note="parcel")
    at = int(log.clock.timestamp() * 1000)
    records += [talk.step(ConversationClosed, details=closed, status=Status.CLOSED, owner="", closed_at=at)]
    return talk, records
