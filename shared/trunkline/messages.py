"""The normal form: what a customer or an agent said, whatever the channel.

A message is immutable. Its `parts` are a closed set of kinds; what a channel sends and we cannot express
becomes `Unsupported` with its original, so nothing is ever dropped in silence.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_TEXT = 65_536
"""Longest text of one part, in characters; an event stays below 256 kB."""

MAX_PARTS = 64
"""Most parts of one message."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Blob(_Frozen):
    """Bytes kept beside the log, named by their content (see `trunkline.blobs`)."""

    digest: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the bytes, in hex")
    size: int = Field(ge=0, description="bytes")


class Text(_Frozen):
    """Plain words."""

    kind: Literal["text"] = "text"
    text: str = Field(max_length=MAX_TEXT)


class Media(_Frozen):
    """A picture, sound, film or file.

    `source` is where the provider keeps it (never with a secret in it); `blob` is our copy once fetched.
    When fetching failed, `problem` says why and the message lives on without it.
    """

    kind: Literal["media"] = "media"
    content_type: str = Field(max_length=255)
    name: str | None = Field(default=None, max_length=255)
    source: str | None = Field(default=None, max_length=2_048)
    blob: Blob | None = None
    caption: str | None = Field(default=None, max_length=4_096)
    problem: str | None = Field(default=None, max_length=500)


class Location(_Frozen):
    """A place on earth, WGS 84 degrees."""

    kind: Literal["location"] = "location"
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    name: str | None = Field(default=None, max_length=255)
    address: str | None = Field(default=None, max_length=500)


class ContactCard(_Frozen):
    """Somebody's addresses, handed over by the customer or the agent."""

    kind: Literal["contact-card"] = "contact-card"
    name: str = Field(max_length=255)
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


class Choice(_Frozen):
    """What the customer chose from offered quick replies or buttons."""

    kind: Literal["choice"] = "choice"
    title: str = Field(max_length=255)
    payload: str | None = Field(default=None, max_length=4_096)


class Choices(_Frozen):
    """Quick replies or buttons offered to the customer; a channel that has none shows them as text."""

    kind: Literal["choices"] = "choices"
    style: Literal["quick-replies", "buttons"] = "quick-replies"
    options: tuple[Choice, ...] = Field(min_length=1, max_length=13)


class Reaction(_Frozen):
    """An emoji on an earlier message; an empty one takes the reaction back."""

    kind: Literal["reaction"] = "reaction"
    emoji: str = Field(max_length=64)
    target: str = Field(max_length=255, description="the provider's id of the message reacted to")


class Template(_Frozen):
    """A message the provider approved beforehand, with its variables."""

    kind: Literal["template"] = "template"
    name: str = Field(max_length=255)
    language: str = Field(max_length=35, description="BCP 47")
    variables: dict[str, str] = {}


class Unsupported(_Frozen):
    """Something the channel sent and we cannot express: why, and the original text for a person to read."""

    kind: Literal["unsupported"] = "unsupported"
    reason: str = Field(max_length=500)
    original: str = Field(max_length=MAX_TEXT)


class MailHead(_Frozen):
    """What stands above a mail: its subject, its ids, who else reads it. The first part of every mail, in and out.

    Ids are without their angle brackets. Addresses are bare mailboxes; our own are left out.
    """

    kind: Literal["mail"] = "mail"
    subject: str = Field(default="", max_length=998)
    message_id: str | None = Field(default=None, max_length=250, description="the mail's own Message-ID")
    references: tuple[Annotated[str, Field(max_length=250)], ...] = Field(
        default=(), max_length=30, description="mails it answers, oldest first; the last is the one answered"
    )
    sender: str | None = Field(default=None, max_length=320, description="who wrote it and is answered")
    to: tuple[Annotated[str, Field(max_length=320)], ...] = Field(default=(), max_length=100)
    cc: tuple[Annotated[str, Field(max_length=320)], ...] = Field(default=(), max_length=100)
    automatic: str | None = Field(
        default=None,
        max_length=200,
        description="why a machine wrote it (or, of a reply, what it answers); None: a person",
    )
    stranger: bool = Field(
        default=False, description="nobody who took part in the thread before, though it came to the reply address"
    )
    failed_checks: str | None = Field(
        default=None, max_length=200, description="what our relay found wrong with the sender (DMARC, SPF, DKIM)"
    )
    digest: str | None = Field(
        default=None, max_length=64, description="of what was said: tells a repeat from a reused id"
    )
    original: Blob | None = Field(default=None, description="the mail as it came, byte for byte")
    author: str | None = Field(default=None, max_length=255, description="name of the agent who signs a reply")
    thread: str | None = Field(default=None, max_length=64, description="of a reply: the thread its answers belong to")


