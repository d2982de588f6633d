"""Asking the record, through the agents service, which threads the mails are in that a mail names."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import aiohttp
import structlog
from pydantic import BaseModel, ValidationError

log = structlog.get_logger()

_TOTAL_S = 5.0


class IndexAway(Exception):
    """The record does not answer: without it a mail could land in another thread when it comes again."""


class KnownMail(BaseModel):
    """A mail the record has."""

    thread: str
    digest: str | None


class Found(BaseModel):
    """What the record knows: mails by our message id, and the addresses that took part in each thread."""

    mails: dict[str, KnownMail]
    participants: dict[str, list[str]]


class MailIndex:
    """A client of the agents service's internal API; a component (`async with`)."""

    def __init__(self, url: str, token: str, *, total_s: float = _TOTAL_S) -> None:
        self._url = f"{url}/internal/mail-threads"
        self._headers = {"authorization": f"Bearer {token}"}
        self._total_s = total_s
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=self._total_s)
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def look(self, account: str, *, mails: list[str], threads: list[str]) -> Found:
        """The threads of these mails, and who took part in them and in these threads. IndexAway without an answer."""
        if self._session is None:
            raise RuntimeError("enter the index first")
        asked = {"account": account, "mails": mails, "threads": threads}
        try:
            async with self._session.post(self._url, json=asked) as response:
                if response.status != 200:
                    raise IndexAway(f"the record answered {response.status}")
                return Found.model_validate_json(await response.read())
        except (aiohttp.ClientError, TimeoutError, ValidationError) as error:
            raise IndexAway(type(error).__name__) from error
