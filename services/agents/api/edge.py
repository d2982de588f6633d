"""What every request passes first: its body is bounded in size and time, and its answer gets our headers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from services.agents.api.problems import answer
from trunkline.body import BodyGone, BodyTooLarge, read_body

API_BYTES = 1_048_576
INTERNAL_BYTES = 4 * 1_048_576
_BODY_S = 10.0
_FILES = re.compile(r"/api/v1/conversations/[^/]+/files")
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", _CSP.encode()),
    (b"cache-control", b"no-store"),
)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Edge:
    """ASGI, around all routes."""

    def __init__(self, app: App, *, body_s: float = _BODY_S) -> None:
        self._app = app
        self._body_s = body_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "POST" and _FILES.fullmatch(scope["path"]):
            await self._file(scope, receive, _with_headers(send))
            return
        limit = INTERNAL_BYTES if scope["path"].startswith("/internal/") else API_BYTES
        send = _with_headers(send)
        try:
            async with asyncio.timeout(self._body_s):
                body = await read_body(scope, receive, limit)
        except BodyGone:
            return
        except BodyTooLarge:
            refusal = answer(413, "too-large", f"a request's body is at most {limit} bytes")
        except TimeoutError:
            refusal = answer(408, "too-slow", f"the body did not come within {self._body_s:g} s")
        else:
            await self._app(scope, _again(body, receive), send)
            return
        refusal.headers["connection"] = "close"  # the rest of the body will not be read
        await refusal(scope, receive, send)

    async def _file(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A file is bounded by who takes it, as it comes; an answer before its end also ends the connection."""
        whole = False

        async def watched() -> Message:
            nonlocal whole
            message = await receive()
            whole = whole or not message.get("more_body", False)
            return message

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and not whole:
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        await self._app(scope, watched, sending)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body once more, whole; then whatever comes."""
    given = False

    async def once() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            told = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *((name, value) for name, value in _HEADERS if name not in told)]
        await send(message)

    return sending
