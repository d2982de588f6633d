"""Fetching what a message only points at, into blobs, before anybody is told success.

A failure keeps the message: its media part says what went wrong, and keeps the provider's address.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import aiohttp
import structlog
from aiohttp.abc import AbstractResolver, ResolveResult

from trunkline.blobs import Blobs
from trunkline.channels.base import FetchesMedia, SendStep
from trunkline.channels.hosts import is_loopback
from trunkline.config.accounts import Configured
from trunkline.messages import InboundMessage, Media, Part

log = structlog.get_logger()

_TOTAL_S = 8.0
_REDIRECTS = 3


class Refused(Exception):
    """We will not fetch that; the text says why."""


class _CheckedResolver(AbstractResolver):
    """Resolves names, and refuses addresses that are not what the account's own API is: public, or this machine.

    Judged here, after resolving and on the very address that is connected to, so that a name cannot change its mind.
    """

    def __init__(self, *, loopback: bool) -> None:
        self._inner = aiohttp.resolver.ThreadedResolver()
        self._loopback = loopback

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The host's addresses; Refused if any is not allowed."""
        found = await self._inner.resolve(host, port, family)
        for one in found:
            check_address(one["host"], loopback=self._loopback)
        return found

    async def close(self) -> None:
        """Nothing is kept."""
        await self._inner.close()


def check_address(text: str, *, loopback: bool) -> None:
    """Refused unless the address is public (or, for an account whose API is on this machine, on this machine)."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if loopback and address.is_loopback:
        return
    if not address.is_global or address.is_multicast:
        raise Refused("its address is not a public one")


class MediaFetcher:
    """Fetches media for ingest."""

    def __init__(self, blobs: Blobs, *, total_s: float = _TOTAL_S) -> None:
        self._blobs = blobs
        self._total_s = total_s
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> Self:
        for loopback in (False, True):
            connector = aiohttp.TCPConnector(resolver=_CheckedResolver(loopback=loopback), limit=64, limit_per_host=16)
            self._sessions[loopback] = aiohttp.ClientSession(connector=connector, auto_decompress=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in self._sessions.values():
            await session.close()

    async def fetch(self, message: InboundMessage, configured: Configured) -> InboundMessage:
        """The message with its media in blobs, as far as they could be had in eight seconds."""
        if not any(isinstance(part, Media) and part.source and part.blob is None for part in message.parts):
            return message
        parts = await asyncio.gather(*(self._part(part, configured) for part in message.parts))
        return message.model_copy(update={"parts": tuple(parts)})

    async def _part(self, part: Part, configured: Configured) -> Part:
        if not isinstance(part, Media) or part.source is None or part.blob is not None:
            return part
        try:
            async with asyncio.timeout(self._total_s):
                content = await self._download(part.source, configured)
            return part.model_copy(update={"blob": await self._blobs.put(content)})
        except (Refused, ValueError) as error:
            problem = str(error)
        except TimeoutError:
            problem = f"it did not come within {self._total_s:g} s"
        except (aiohttp.ClientError, OSError) as error:
            problem = f"it could not be fetched ({type(error).__name__})"
        log.warning("media_not_fetched", account=configured.account.name, reason=problem)
        return part.model_copy(update={"problem": problem[:500]})

    async def _download(self, source: str, configured: Configured) -> bytes:
        channel = configured.channel
        if not isinstance(channel, FetchesMedia):
            raise Refused("the channel has no way to fetch it")
        rule = channel.manifest.media
        limit = rule.max_bytes if rule is not None else 5_000_000
        step = channel.media_request(source, configured.account)
        headers = dict(step.headers)
        if step.basic_auth is not None:
            headers["authorization"] = aiohttp.encode_basic_auth(*step.basic_auth)
        return await self._follow(step, headers, limit)

    async def _follow(self, step: SendStep, headers: dict[str, str], limit: int) -> bytes:
        """GET, following redirects by hand: credentials never leave the host they are for."""
        url, first = step.url, urlsplit(step.url)
        loopback = is_loopback(first.hostname or "")
        for _ in range(_REDIRECTS + 1):
            parts = urlsplit(url)
            here = loopback and is_loopback(parts.hostname or "")
            if parts.scheme != "https" and not (here and parts.scheme == "http"):
                raise Refused("its address is not https")
            _check_literal(parts.hostname or "", loopback=loopback)
            own = parts.netloc == first.netloc
            async with self._sessions[loopback].get(
                url, headers=headers if own else {}, allow_redirects=False
            ) as response:
                if response.status in {301, 302, 303, 307, 308}:
                    url = urljoin(url, response.headers.get("location", ""))
                    continue
                if response.status != 200:
                    raise Refused(f"the provider answered {response.status}")
                return await _bounded(response, limit)
        raise Refused("it was redirected too often")


async def _bounded(response: aiohttp.ClientResponse, limit: int) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_chunked(65_536):
        content += chunk
        if len(content) > limit:
            raise Refused(f"it is larger than {limit} bytes")
    return bytes(content)


def _check_literal(host: str, *, loopback: bool) -> None:
    """An address written out is not resolved by anybody, so it is judged here."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    check_address(host, loopback=loopback)
