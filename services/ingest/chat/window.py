"""One window of a visitor: a socket, what it was shown, and what it asks for.

A message is acknowledged when it is in the log. What the window is shown comes in the order of its numbers; what it
says it has, or has read, becomes a receipt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import orjson
import structlog
from pydantic import ValidationError

from services.ingest.chat.frames import MAX_FRAME_BYTES, Mark, Refused, Small
from services.ingest.chat.hello import Visitor, file_key
from services.ingest.chat.limits import Limit
from services.ingest.chat.outgoing import Outgoing
from services.ingest.chat.reading import Place, Reading
from services.ingest.chat.record import Record, Written
from services.ingest.publish import Publisher
from trunkline.board.signals import DESKS
from trunkline.bus import BusError
from trunkline.channels.base import MessageIn, Parsed, RawRequest, Receipt
from trunkline.channels.webchat import inbound, outbound, settings_of
from trunkline.config.accounts import Configured
from trunkline.failpoints import afailpoint
from trunkline.http import traceparent
from trunkline.ids import message_id
from trunkline.internal import RecordAway
from trunkline.messages import DeliveryStatus, advance
from trunkline.metrics import CHAT_CATCH_UPS, CHAT_FRAMES

log = structlog.get_logger()

_LOG_S = 9.0
_GAP_S = 0.1
"""A signal that came out of turn may be followed at once by the one before it."""
_LONGEST_WAIT_S = 5.0
_TYPING_EVERY_S = 1.0
_MOST_UNREAD = 500


@dataclass(frozen=True, slots=True)
class Shared:
    """What the windows of one process share."""

    publisher: Publisher
    record: Record
    tell: Callable[[str, bytes], None]
    limit: Limit


class _Shown(NamedTuple):
    message: str
    status: DeliveryStatus


class Window:
    """A visitor's window; a `lines.Window`."""

    def __init__(self, shared: Shared, configured: Configured, visitor: Visitor, out: Outgoing) -> None:
        self.thread = outbound.thread_key(visitor.contact, configured.account.name)
        self._shared = shared
        self._configured = configured
        self._visitor = visitor
        self._out = out
        self._reading = Reading(None, begun=visitor.new)
        self._shown: dict[Place, _Shown] = {}
        self._behind = asyncio.Event()
        self._why = "reload"
        self._typed_at = float("-inf")

    # --- down ---------------------------------------------------------------------------------------------

    def begin(self, after: Place | None) -> None:
        """Go on after what the window shows already."""
        self._reading = Reading(after, begun=self._visitor.new)
        if self._reading.waits:
            self._behind.set()

    def heard(self, kind: str, place: Place | None, payload: bytes) -> None:
        """A signal of the thread."""
        if kind != "message":
            self._out.put(payload)
        elif place is not None:
            self._show(self._reading.told(place, payload))
            if self._reading.waits:
                self._ask("gap")
        else:
            self._ask("unnumbered")

    def compare(self, end: Place) -> None:
        """The record says that the thread ends here."""
        if not self._reading.knows(end):
            self._ask("round")

    def _ask(self, why: str) -> None:
        if not self._behind.is_set():
            self._why = why
            self._behind.set()

    async def catch_up(self) -> None:
        """Show for ever what the record has and signals did not bring."""
        pause = 0.0
        while True:
            await self._behind.wait()
            if self._why == "gap":
                await asyncio.sleep(_GAP_S)
            self._behind.clear()
            if self._why == "gap" and not self._reading.waits:
                continue
            pause = 0.0 if await self._caught_up() else min(max(pause * 2, _GAP_S), _LONGEST_WAIT_S)
            if pause == _LONGEST_WAIT_S and self._reading.begun:
                self._reading.give_up()  # what there is, the round will find
                pause = 0.0
            elif pause:
                await asyncio.sleep(pause)
                self._behind.set()

    async def _caught_up(self) -> bool:
        """Ask the record what comes next, until that is all; whether nothing waits any more."""
        CHAT_CATCH_UPS.labels(self._why).inc()
        while True:
            place = self._reading.place
            try:
                since = await self._shared.record.since(self.thread, place)
            except RecordAway as error:
                log.debug("record_away", error=str(error))
                return False
            if place is not None and not since.resumed:
                if self._reading.begun:
                    return False  # it has not read as far as we were told
                self._reading.forget()
                self._out.put(b'{"type":"reset"}')
            self._read(since.messages)
            if not since.more:
                return not self._reading.waits

    def _read(self, messages: list[Written]) -> None:
        for one in messages:
            if one.direction == "outbound":
                self._shown.setdefault(one.place, _Shown(one.id, one.status or DeliveryStatus.SENT))
        self._show(self._reading.read([(one.place, self._frame(one)) for one in messages]))

    def _frame(self, one: Written) -> bytes:
        settings = settings_of(self._configured.account)
        try:
            parts = outbound.shown_parts(one.parts, self._visitor.contact, settings)
        except ValueError as error:
            parts = [{"kind": "text", "text": f"[{error}]"}]
        client = outbound.client_id(one.provider_ids[0]) if one.direction == "inbound" and one.provider_ids else ""
        return outbound.frame(
            number=one.sequence, conversation=one.conversation, name=one.id, direction=one.direction,
            at=datetime.fromisoformat(one.at), parts=parts, client=client, status=one.status,
        )  # fmt: skip

    def _show(self, frames: list[bytes]) -> None:
        for frame in frames:
            told = orjson.loads(frame)
            if told["direction"] == "outbound":
                place = Place(told["conversation"], told["number"])
                self._shown.setdefault(place, _Shown(told["id"], DeliveryStatus.SENT))
        while len(self._shown) > _MOST_UNREAD:
            del self._shown[next(iter(self._shown))]
        self._out.put(*frames)

    # --- up -----------------------------------------------------------------------------------------------

    async def said(self, text: str) -> None:
        """One frame of the window's; each is answered, or is one that needs no answer."""
        small = _small(text)
        kind = small.type if small.type in {"message", "email", "typing", "delivered", "read", "ping"} else "unknown"
        outcome = "done"
        try:
            await self._answer(small, text)
        except Refused as refused:
            if refused.fatal:
                raise
            outcome = refused.code
            self._out.put(refused.frame(small.id))
        CHAT_FRAMES.labels(self._configured.account.name, kind, outcome).inc()

    async def _answer(self, small: Small, text: str) -> None:
        match small.type:
            case "message" | "email":
                await self._message(small.id, text.encode())
            case "delivered" | "read":
                await self._mark(text)
            case "typing":
                self._typing()
            case "ping":
                self._pong()
            case other:
                raise Refused("unknown-frame", f"no frame is of the type {other[:40]!r}")

    async def _message(self, name: str, body: bytes) -> None:
        account, channel, _ = self._configured
        rate = settings_of(account).messages_per_minute
        if wait := self._shared.limit.take(f"message {self.thread}", per_minute=rate, burst=10):
            raise Refused("too-fast", f"at most {rate} messages a minute", retry_after_s=wait)
        contact = f"{self._visitor.contact.scheme}:{self._visitor.contact.value}"
        request = RawRequest(
            method="POST", url=account.webhook_url, headers=((inbound.CONTACT_HEADER, contact),), body=body,
            received_at=datetime.now(UTC),
        )  # fmt: skip
        parsed = channel.parse(request, account)
        if parsed.problems:
            raise Refused("bad-frame", parsed.problems[0].reason)
        await self._log(parsed, request)
        await afailpoint("ingest.published")
        said = parsed.events[0]
        if isinstance(said, MessageIn):
            told = {"type": "ack", "id": name, "message": message_id(account.name, said.provider_id)}
            self._out.put(orjson.dumps(told))

    async def _log(self, parsed: Parsed, request: RawRequest) -> None:
        try:
            async with asyncio.timeout(_LOG_S):
                unread = await self._shared.publisher.publish(
                    parsed, request, self._configured, trace=traceparent(None)
                )  # fmt: skip
        except (BusError, TimeoutError) as error:
            log.warning("chat_not_logged", account=self._configured.account.name, error=str(error)[:200])
            raise Refused("away", "it could not be saved: send it again", retry_after_s=2) from error
        if unread:
            raise Refused("bad-frame", unread[0].reason)

    async def _mark(self, text: str) -> None:
        """Receipts for what was shown up to a place and is not yet known to be so far."""
        try:
            mark = Mark.model_validate_json(text)
        except ValidationError as error:
            raise Refused("bad-frame", "conversation and number of a message shown") from error
        status = DeliveryStatus(mark.type)
        news = {
            place: shown
            for place, shown in self._shown.items()
            if place.conversation == mark.conversation and place.number <= mark.number
            and advance(shown.status, status) is not shown.status
        }  # fmt: skip
        if not news:
            return
        receipts = tuple(
            Receipt(provider_id=one.message, status=status, message=one.message, conversation=place.conversation)
            for place, one in news.items()
        )
        request = RawRequest(
            method="POST", url=self._configured.account.webhook_url, headers=(), body=b"", received_at=datetime.now(UTC)
        )
        await self._log(Parsed(events=receipts), request)
        self._shown |= {place: one._replace(status=status) for place, one in news.items()}

    def _pong(self) -> None:
        """With the key that opens the visitor's files: who stays on the line always has one that is good."""
        account = self._configured.account
        key = file_key(self._visitor, account, settings_of(account), now=datetime.now(UTC))
        self._out.put(orjson.dumps({"type": "pong", "key": key}))

    def _typing(self) -> None:
        """Told to the desks, once a second at most; before the first message there is nobody to tell."""
        now = asyncio.get_running_loop().time()
        place = self._reading.place
        if place is not None and now - self._typed_at >= _TYPING_EVERY_S:
            self._typed_at = now
            self._shared.tell(DESKS, orjson.dumps({"type": "typing", "conversation": place.conversation}))


def _small(text: str) -> Small:
    """What every frame has. Refused, and fatal, if it is none."""
    if len(text.encode()) > MAX_FRAME_BYTES:
        raise Refused("too-large", f"a frame is at most {MAX_FRAME_BYTES} bytes", fatal=True)
    try:
        return Small.model_validate_json(text)
    except ValidationError as error:
        raise Refused("bad-frame", "a frame is a JSON object with a type", fatal=True) from error
