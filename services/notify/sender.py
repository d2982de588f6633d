"""One step: a provider's call and what came back, or what its silence means; or a signal, which nobody answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache
from types import TracebackType
from typing import Self

import aiohttp

from services.notify.smtp import transact
from trunkline.blobs import Blobs
from trunkline.channels.base import NoResponse, Response, SendStep

_CONNECTIONS = 256
_CONNECT_S = 5.0
_MOST_BYTES = 262_144
_TOLD = Response(status=202)


class Sender:
    """aiohttp (measured at four times the rate of the alternatives); mail goes by SMTP."""

    def __init__(self, blobs: Blobs | None = None, tell: Callable[[str, bytes], None] | None = None) -> None:
        self._blobs = blobs
        self._tell = tell
        self._session: aiohttp.ClientSession | None = None
        self.slots = asyncio.Semaphore(_CONNECTIONS)
        """Held around each call: to wait in line for a connection of ours is no failure of the provider's."""

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=60, keepalive_timeout=30),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def call(self, step: SendStep) -> Response | NoResponse:
        """Make the call once. No redirects: credentials stay with the host they are for."""
        if step.mail is not None:
            if self._blobs is None:
                raise RuntimeError("a sender of mail needs the blobs")
            return await transact(step, step.mail, self._blobs)
        if step.kind == "signal":
            return self._signal(step)
        if self._session is None:
            raise RuntimeError("enter the sender first")
        headers = dict(step.headers)
        if step.basic_auth is not None:
            headers["authorization"] = _authorization(*step.basic_auth)
        timeout = _timeout(step.timeout_s)
        try:
            async with self._session.request(
                step.method, step.url, data=step.body, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                body = await _read(response)
                found = {name.lower(): value for name, value in response.headers.items()}
                return Response(status=response.status, headers=found, body=body)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return NoResponse(sent=False, reason=type(error).__name__)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return NoResponse(sent=True, reason=type(error).__name__)

    def _signal(self, step: SendStep) -> Response:
        if self._tell is None:
            raise RuntimeError("this sender was given no signals")
        self._tell(step.url, step.body)
        return _TOLD


@lru_cache(maxsize=16)
def _timeout(total_s: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=total_s, connect=_CONNECT_S, sock_connect=_CONNECT_S)


@lru_cache(maxsize=16)
def _authorization(user: str, secret: str) -> str:
    return aiohttp.encode_basic_auth(user, secret)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The answer's body: all of it (one read gives no more than the first packet), up to what any answer needs."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) >= _MOST_BYTES:
            break
    return bytes(body[:_MOST_BYTES])
