"""Frames on their way to one window: bounded, whatever it reads or does not."""

from __future__ import annotations

import asyncio
from collections import deque

from starlette.websockets import WebSocket

from services.ingest.chat.frames import TOO_SLOW

_MOST_BYTES = 1024 * 1024


class Outgoing:
    """Sends frames in their order. Done (`ending`) when the socket shall be closed: code and reason."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._more = asyncio.Event()
        self.ending: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

    def put(self, *frames: bytes) -> None:
        """Queue frames; a window that cannot keep up is closed, and resumes."""
        for frame in frames:
            self._waiting.append(frame)
            self._bytes += len(frame)
        if self._bytes > _MOST_BYTES:
            self.end(TOO_SLOW, "too slow")
        self._more.set()

    def end(self, code: int, reason: str) -> None:
        """Close when what waits is sent, for the first reason given; at once if the window is too slow."""
        if not self.ending.done():
            self.ending.set_result((code, reason))
        if code == TOO_SLOW:
            self._waiting.clear()
            self._bytes = 0
        self._more.set()

    async def run(self) -> None:
        """Send until the end was asked for and nothing waits, or until cancelled."""
        while True:
            while self._waiting:
                frame = self._waiting.popleft()
                self._bytes -= len(frame)
                await self._socket.send({"type": "websocket.send", "text": frame.decode()})
            if self.ending.done():
                return
            self._more.clear()
            await self._more.wait()
