"""From a channel's parsed events to records in the log."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from services.ingest.media import MediaFetcher
from trunkline.blobs import Blobs
from trunkline.bus import Bus, NewRecord, Partition
from trunkline.channels.base import ChannelEvent, ChannelEventKind, MessageIn, Parsed, Problem, RawRequest, Receipt
from trunkline.config.accounts import Configured
from trunkline.events import (
    MAX_EVENT_BYTES,
    DeadLetter,
    Header,
    MessageReceived,
    PreferenceReceived,
    ReceiptReceived,
    Topic,
    envelope,
    headers,
    pack,
    rfc3339,
)
from trunkline.ids import message_id, new_id, shard_of, shard_of_conversation
from trunkline.messages import Address, InboundMessage
from trunkline.metrics import ACCEPTED, DEAD_LETTERS

T = TypeVar("T")

_SOURCE = "trunkline/ingest"
_INLINE_BYTES = 160_000
"""Largest request that fits, as base64, into a dead letter; a larger one is a blob beside it."""
_PREFERENCES = {ChannelEventKind.OPT_OUT: True, ChannelEventKind.OPT_IN: False}


class Publisher:
    """Writes to `inbound`, `deliveries` and, for what could not be read, `dead-letters`."""

    def __init__(self, bus: Bus, media: MediaFetcher, blobs: Blobs) -> None:
        self._bus = bus
        self._media = media
        self._blobs = blobs

    async def publish(
        self, parsed: Parsed, request: RawRequest, configured: Configured, *, trace: str
    ) -> tuple[Problem, ...]:
        """Put everything of one request into the log; what could not be taken, with the request set aside for it.

        Events of one thread are one batch, in their order. A repeat is harmless: ids derive from the provider's.
        AppendUnknown (or another BusError) if the log did not confirm all of it.
        """
        account = configured.account.name
        for content in parsed.contents:
            await self._blobs.put(content)
        made = await _all([self._record(event, configured, request, trace) for event in parsed.events])
        problems = (*parsed.problems, *(one for one in made if isinstance(one, Problem)))
        batches: dict[Partition, list[NewRecord]] = {}
        for one in made:
            if isinstance(one, tuple):
                batches.setdefault(one[0], []).append(one[1])
        if problems:
            where = Partition(Topic.DEAD_LETTERS, shard_of(account, self._bus.shards))
            batches[where] = [await self._dead_letter(problems, request, account)]
        await _all([self._bus.append(where, records) for where, records in batches.items()])
        for event, one in zip(parsed.events, made, strict=True):
            if not isinstance(one, Problem):
                ACCEPTED.labels(account, type(event).__name__).inc()
        DEAD_LETTERS.labels("webhook").inc(bool(problems))
        return problems

    async def _record(
        self, event: MessageIn | Receipt | ChannelEvent, configured: Configured, request: RawRequest, trace: str
    ) -> tuple[Partition, NewRecord] | Problem | None:
        """Where it goes and what is written there; None if the event needs no record of its own."""
        received_at = request.received_at
        match event:
            case MessageIn():
                message = await self._media.fetch(self._message(event, configured, received_at), configured)
                record = _inbound_record(message, received_at, trace)
                if len(record.value) > MAX_EVENT_BYTES:
                    return Problem(
                        kind="broken", reason="the message is above 256 kB in our form", original=event.provider_id
                    )
                return self._inbound(message.thread), record
            case Receipt():
                return self._deliveries(event, configured), _receipt(event, configured.account.name, received_at, trace)
            case ChannelEvent():
                thread = configured.channel.thread_key(event.contact, configured.account)
                preference = _preference(event, thread, configured, received_at, trace)
                return None if preference is None else (self._inbound(thread), preference)

    async def _dead_letter(self, problems: Sequence[Problem], request: RawRequest, account: str) -> NewRecord:
        """The request as it came, once, however many of its items could not be taken."""
        about = {"url": request.url[:8_192], "method": request.method}
        about |= {name: value[:1_024] for name, value in request.headers if name == "content-type"}
        kept = request.body
        if len(kept) > _INLINE_BYTES:
            about["blob"] = (await self._blobs.put(kept)).digest
            kept = b""
        letter = DeadLetter(
            source=f"webhook/{account}",
            reason="; ".join(f"{problem.kind}: {problem.reason}" for problem in problems)[:2_000],
            attempts=1,
            record=base64.b64encode(kept).decode(),
            headers=about,
            failed_at=datetime.now(UTC),
        )
        value = pack(letter, id=new_id(), source=_SOURCE, subject=account, time=letter.failed_at)
        return NewRecord(account.encode(), value, headers(letter.type))

    def _message(self, event: MessageIn, configured: Configured, received_at: datetime) -> InboundMessage:
        account, channel, _ = configured
        return InboundMessage(
            id=message_id(account.name, event.provider_id),
            account=account.name,
            channel=channel.manifest.type,
            thread=event.thread or channel.thread_key(event.contact, account),
            contact=event.contact,
            provider_id=event.provider_id,
            sent_at=event.sent_at,
            received_at=received_at,
            parts=event.parts,
            reply_to=event.reply_to,
        )

    def _inbound(self, thread: str) -> Partition:
        return Partition(Topic.INBOUND, shard_of(thread, self._bus.shards))

    def _deliveries(self, receipt: Receipt, configured: Configured) -> Partition:
        """The conversation's shard, if the callback names one of ours; else any shard that is always the same."""
        if receipt.conversation is not None:
            try:
                shard = shard_of_conversation(receipt.conversation)
            except ValueError:
                shard = self._bus.shards
            if shard < self._bus.shards:
                return Partition(Topic.DELIVERIES, shard)
        key = f"{configured.account.name}|{receipt.provider_id}"
        return Partition(Topic.DELIVERIES, shard_of(key, self._bus.shards))


