"""A provider's request: size cap → account → verify → parse → publish → the provider's own right answer.

Raw ASGI: this is the hot path, and a framework's request and response would cost more than all the steps below.
Success means that everything in the request is in the log.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import structlog

from services.ingest.channel_log import ChannelLog
from services.ingest.publish import Publisher
from trunkline.asgi import Receive, Scope, Send, answer
from trunkline.body import BodyGone, BodyTooLarge, read_body
from trunkline.bus import BusError
from trunkline.channels.base import Answer, Challenge, Parsed, RawRequest, Rejected
from trunkline.config.accounts import Accounts, Configured
from trunkline.failpoints import afailpoint
from trunkline.http import traceparent
from trunkline.metrics import PUBLISH_SECONDS, RECEIVED

log = structlog.get_logger()

PREFIX = "/webhooks/"
_BODY_S = 10.0
_UNKNOWN = Answer(status=404, body=b"no such account")
_STRANGERS_EVERY_S = 1.0
NOBODY = "-"
"""The channel log's account for requests that name none of ours; no account can be called so."""


class Webhooks:
    """The ASGI application under `/webhooks/{account}`."""

    def __init__(
        self, accounts: Accounts, publisher: Publisher, channel_log: ChannelLog, *, body_s: float = _BODY_S
    ) -> None:
        self._accounts = accounts
        self._publisher = publisher
        self._log = channel_log
        self._body_s = body_s
        self._stranger_noted_at = float("-inf")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, in time, whatever it holds."""
        name = scope["path"][len(PREFIX) :]
        configured = self._accounts.get(name)
        if configured is None:
            # Its name came from outside: it is no label, or a scan of the internet fills the metrics.
            RECEIVED.labels("", "unknown-account").inc()
            self._note_stranger(name)
            await _reply(send, _UNKNOWN, close=True)
            return
        try:
            outcome, told, whole = await self._answer(scope, receive, configured)
        except BodyGone:
            RECEIVED.labels(name, "disconnected").inc()
            return
        RECEIVED.labels(name, outcome).inc()
        await _reply(send, told, close=not whole)

    def _note_stranger(self, name: str) -> None:
        """A mistyped address must be found in the log; a scan of the internet must not fill it: a line a second."""
        now = time.monotonic()
        if now - self._stranger_noted_at >= _STRANGERS_EVERY_S:
            self._stranger_noted_at = now
            self._log.note(NOBODY, "unknown-account", "no account of that name is configured", name[:200])

    async def _answer(self, scope: Scope, receive: Receive, configured: Configured) -> tuple[str, Answer, bool]:
        """Outcome, answer, and whether the body was read to its end: if not, the connection cannot go on."""
        ack = configured.channel.manifest.ack
        answer_by = asyncio.get_running_loop().time() + ack.budget_s * 0.9
        try:
            async with asyncio.timeout(self._body_s):
                body = await read_body(scope, receive, configured.channel.manifest.max_body_bytes)
        except BodyTooLarge:
            self._log.note(configured.account.name, "too-large", "the request's body is above the channel's limit")
            return "too-large", ack.refused.model_copy(update={"status": _allowed(413, ack.never)}), False
        except TimeoutError:
            self._log.note(configured.account.name, "too-slow", f"the body did not come within {self._body_s:g} s")
            return "too-slow", ack.retry_later, False
        return *await self._take(_request(scope, body, configured), configured, answer_by), True

    async def _take(self, request: RawRequest, configured: Configured, answer_by: float) -> tuple[str, Answer]:
        account, channel, _ = configured
        ack = channel.manifest.ack
        verdict = channel.verify(request, account)
        if isinstance(verdict, Rejected):
            self._log.note(account.name, "rejected", verdict.reason)
            return "rejected", ack.refused
        if isinstance(verdict, Challenge):
            return "challenge", verdict.answer
        parsed = channel.parse(request, account)
        await afailpoint("ingest.verified")
        try:
            async with asyncio.timeout_at(answer_by):
                with PUBLISH_SECONDS.time():
                    unread = await self._publish(parsed, request, configured)
        except (BusError, TimeoutError) as error:
            self._log.note(account.name, "not-published", f"the log did not take it in time: {error}")
            return "retry-later", ack.retry_later
        await afailpoint("ingest.published")
        return ("problem" if unread else "accepted"), ack.accepted

    async def _publish(self, parsed: Parsed, request: RawRequest, configured: Configured) -> bool:
        """Put it into the log; whether some of it could only be set aside."""
        trace = traceparent(request.header("traceparent"))
        problems = await self._publisher.publish(parsed, request, configured, trace=trace)
        for problem in problems:
            self._log.note(configured.account.name, problem.kind, problem.reason, problem.original)
        return bool(problems)


def _request(scope: Scope, body: bytes, configured: Configured) -> RawRequest:
    query = scope["query_string"].decode("latin-1")
    return RawRequest.model_construct(
        method=scope["method"],
        url=f"{configured.account.webhook_url}{'?' if query else ''}{query}",
        headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]),
        body=body,
        received_at=datetime.now(UTC),
    )


def _allowed(status: int, never: tuple[int, ...]) -> int:
    return 400 if status in never else status


async def _reply(send: Send, told: Answer, *, close: bool) -> None:
    """`close`: some of the request was not read; the server would go on waiting for the rest of it."""
    headers = {"content-type": told.content_type} | {name.lower(): value for name, value in told.headers.items()}
    await answer(send, told.status, told.body, headers | ({"connection": "close"} if close else {}))
