"""Reading a request's body within bounds, for raw ASGI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any


class BodyTooLarge(Exception):
    """The body is, or says that it is, larger than allowed."""


class BodyGone(Exception):
    """The peer left before its body was whole."""


async def read_body(
    scope: Mapping[str, Any],
    receive: Callable[[], Awaitable[Mapping[str, Any] | MutableMapping[str, Any]]],
    limit: int,
) -> bytes:
    """The body, bounded in bytes before and while it comes. How long it may take is the caller's to bound."""
    for name, value in scope["headers"]:
        if name == b"content-length" and (not value.isdigit() or int(value) > limit):
            raise BodyTooLarge
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyGone
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise BodyTooLarge
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)
