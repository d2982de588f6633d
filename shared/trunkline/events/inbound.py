"""What came from outside, in `inbound`, and what nobody could process, in `dead-letters`."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from trunkline.events.base import Data, Topic
from trunkline.messages import Address, InboundMessage


class MessageReceived(Data):
    """Ingest took a customer's message."""

    type = "trunkline.message.received.v1"
    topic = Topic.INBOUND
    message: InboundMessage


class PreferenceReceived(Data):
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


class ReplyUndeliverable(Data):
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


class DeadLetter(Data):
    """A record we could not process, untouched (base64), with the reason and the attempts."""

    type = "trunkline.dead-letter.v1"
    topic = Topic.DEAD_LETTERS
    source: str = Field(description="topic/partition/offset, or the webhook's account")
    reason: str
    attempts: int
    record: str = Field(description="the untouched value, base64")
    headers: dict[str, str] = Field(default={})
    failed_at: datetime
