"""How the simulated Twilio calls us: signed, within 15 s, and again if the URL's fragment asks for it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp

from trunkline.testing.twilio_rules import SimAccount

TOTAL_S = 15.0
"""Longest that Twilio tries, all attempts together (connection overrides, `tt`)."""

CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a call: the last status (None if none came), body and headers, and how many attempts it took."""

    status: int | None
    body: bytes = b""
    content_type: str = ""
    attempts: int = 1
    failure: str = ""

    @property
    def accepted(self) -> bool:
        """Did we take it?"""
        return self.status is not None and 200 <= self.status < 300


def sign(token: str, url: str, form: Mapping[str, str]) -> str:
    """X-Twilio-Signature of a form POST, written apart from the channel's own check of it."""
    text = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


class Caller:
    """Posts webhooks; one pool of connections for all of them."""

    def __init__(self, counters: Counter[str]) -> None:
        """Counts what became of each call in `counters`."""
        self._counters = counters
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=128), timeout=aiohttp.ClientTimeout(total=TOTAL_S, connect=CONNECT_S)
        )

    async def close(self) -> None:
        """End the connections."""
        await self._session.close()

    async def post(self, account: SimAccount, url: str, form: Mapping[str, str]) -> Reply:
        """One webhook, with the retries its URL asks for; the idempotency token is the same on all of them.

        Overrides in the fragment: `rc` retries (0 to 5, default 1) on `rp`: ct (not connected, the default), rt (no
        answer), 4xx, 5xx or all. The fragment is neither sent nor signed.
        """
        public, _, fragment = url.partition("#")
        overrides = parse_qs(fragment)
        retries = min(int(overrides.get("rc", ["1"])[0]), 5)
        policy = set(overrides.get("rp", ["ct"])[0].split(","))
        headers = {
            "X-Twilio-Signature": sign(account.token, public, form),
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": "TwilioProxy/1.1",
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
        }
        body = urlencode(form).encode()
        deadline = asyncio.get_running_loop().time() + TOTAL_S
        attempt = 1
        while True:
            reply, kind = await self._once(_reached(account, public), body, headers, attempt)
            self._counters[f"webhook_{reply.status or kind}"] += 1
            done = kind is None or not ({kind, "all"} & policy) or attempt > retries
            if done or asyncio.get_running_loop().time() >= deadline:
                return reply
            attempt += 1

    async def _once(self, url: str, body: bytes, headers: Mapping[str, str], attempt: int) -> tuple[Reply, str | None]:
        """One attempt, and what kind of failure it was in the words of `rp`."""
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                content = await response.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return Reply(None, attempts=attempt, failure=str(error)), "ct"
        except (aiohttp.ClientError, TimeoutError) as error:
            return Reply(None, attempts=attempt, failure=repr(error)), "rt"
        kind = None if response.status < 400 else "4xx" if response.status < 500 else "5xx"
        return Reply(response.status, content, response.content_type, attempt), kind


def _reached(account: SimAccount, public: str) -> str:
    """Where to connect for a public URL: the same path and query, perhaps at another host."""
    if account.connect_to is None:
        return public
    parts = urlsplit(public)
    return f"{account.connect_to}{parts.path}" + (f"?{parts.query}" if parts.query else "")
