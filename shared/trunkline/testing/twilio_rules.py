"""What the simulated Twilio checks, remembers and says; no I/O here."""

from __future__ import annotations

import asyncio
import base64
import hmac
import random
import time
from collections import deque
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import StrEnum

from aiohttp import web


@dataclass(frozen=True, slots=True)
class SimAccount:
    """An account at the simulated Twilio.

    `webhook_url` is the public URL, as Twilio would sign it, its `#rc=…&rp=…` included; `connect_to` (scheme, host
    and port) is where to reach it when that is elsewhere, as behind a proxy. No `senders` means any.
    """

    sid: str
    token: str = field(repr=False)
    webhook_url: str
    senders: tuple[str, ...] = ()
    connect_to: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """One accepted message: what a customer's phone would get. `at` is Unix time in seconds."""

    sid: str
    account: str
    to: str
    from_: str
    body: str
    media: tuple[str, ...]
    status_callback: str
    body_sha256: str
    at: float

    @classmethod
    def of(cls, sid: str, form: Sequence[tuple[str, str]], *, path: str, body_sha256: str) -> Sent:
        """Read from the parameters of the call."""
        values = dict(form)
        return cls(
            sid=sid,
            account=path.split("/")[3],
            to=values["To"],
            from_=values.get("From") or values.get("MessagingServiceSid", ""),
            body=values.get("Body", ""),
            media=tuple(value for name, value in form if name == "MediaUrl"),
            status_callback=values.get("StatusCallback", ""),
            body_sha256=body_sha256,
            at=time.time(),
        )


class Behaviour(StrEnum):
    """How a call ends."""

    OK = "ok"
    THROTTLED = "throttled"
    """429 with Retry-After; not taken."""
    ERROR = "error"
    """500; not taken."""
    STORM = "storm"
    """500, once all calls of the storm are under way; not taken."""
    HANG = "hang"
    """Read and never answered; not taken."""
    CLOSE = "close"
    """Read, then the connection breaks; not taken."""
    SILENT = "silent"
    """Taken, then the connection breaks before the answer."""
    GARBAGE = "garbage"
    """Taken, and answered 201 with nonsense."""


class Script:
    """The behaviours to come: those asked for, in order, then by chance at the given rates."""

    def __init__(self, rates: Mapping[Behaviour, float], *, chance: random.Random) -> None:
        """`rates` are shares of all calls, which together must not pass 1."""
        if sum(rates.values()) > 1:
            raise ValueError("the rates add up to more than every call")
        self._rates = {name: rate for name, rate in rates.items() if rate > 0}
        self._chance = chance
        self._asked: deque[Behaviour] = deque()
        self.storm = asyncio.Barrier(1)

    def then(self, *behaviours: Behaviour) -> None:
        """The next calls end so, one each."""
        self._asked.extend(behaviours)

    def then_storm(self, calls: int) -> None:
        """The next so many calls all fail, none before the last of them has come."""
        self.storm = asyncio.Barrier(calls)
        self.then(*[Behaviour.STORM] * calls)

    def next(self) -> Behaviour:
        """How this call ends."""
        if self._asked:
            return self._asked.popleft()
        if not self._rates:
            return Behaviour.OK
        ball = self._chance.random()
        for name, rate in self._rates.items():
            ball -= rate
            if ball < 0:
                return name
        return Behaviour.OK


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error of Twilio's: HTTP status, code and message."""

    status: int
    code: int
    message: str

    def answer(self, *, retry_after_s: int) -> web.Response:
        """In Twilio's JSON."""
        headers = {"Retry-After": str(retry_after_s)} if self.status == 429 else None
        body = {"code": self.code, "message": self.message, "more_info": "", "status": self.status}
        return web.json_response(body, status=self.status, headers=headers)


def judge(
    request: web.BaseRequest,
    form: Sequence[tuple[str, str]],
    accounts: Mapping[str, SimAccount],
    *,
    opted_out: Set[tuple[str, str]],
) -> Refusal | None:
    """What Twilio finds wrong with a call to Messages.json, or None."""
    segments = request.path.split("/")
    account = accounts.get(segments[3]) if len(segments) == 5 and segments[1] == "2010-04-01" else None
    if not authorized(request, account) or account is None:
        return Refusal(401, 20003, "Authenticate")
    return _wrong_with(dict(form), account, form, opted_out)


def _wrong_with(
    values: Mapping[str, str],
    account: SimAccount,
    form: Sequence[tuple[str, str]],
    opted_out: Set[tuple[str, str]],
) -> Refusal | None:
    to, sender = values.get("To", ""), values.get("From", "")
    media = sum(name == "MediaUrl" for name, _ in form)
    checks = (
        (not to, 21604, "A 'To' phone number is required."),
        (not sender and not values.get("MessagingServiceSid"), 21603, "A 'From' phone number is required."),
        (not values.get("Body", "").strip() and not media and not values.get("ContentSid"), 21602, "Body is required."),
        (len(values.get("Body", "")) > 1_600, 21617, "The concatenated message body exceeds the 1600 character limit."),
        (media > 10, 21623, "Number of media files exceeds allowed limit."),
        (not to.removeprefix("whatsapp:").lstrip("+").isdigit(), 21211, "Invalid 'To' Phone Number"),
        (sender and account.senders and sender not in account.senders, 21606, "The 'From' number is not yours."),
        ((account.sid, to) in opted_out, 21610, "Attempt to send to unsubscribed recipient"),
    )
    for wrong, code, message in checks:
        if wrong:
            return Refusal(400, code, message)
    return None


def authorized(request: web.BaseRequest, account: SimAccount | None) -> bool:
    """Does the request carry the account's basic auth?"""
    if account is None:
        return False
    wanted = b"Basic " + base64.b64encode(f"{account.sid}:{account.token}".encode())
    return hmac.compare_digest(request.headers.get("Authorization", "").encode(), wanted)


def answered(sent: Sent) -> web.Response:
    """Twilio's 201 for an accepted message."""
    body = f'{{"sid":"{sent.sid}","status":"queued","error_code":null,"error_message":null}}'
    return web.Response(status=201, body=body.encode(), content_type="application/json")


_STOP = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
_START = {"START", "YES", "UNSTOP"}


def keyword(body: str) -> str | None:
    """STOP or START if that is all a customer's message says: Twilio then blocks or unblocks him by itself."""
    word = body.strip().upper()
    return "STOP" if word in _STOP else "START" if word in _START else None