class Quote(_Frozen):
    """Words of earlier mails, quoted beneath or around the new ones: kept, and folded by who shows them."""

    kind: Literal["quote"] = "quote"
    quoted: str = Field(max_length=MAX_TEXT)


class Html(_Frozen):
    """The mail's own look, made safe: no script, no style sheet, nothing that is loaded from anywhere."""

    kind: Literal["html"] = "html"
    blob: Blob


Part = Annotated[
    Text
    | Media
    | Location
    | ContactCard
    | Choice
    | Choices
    | Reaction
    | Template
    | Unsupported
    | MailHead
    | Quote
    | Html,
    Field(discriminator="kind"),
]
Parts = Annotated[tuple[Part, ...], Field(min_length=1, max_length=MAX_PARTS)]


class Address(_Frozen):
    """One of a contact's addresses: a number, a mailbox, a handle."""

    scheme: str = Field(pattern=r"^[a-z][a-z0-9-]{0,31}$", description="tel, mailto, whatsapp, visitor, …")
    value: str = Field(min_length=1, max_length=320)
    display: str | None = Field(default=None, max_length=255)


class InboundMessage(_Frozen):
    """What a contact said to us."""

    id: str = Field(description="ours, derived from account and provider id: a repeat has the same one")
    account: str
    channel: str
    thread: str = Field(description="thread key: what decides the shard, and the thread of the conversation")
    contact: Address
    provider_id: str = Field(max_length=255)
    sent_at: datetime | None = Field(default=None, description="by the provider's clock, if it says")
    received_at: datetime
    parts: Parts
    reply_to: str | None = Field(default=None, max_length=255, description="provider id of the message answered")


class OutboundMessage(_Frozen):
    """What an agent says to a contact; the body never changes between attempts."""

    id: str = Field(description="ours, and the idempotency key of every attempt")
    account: str
    channel: str
    conversation: str
    contact: Address
    parts: Parts
    agent: str | None = None
    reply_to: str | None = Field(default=None, max_length=255)
    written_at: datetime
    send_before: datetime = Field(description="after it the reply is not sent: it failed, expired")
    number: int | None = Field(
        default=None, ge=1, description="its place in its conversation; the log knows it, who writes it does not"
    )


class DeliveryStatus(StrEnum):
    """What the provider says became of a message; see `advance` for how they order."""

    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


_RANK = {
    DeliveryStatus.ACCEPTED: 0,
    DeliveryStatus.SENT: 1,
    DeliveryStatus.FAILED: 2,
    DeliveryStatus.DELIVERED: 3,
    DeliveryStatus.READ: 4,
}


def advance(known: DeliveryStatus | None, news: DeliveryStatus) -> DeliveryStatus:
    """The status after `news`: never backwards, whatever order receipts come in.

    accepted < sent < failed < delivered < read. A failure ends it unless the message turned out to be
    delivered, which is the stronger fact; nothing undoes a delivery.
    """
    if known is None or _RANK[news] > _RANK[known]:
        return news
    return known


def of_parts(statuses: list[DeliveryStatus]) -> DeliveryStatus:
    """The status of a message sent in parts: failed if any part failed, else the least advanced part's."""
    if DeliveryStatus.FAILED in statuses:
        return DeliveryStatus.FAILED
    return min(statuses, key=_RANK.__getitem__)


def plain_text(parts: tuple[Part, ...], *, limit: int = 200) -> str:
    """A message in one line for a list or a log row: its words, or what kind of thing it is."""
    words = [_words(part) for part in parts]
    line = " ".join(" ".join(words).split())
    if not line:  # a mail may say all it has to say in its subject
        line = " ".join(" ".join(part.subject for part in parts if isinstance(part, MailHead)).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _words(part: Part) -> str:
    match part:
        case Text():
            return part.text
        case Choice():
            return part.title
        case Media():
            return part.caption or f"[{part.content_type}]"
        case Location():
            return part.name or f"[{part.latitude:.5f}, {part.longitude:.5f}]"
        case ContactCard():
            return " ".join((part.name, *part.phones, *part.emails))
        case Template(name=bare) | Unsupported(reason=bare):
            return f"[{bare}]"
        case Reaction():
            return part.emoji
        case Choices():
            return " / ".join(option.title for option in part.options)
        case MailHead() | Quote() | Html():
            return ""
