"""Frames on their way to one client, and the end of its socket: bounded, whatever the client reads or does not."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable

from starlette.websockets import WebSocket, WebSocketDisconnect

from services.agents.frames import TOO_SLOW

_MOST_FRAMES = 512
_MOST_BYTES = 1024 * 1024


class Outgoing:
    """Takes frames from the hub (its `Socket`) and sends them in their order."""

    def __init__(self, socket: WebSocket, *, farewell_s: float) -> None:
        self._socket = socket
        self._farewell_s = farewell_s
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._more = asyncio.Event()
        self.ending: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        """Done when the socket shall be closed: code and reason."""

    def put(self, frame: bytes) -> None:
        """Queue a frame; who cannot keep up is closed and may resume."""
        if self.ending.done():
            return
        self._waiting.append(frame)
        self._bytes += len(frame)
        if len(self._waiting) > _MOST_FRAMES or self._bytes > _MOST_BYTES:
            self.end(TOO_SLOW, "too slow")
        self._more.set()

    def end(self, code: int, reason: str) -> None:
        """Close as soon as may be, for the first reason given; what was not sent is for the client's next socket."""
        if not self.ending.done():
            self.ending.set_result((code, reason))
            self._waiting.clear()

    async def run(self, first: Iterable[bytes]) -> None:
        """Send these, then what was queued meanwhile and what will be, until cancelled."""
        for frame in first:
            await self._send(frame)
        while True:
            while self._waiting:
                frame = self._waiting.popleft()
                self._bytes -= len(frame)
                await self._send(frame)
            self._more.clear()
            await self._more.wait()

    async def _send(self, frame: bytes) -> None:
        await self._socket.send({"type": "websocket.send", "text": frame.decode()})

    async def close(self) -> None:
        """Say why, to a client that reads; one that does not keeps nothing of ours but its place."""
        code, reason = self.ending.result() if self.ending.done() else (1000, "")
        with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
            async with asyncio.timeout(self._farewell_s):
                await self._socket.close(code, reason[:120])
