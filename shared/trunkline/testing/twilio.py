"""A provider simulator: Twilio's HTTP, both ways, on loopback.

It takes `Messages.json` as Twilio does, answers as scripted, posts signed status callbacks, keeps media behind basic
auth and a redirect, and plays the customer. What it checks and says is in `twilio_rules`; how it calls back is in
`twilio_calls`. Nothing of the channel under test is used here, the signature included.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Self
from urllib.parse import parse_qsl

from aiohttp import web

from trunkline.testing.twilio_calls import Caller, Reply
from trunkline.testing.twilio_media import MediaStore
from trunkline.testing.twilio_rules import Behaviour, Refusal, Script, Sent, SimAccount, answered, judge, keyword

ReplyHook = Callable[[Sent], Coroutine[Any, Any, None]]

STORY = (("sent", 0.02), ("delivered", 0.05))
"""Status callbacks of a message that arrives: status, and seconds after the one before."""


def _asked_at(target: SimAccount, from_: str) -> str:
    """The number that somebody at this address would write to."""
    kind = "whatsapp:" if from_.startswith("whatsapp:") else "+"
    return next((sender for sender in target.senders if sender.startswith(kind)), "+15005550006")


class TwilioSimulator:
    """Twilio on loopback, as an async context manager; `url` is its api_base.

    `callbacks=False` posts no status callbacks, and `keep` bounds what is remembered, for benches; the counters
    always count. `duplicate` and `reorder` are the shares of callbacks that come twice, or before their elder.
    `unreachable` maps numbers to the error code of their `undelivered`. The same seed gives the same chances.
    """

    def __init__(
        self,
        accounts: Iterable[SimAccount],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        callbacks: bool = True,
        duplicate: float = 0.0,
        reorder: float = 0.0,
        rates: Mapping[Behaviour, float] | None = None,
        retry_after_s: int = 1,
        unreachable: Mapping[str, int] | None = None,
        keep: int = 10_000,
        seed: int = 0,
        on_reply: ReplyHook | None = None,
    ) -> None:
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"the simulator answers on loopback only, not on {host}")
        self.accounts = {account.sid: account for account in accounts}
        self.script = Script(rates or {}, chance=random.Random(seed))  # noqa: S311  not a secret, but repeatable
        self.sent: deque[Sent] = deque(maxlen=keep)
        self.counters: Counter[str] = Counter()
        self.opted_out: set[tuple[str, str]] = set()
        self.on_reply = on_reply
        self._host, self._port = host, port
        self._callbacks, self._duplicate, self._reorder = callbacks, duplicate, reorder
        self._retry_after_s, self._unreachable = retry_after_s, dict(unreachable or {})
        self._ids, self._seed, self._chance = 0, seed, random.Random(seed + 1)  # noqa: S311  as above
        self._errands: set[asyncio.Task[None]] = set()
        self._ending = asyncio.Event()
        self._news = asyncio.Condition()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self._runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=1)
            await self._runner.setup()
            stack.push_async_callback(self._runner.cleanup)
            await web.TCPSite(self._runner, self._host, self._port).start()
            self._port = self._runner.addresses[0][1]
            self.media = await MediaStore(self._host, self.url).start()
            stack.push_async_callback(self.media.stop)
            self._caller = Caller(self.counters)
            stack.push_async_callback(self._caller.close)
            self._open = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ending.set()
        for errand in self._errands:
            errand.cancel()
        await asyncio.gather(*self._errands, return_exceptions=True)
        await self._open.aclose()

    @property
    def url(self) -> str:
        """The api_base to configure."""
        return f"http://{self._host}:{self._port}"

    async def wait_for(self, accepted: int, *, timeout: float = 30.0) -> None:
        """Return once that many messages were accepted in all; TimeoutError if they do not come."""
        async with asyncio.timeout(timeout), self._news:
            await self._news.wait_for(lambda: self.counters["accepted"] >= accepted)

    async def idle(self) -> None:
        """Return once every status callback and every reply hook so far has ended."""
        while self._errands:
            await asyncio.wait(self._errands)

    async def customer_writes(
        self,
        from_: str,
        body: str,
        *,
        to: str = "",
        account: str | None = None,
        media: Sequence[tuple[bytes, str]] = (),
        extra: Mapping[str, str] | None = None,
        sid: str | None = None,
    ) -> Reply:
        """A customer writes: a signed POST to the account's webhook; what we answered, or how it failed.

        `media` are (bytes, content type). The number written `to` is the account's first sender of the same kind
        (SMS or WhatsApp) if not given; the account is the only one, unless its sid is given. The same `sid` again is a
        provider's repeat. Retries follow the `#rc=…&rp=…` of the webhook URL; without, one retry when we could not be
        reached.
        """
        target = self.accounts[account] if account is not None else next(iter(self.accounts.values()))
        asked = keyword(body)
        if asked == "STOP":
            self.opted_out.add((target.sid, from_))
        elif asked == "START":
            self.opted_out.discard((target.sid, from_))
        form = self._message_form(target, sid or self._sid("MM" if media else "SM"), media)
        form |= {"Body": body, "From": from_, "To": to or _asked_at(target, from_)}
        self.counters["customer_messages"] += 1
        return await self._caller.post(target, target.webhook_url, form | dict(extra or {}))

    def _message_form(self, target: SimAccount, sid: str, media: Sequence[tuple[bytes, str]]) -> dict[str, str]:
        form = {
            "AccountSid": target.sid,
            "ApiVersion": "2010-04-01",
            "MessageSid": sid,
            "NumMedia": str(len(media)),
            "NumSegments": "1",
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "SmsStatus": "received",
        }
        for index, (content, kind) in enumerate(media):
            form[f"MediaUrl{index}"] = self.media.keep(content, kind, account=target, message=sid)
            form[f"MediaContentType{index}"] = kind
        return form

    # The hot path: one handler, no router, no middleware. A bench sends 3 000 messages a second through it.

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if request.method == "POST" and path.endswith("/Messages.json"):
            return await self._messages(request)
        if path == "/_simulator":
            return web.json_response(dict(self.counters))
        return self.media.answer(request, self.accounts)

    async def _messages(self, request: web.BaseRequest) -> web.StreamResponse:
        raw = await request.read()
        self.counters["requests"] += 1
        form = parse_qsl(raw.decode(errors="replace"), keep_blank_values=True)
        behaviour = self.script.next()
        refusal = judge(request, form, self.accounts, opted_out=self.opted_out)
        if behaviour is Behaviour.THROTTLED:
            refusal = Refusal(429, 20429, "Too Many Requests")
        elif behaviour in {Behaviour.ERROR, Behaviour.STORM}:
            if behaviour is Behaviour.STORM:
                await self.script.storm.wait()
            refusal = Refusal(500, 20500, "Internal Server Error")
        elif behaviour in {Behaviour.HANG, Behaviour.CLOSE}:
            return await self._lose(request, behaviour)
        if refusal is not None:
            self.counters[f"refused_{refusal.code}"] += 1
            return refusal.answer(retry_after_s=self._retry_after_s)
        return await self._accept(request, raw, form, behaviour)

    async def _accept(
        self, request: web.BaseRequest, raw: bytes, form: Sequence[tuple[str, str]], behaviour: Behaviour
    ) -> web.StreamResponse:
        sent = Sent.of(self._sid("SM"), form, path=request.path, body_sha256=hashlib.sha256(raw).hexdigest())
        self.sent.append(sent)
        self.counters["accepted"] += 1
        if self._callbacks and sent.status_callback:
            self._later(self._tell_story(sent))
        if self.on_reply is not None:
            self._later(self.on_reply(sent))
        async with self._news:
            self._news.notify_all()
        if behaviour in {Behaviour.SILENT, Behaviour.GARBAGE}:
            self.counters[f"accepted_{behaviour.value}"] += 1
        if behaviour is Behaviour.SILENT:
            return await self._lose(request, behaviour)
        if behaviour is Behaviour.GARBAGE:
            return web.Response(status=201, body=b"\xff<html>", content_type="application/json")
        return answered(sent)

    async def _lose(self, request: web.BaseRequest, behaviour: Behaviour) -> web.StreamResponse:
        """Break the connection without an answer: at once, or (hang) when the simulator ends or the client goes."""
        self.counters[behaviour.value] += 1
        if behaviour is Behaviour.HANG:
            await self._ending.wait()
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    def _later(self, errand: Coroutine[Any, Any, None]) -> None:
        task: asyncio.Task[None] = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._errands.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.counters["errand_failed"] += 1
            asyncio.get_running_loop().call_exception_handler(
                {"message": "an errand of the simulator failed", "exception": task.exception()}
            )

    async def _tell_story(self, sent: Sent) -> None:
        code = self._unreachable.get(sent.to)
        story = list(STORY) if code is None else [STORY[0], ("undelivered", STORY[1][1])]
        if self._chance.random() < self._reorder:
            story.reverse()
        for status, pause in story:
            await asyncio.sleep(pause)
            times = 2 if self._chance.random() < self._duplicate else 1
            for _ in range(times):
                await self.tell(sent, status, error_code=code if status == "undelivered" else None)

    async def tell(self, sent: Sent, status: str, *, error_code: int | None = None) -> Reply:
        """Post one signed status callback about a message we sent; any status, known or not."""
        account = self.accounts[sent.account]
        form = {
            "AccountSid": sent.account,
            "ApiVersion": "2010-04-01",
            "From": sent.from_,
            "MessageSid": sent.sid,
            "MessageStatus": status,
            "SmsSid": sent.sid,
            "SmsStatus": status,
            "To": sent.to,
        }
        if error_code is not None:
            form["ErrorCode"] = str(error_code)
        self.counters["callbacks"] += 1
        return await self._caller.post(account, sent.status_callback, form)

    def _sid(self, kind: str) -> str:
        self._ids += 1
        # The time makes two runs against one log differ: a repeated sid would be a duplicate to the router.
        return f"{kind}{time.time_ns() // 1_000_000:012x}{self._seed & 0xFFFFFFFF:08x}{self._ids:012x}"


async def run(
    host: str,
    port: int,
    accounts: Iterable[SimAccount],
    *,
    ready: Callable[[TwilioSimulator], None] | None = None,
    **options: Any,
) -> None:
    """Serve until cancelled, in a process of its own; `ready` is called with the simulator once it listens."""
    async with TwilioSimulator(accounts, host=host, port=port, **options) as simulator:
        if ready is not None:
            ready(simulator)
        await asyncio.Event().wait()