async def _all(parts: Sequence[Coroutine[Any, Any, T]]) -> Sequence[T]:
    """All results; a single one, the usual case, without a task of its own."""
    return [await parts[0]] if len(parts) == 1 else await asyncio.gather(*parts)


def _inbound_record(message: InboundMessage, received_at: datetime, trace: str) -> NewRecord:
    data = b'{"message":' + message.model_dump_json().encode() + b"}"
    value = envelope(
        MessageReceived.type, data, id=message.id, source=_SOURCE, subject=message.thread, time=rfc3339(received_at),
        traceparent=trace,
    )  # fmt: skip
    return NewRecord(message.thread.encode(), value, _headers(MessageReceived.type, trace))


def _preference(
    event: ChannelEvent, thread: str, configured: Configured, received_at: datetime, trace: str
) -> NewRecord | None:
    opted_out = _PREFERENCES.get(event.kind)
    if opted_out is None:
        return None  # a request for help is a message like any other; that message comes beside it
    name = configured.account.name
    preference = PreferenceReceived(
        id=message_id(name, f"{event.provider_id}#{event.kind}"),
        thread=thread,
        account=name,
        channel=configured.channel.manifest.type,
        contact=Address(**event.contact.model_dump()),
        opted_out=opted_out,
        received_at=received_at,
    )
    value = pack(preference, id=preference.id, source=_SOURCE, subject=thread, time=received_at, traceparent=trace)
    return NewRecord(thread.encode(), value, _headers(preference.type, trace))


def _receipt(receipt: Receipt, account: str, received_at: datetime, trace: str) -> NewRecord:
    event = ReceiptReceived(
        account=account,
        provider_id=receipt.provider_id,
        status=receipt.status,
        conversation=receipt.conversation or "",
        message=receipt.message or "",
        part=receipt.part,
        code=receipt.code,
        text=receipt.text,
        received_at=received_at,
    )
    # CloudEvents forbids an empty subject: a receipt that names no conversation is about the provider's message.
    subject = receipt.conversation or receipt.provider_id
    value = pack(event, id=new_id(), source=_SOURCE, subject=subject, time=received_at, traceparent=trace)
    return NewRecord(subject.encode(), value, _headers(event.type, trace))


def _headers(event_type: str, trace: str) -> tuple[tuple[str, bytes], ...]:
    return headers(event_type, (Header.TRACE, trace.encode()))
