"""What a visitor is shown: one frame a message, the same from whoever makes it.

Notify makes it when a reply is sent (and, of the visitor's own message, when it has its number), ingest when a visitor
asks for what was missed. Its number decides which of them counts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from trunkline.channels.base import Accepted, Account, Failed, FailureClass, NoResponse, Outcome, Response, SendStep
from trunkline.channels.plain import said
from trunkline.channels.retry_after import retry_after_s
from trunkline.channels.webchat import identity
from trunkline.channels.webchat.settings import WebChatSettings
from trunkline.messages import (
    Address,
    DeliveryStatus,
    InboundMessage,
    Media,
    OutboundMessage,
    Part,
)

TEXT_LIMIT = 16_000


def thread_key(contact: Address, account: str) -> str:
    """The thread of a contact, and the topic under which its signals are told."""
    return f"{account}|{contact.scheme}:{contact.value}"


def plan(message: OutboundMessage, account: Account, settings: WebChatSettings) -> tuple[SendStep, ...]:
    """One signal; ValueError with a sentence for the agent when a visitor cannot be shown this."""
    if message.contact.scheme not in {identity.VISITOR, identity.CUSTOMER}:
        raise ValueError(f"Web chat cannot write to a {message.contact.scheme} address.")
    shown = frame(
        number=message.number, conversation=message.conversation, name=message.id, direction="outbound",
        at=message.written_at, parts=shown_parts(message.parts, message.contact, settings),
    )  # fmt: skip
    # What is accepted is told to nobody but the log; the step's own answer needs the id for the receipts to come.
    headers = {"x-message": message.id}
    return (_signal(thread_key(message.contact, account.name), shown, headers),)


def echo(message: InboundMessage, conversation: str, number: int, settings: WebChatSettings) -> SendStep:
    """The visitor's own message with its number, for each of their windows."""
    shown = frame(
        number=number, conversation=conversation, name=message.id, direction="inbound", at=message.received_at,
        parts=shown_parts(message.parts, message.contact, settings), client=client_id(message.provider_id),
    )  # fmt: skip
    return _signal(message.thread, shown, {})


def client_id(provider_id: str) -> str:
    """The id that the visitor's own page gave the message."""
    return provider_id.rpartition(":")[2]


def _signal(topic: str, body: bytes, headers: dict[str, str]) -> SendStep:
    return SendStep(kind="signal", method="PUBLISH", url=topic, headers=headers, body=body, bucket="signals")


def frame(
    *,
    number: int | None,
    conversation: str,
    name: str,
    direction: str,
    at: datetime,
    parts: Sequence[dict[str, Any]],
    client: str = "",
    status: DeliveryStatus | None = None,
) -> bytes:
    """A message as the widget reads it. `number` is None where who makes the frame does not know it."""
    about: dict[str, Any] = {
        "type": "message",
        "number": number,
        "conversation": conversation,
        "id": name,
        "direction": direction,
        "at": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "parts": list(parts),
    }
    about |= {"client": client} if client else {}
    about |= {"status": status.value} if status else {}
    return json.dumps(about, ensure_ascii=False, separators=(",", ":")).encode()


def shown_parts(parts: Sequence[Part], contact: Address, settings: WebChatSettings) -> list[dict[str, Any]]:
    """Parts as the widget shows them: text and files. ValueError for what it cannot show."""
    return [_shown(part, contact, settings) for part in parts]


def _shown(part: Part, contact: Address, settings: WebChatSettings) -> dict[str, Any]:
    if isinstance(part, Media):
        sealed = identity.seal(part, contact, settings.secrets[0])
        size = part.blob.size if part.blob is not None else 0
        return {"kind": "file", "file": sealed, "type": part.content_type, "size": size, "name": part.name or ""}
    words = said(part)
    if words is None:
        raise ValueError("Web chat cannot show this kind of message: write it in words.")
    if len(words) > TEXT_LIMIT:
        raise ValueError(f"This is too long for the chat: at most {TEXT_LIMIT} characters.")
    return {"kind": "text", "text": words.strip()}


def interpret(step: SendStep, outcome: Response | NoResponse) -> Outcome:
    """A signal always succeeds: the message is in the log, and the visitor's socket asks for what it did not hear."""
    if isinstance(outcome, NoResponse):
        return Failed(kind=FailureClass.RETRY, text="The visitor could not be signalled.")
    if 200 <= outcome.status < 300:
        return Accepted(provider_ids=(step.headers.get("x-message", ""),), status=DeliveryStatus.SENT)
    if outcome.status == 401:
        return Failed(kind=FailureClass.AUTH, text="The chat's own address refused us.")
    if outcome.status == 429:
        return Failed(kind=FailureClass.THROTTLED, text="Too fast.", retry_after_s=retry_after_s(outcome.headers))
    kind = FailureClass.RETRY if outcome.status >= 500 else FailureClass.UNKNOWN_PERMANENT
    return Failed(kind=kind, text=f"The visitor could not be signalled ({outcome.status}).")
