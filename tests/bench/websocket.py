"""A WebSocket client of few lines (RFC 6455), because a library's 30 µs a frame would be the bench's own bottleneck.

Text only, no extensions, no fragments, which is all that our desk sends. Frames are masked with zeroes: the mask
protects proxies from hostile pages, and here is neither.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import struct
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA
_FINAL = 0x80
_OPEN_S = 15.0


class WebSocket(asyncio.Protocol):
    """One connection; `on_text` gets each frame's bytes, `on_end` a word on how it ended."""

    def __init__(self, request: bytes, *, on_text: Callable[[bytes], None], on_end: Callable[[str], None]) -> None:
        self._request = request
        self._on_text, self._on_end = on_text, on_end
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._ended = ""
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if not self.opened.done() and not self._handshake():
            return
        self._frames()

    def _handshake(self) -> bool:
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return False
        self._buffer = rest
        status = head[9:12]
        if status == b"101":
            self.opened.set_result(None)
            return True
        self.opened.set_exception(ConnectionError(f"the desk answered {status.decode(errors='replace')}"))
        self.close()
        return False

    def _frames(self) -> None:
        data, at = self._buffer, 0
        while (frame := _read(data, at)) is not None:
            code, start, end = frame
            at = end
            if code == _FINAL | _TEXT:
                self._on_text(data[start:end])
            elif code == _FINAL | _PING:
                self._send(_PONG, data[start:end])
            else:
                said = data[start:end]
                self._ended = f"close {said[2:].decode(errors='replace')}" if code == _FINAL | _CLOSE else hex(code)
                self.close()
                break
        self._buffer = data[at:]

    def send(self, text: bytes) -> None:
        """Send a text frame; dropped when the connection is gone, which `on_end` has told."""
        self._send(_TEXT, text)

    def _send(self, code: int, payload: bytes) -> None:
        size = len(payload)
        length = bytes((0x80 | size,)) if size < 126 else struct.pack(">BH", 0x80 | 126, size)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(bytes((_FINAL | code,)) + length + b"\0\0\0\0" + payload)

    def connection_lost(self, exc: Exception | None) -> None:
        words = self._ended or (repr(exc) if exc else "connection closed")
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(words))
        self._on_end(words)

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()


def _read(data: bytes, at: int) -> tuple[int, int, int] | None:
    """First byte, start and end of the payload of the frame at `at`; None if it is not all there."""
    have = len(data) - at
    if have < 2:
        return None
    size, head = data[at + 1] & 0x7F, 2
    if size >= 126:
        head = 4 if size == 126 else 10
        if have < head:
            return None
        size = int.from_bytes(data[at + 2 : at + head], "big")
    start = at + head
    return (data[at], start, start + size) if have >= head + size else None


async def connect(
    url: str, *, cookie: str, on_text: Callable[[bytes], None], on_end: Callable[[str], None]
) -> WebSocket:
    """Open a socket; ConnectionError or TimeoutError if it cannot be."""
    parts = urlsplit(url)
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    request = (
        f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nCookie: {cookie}\r\n\r\n"
    ).encode()
    _, socket = await asyncio.get_running_loop().create_connection(
        lambda: WebSocket(request, on_text=on_text, on_end=on_end), parts.hostname or "", parts.port or 80
    )
    async with asyncio.timeout(_OPEN_S):
        await socket.opened
    return socket
