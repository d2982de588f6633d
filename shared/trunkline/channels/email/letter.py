"""A mail, read: its bytes become words, quotes, a safe picture of its HTML, and files. No account is needed for it.

Reading costs CPU, and hostile mails make it cost much: ingest reads in processes that it can kill.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from email import policy
from email.parser import BytesParser
from hashlib import sha256

from pydantic import BaseModel, ConfigDict, Field

from trunkline.channels.email import bounces, quoting
from trunkline.channels.email.body import Body, read_body
from trunkline.channels.email.fields import Fields, joined
from trunkline.channels.email.scan import scan
from trunkline.messages import Address, Blob, Media, Part, Quote, Text, Unsupported

MAX_WORDS_BYTES = 90_000
"""Most of a mail's words that travel in the log, in UTF-8: in JSON they may double, and an event is at most 256 kB. All
of it is in the original."""

Keep = Callable[[bytes], Blob]
"""Puts bytes where blobs are, and names them."""


class Letter(BaseModel):
    """A mail, read."""

    model_config = ConfigDict(frozen=True)

    subject: str
    message_id: str | None
    references: tuple[str, ...] = Field(description="oldest first; the last is the one answered")
    sender: Address | None = Field(description="who wrote it, by its header: a claim")
    answer_to: Address | None = Field(description="where answers should go")
    to: tuple[str, ...]
    cc: tuple[str, ...]
    sent_at: datetime | None
    automatic: str | None
    checks: tuple[str, ...] = Field(description="its Authentication-Results, the newest first")
    hops: int
    digest: str
    parts: tuple[Part, ...] = Field(description="words, quotes, HTML, files, in this order")
    bounce: bounces.Bounce | None


def read(raw: bytes, keep: Keep) -> Letter:
    """The mail in these bytes; its files and its HTML are given to `keep`.

    TooMuch for what is beyond all bounds. A bad charset, a broken encoding or a missing part is no error.
    """
    scan(raw)
    message = BytesParser(policy=policy.compat32).parsebytes(raw)
    fields = Fields(message)
    body = read_body(message, keep)
    sender = next(iter(fields.addresses("from", "sender")), None)
    answer_to = next(iter(fields.addresses("reply-to")), None)
    value = sender.value if sender is not None else ""
    references = joined([fields.ids("references"), fields.ids("in-reply-to")[-1:]])
    return Letter(
        subject=fields.text("subject"),
        message_id=next(iter(fields.ids("message-id")), None),
        references=references,
        sender=sender,
        answer_to=answer_to,
        to=tuple(address.value for address in fields.addresses("to")),
        cc=tuple(address.value for address in fields.addresses("cc")),
        sent_at=fields.sent_at(),
        automatic=fields.automatic(value),
        checks=tuple(text[:2_000] for text in fields.all("authentication-results")[:10]),
        hops=fields.hops,
        digest=_digest(fields, body),
        parts=_parts(body),
        bounce=bounces.read(message, fields, body.text),
    )


def _parts(body: Body) -> tuple[Part, ...]:
    """Words first, then quotes in their places; the log carries so much of them and no more."""
    parts: list[Part] = []
    room = MAX_WORDS_BYTES
    for segment in quoting.segments(body.text):
        text = _fitting(segment.text, room)
        room -= len(text.encode())
        if text:
            parts.append(Quote(quoted=text) if segment.quoted else Text(text=text))
        if text != segment.text:
            parts.append(Unsupported(reason="The mail is longer: the rest is in the original.", original=""))
            break
    return (*parts, *body.others)


def _fitting(text: str, room: int) -> str:
    """As much of a text as fits into a part and into so many bytes."""
    return text[:60_000].encode()[: max(room, 0)].decode("utf-8", "ignore")


def _digest(fields: Fields, body: Body) -> str:
    """The same for the same mail on whichever way it came (what servers on the way add is left out)."""
    named = [fields.first(name) for name in ("from", "date", "subject", "message-id")]
    files = [part.blob.digest for part in body.others if isinstance(part, Media) and part.blob is not None]
    return sha256("\n".join([*named, body.text, *files]).encode("utf-8", "replace")).hexdigest()
