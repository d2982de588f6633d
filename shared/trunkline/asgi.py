"""ASGI without a framework: its types, and one whole answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


async def answer(send: Send, status: int, body: bytes, headers: Mapping[str, str]) -> None:
    """One whole answer: JSON unless `headers`, whose names are lower-case, say otherwise. To HEAD the server sends no
    body."""
    about = {"content-type": "application/json", "x-content-type-options": "nosniff"} | dict(headers)
    lines = [(name.encode(), value.encode("latin-1")) for name, value in about.items()]
    lines.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
