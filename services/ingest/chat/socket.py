"""A visitor's socket, from the handshake to the close."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from pydantic import ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.ingest.chat.frames import NONSENSE, OURS, STRANGER, Hello, Refused
from services.ingest.chat.hello import Visitor, visitor_of, welcome
from services.ingest.chat.lines import MOST_WINDOWS, Lines
from services.ingest.chat.outgoing import Outgoing
from services.ingest.chat.reading import Place
from services.ingest.chat.window import Shared, Window
from trunkline.channels.webchat import settings_of
from trunkline.config.accounts import Configured
from trunkline.metrics import CHAT_SOCKETS

log = structlog.get_logger()

_HELLO_S = 10.0
_FAREWELL_S = 2.0
_FRAMES_PER_MINUTE, _FRAMES_AT_ONCE = 600, 60


class Sockets:
    """Serves visitors' sockets."""

    def __init__(self, shared: Shared, lines: Lines) -> None:
        self._shared = shared
        self._lines = lines

    async def serve(self, socket: WebSocket, configured: Configured | None) -> None:
        """One connection. What is refused is told in a frame: a page's script cannot see why a handshake failed."""
        await socket.accept()
        out = Outgoing(socket)
        try:
            await self._live(socket, _let_in(socket, configured), out)
        except Refused as refused:
            out.put(refused.frame())
            out.end(STRANGER if refused.code in _STRANGERS else NONSENSE, refused.code)
            with contextlib.suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
                async with asyncio.timeout(_FAREWELL_S):
                    await out.run()
        await _close(socket, out)

    async def _live(self, socket: WebSocket, configured: Configured, out: Outgoing) -> None:
        try:
            async with asyncio.timeout(_HELLO_S):
                hello = _hello(await socket.receive_text())
        except TimeoutError as error:
            raise Refused("no-hello", f"the first frame is a hello, within {_HELLO_S:g} s", fatal=True) from error
        except (WebSocketDisconnect, KeyError):
            return
        now, settings = datetime.now(UTC), settings_of(configured.account)
        visitor = visitor_of(hello, configured.account, settings, now=now)
        self._check_room(visitor, configured)
        window = Window(self._shared, configured, visitor, out)
        if not self._lines.has_room(window.thread):
            raise Refused("too-many-windows", f"this chat is open in {MOST_WINDOWS} windows already", fatal=True)
        account = configured.account.name
        with self._lines.joined(window.thread, window), CHAT_SOCKETS.labels(account).track_inprogress():
            hours = settings.hours or configured.calendar
            out.put(orjson.dumps(welcome(visitor, configured.account, settings, hours, now=now)))
            window.begin(Place(hello.after.conversation, hello.after.number) if hello.after else None)
            await self._attend(socket, window, out)

    def _check_room(self, visitor: Visitor, configured: Configured) -> None:
        rate = settings_of(configured.account).new_visitors_per_minute
        if visitor.new:
            wait = self._shared.limit.take(f"new {configured.account.name}", per_minute=rate, burst=rate)
            if wait:
                raise Refused("busy", "too many visitors at once: come again", retry_after_s=max(1.0, wait), fatal=True)

    async def _attend(self, socket: WebSocket, window: Window, out: Outgoing) -> None:
        writing = asyncio.create_task(out.run())
        parts: list[asyncio.Task[Any]] = [
            writing,
            asyncio.create_task(self._read(socket, window)),
            asyncio.create_task(window.catch_up()),
        ]
        try:
            # A window that does not read holds the writer fast: its end is waited for beside it.
            either: list[asyncio.Future[Any]] = [*parts, out.ending]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for part in parts:
                part.cancel()
            results = await asyncio.gather(*parts, return_exceptions=True)
        for result in results:
            if isinstance(result, Refused):
                raise result
            if isinstance(result, Exception) and not isinstance(result, (WebSocketDisconnect, RuntimeError)):
                log.error("chat_failed", exc_info=result)
                out.end(OURS, "an error of ours")

    async def _read(self, socket: WebSocket, window: Window) -> None:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1005), message.get("reason"))
            text = message.get("text")
            if text is None:
                raise Refused("bad-frame", "a frame is text", fatal=True)
            limit = self._shared.limit.take(
                f"frame {window.thread}", per_minute=_FRAMES_PER_MINUTE, burst=_FRAMES_AT_ONCE
            )  # fmt: skip
            if limit:
                raise Refused("too-fast", "far too many frames", retry_after_s=max(1.0, limit), fatal=True)
            await window.said(text)


_STRANGERS = {"unknown-account", "origin", "identity-wrong", "identity-expired"}


def _let_in(socket: WebSocket, configured: Configured | None) -> Configured:
    """A page of another origin must not speak as its visitors. What is no browser sends no origin, and is let in."""
    if configured is None:
        raise Refused("unknown-account", "no widget of that name is configured", fatal=True)
    origin = socket.headers.get("origin")
    if origin is not None and origin.lower() not in settings_of(configured.account).origins:
        raise Refused("origin", f"{origin[:200]} is not among the widget's origins", fatal=True)
    return configured


def _hello(text: str) -> Hello:
    try:
        return Hello.model_validate_json(text)
    except ValidationError as error:
        raise Refused("no-hello", "the first frame is a hello", fatal=True) from error


async def _close(socket: WebSocket, out: Outgoing) -> None:
    code, reason = out.ending.result() if out.ending.done() else (1000, "")
    with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
        async with asyncio.timeout(_FAREWELL_S):
            await socket.close(code, reason)
