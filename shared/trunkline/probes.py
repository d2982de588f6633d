"""Is that server ready? One question over a fresh connection, answered in a second or taken as no."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

Probe = Callable[[], Awaitable[bool]]

_PATIENCE_S: Final = 3.0  # a service's own checks may take 2 s each


def http_ready(host: str, port: int, path: str = "/readyz") -> Probe:
    """True when a GET is answered with 200."""
    return _asks(host, port, f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode(), b" 200 ")


def redis_ready(host: str, port: int) -> Probe:
    """True when PING is answered with PONG (not while it still loads its file)."""
    return _asks(host, port, b"PING\r\n", b"+PONG")


def _asks(host: str, port: int, question: bytes, answer: bytes) -> Probe:
    async def probe() -> bool:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return answer in await _first_line(host, port, question)
        except (OSError, TimeoutError, ValueError):  # ValueError: a line without end; whoever that is, it is not ready
            return False

    return probe


async def _first_line(host: str, port: int, question: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(question)
        return await reader.readline()
    finally:
        writer.close()
