"""Asking the record, through the agents service, for what the board forgets after a while."""

from __future__ import annotations

from types import TracebackType
from typing import Any, NamedTuple, Self

import aiohttp
import structlog

log = structlog.get_logger()

_MOST_BEHIND_S = 1_800
"""A projection further behind than this cannot say that it does not know a message: the board's exact memory of
operations lasts an hour, and the two must overlap."""


class Last(NamedTuple):
    """A thread's last conversation, as the record knows it."""

    known: bool
    agent: str


class Record:
    """A client of the agents service's internal API."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._headers = {"authorization": f"Bearer {token}"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=aiohttp.ClientTimeout(total=2.0))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def knows(self, message: str, *, account: str, shard: int, end: int) -> bool | None:
        """Whether this message is in the record; None while it cannot say (away, or its projection is behind).

        `end` is the end of the shard's `routing-events`: a record that has read so far knows everything.
        """
        query = {"account": account, "shard": str(shard), "end": str(end)}
        answer = await self._ask("GET", f"/internal/messages/{message}", params=query)
        if answer is None:
            return None
        if answer["known"]:
            return True
        return False if answer["behind_s"] < _MOST_BEHIND_S else None

    async def last(self, threads: list[str]) -> dict[str, Last]:
        """Each thread's last conversation, those the record knows; nothing at all when there is no answer within 2 s:
        route without it."""
        answer = await self._ask("POST", "/internal/threads", json={"threads": threads})
        found = answer["threads"] if answer is not None else {}
        return {thread: Last(known=True, agent=one["agent"]) for thread, one in found.items()}

    async def _ask(self, method: str, path: str, **options: Any) -> dict[str, Any] | None:
        if self._session is None:
            raise RuntimeError("enter the record first")
        try:
            async with self._session.request(method, self._url + path, **options) as response:
                if response.status != 200:
                    log.warning("record_refused", path=path, status=response.status)
                    return None
                answer: dict[str, Any] = await response.json()
                return answer
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            log.warning("record_away", error=type(error).__name__)
            return None
