"""The agents service's internal API, by which the other services ask and tell the record: it alone speaks SQL."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import aiohttp
import orjson

from trunkline.settings import AsksAgents

_CONNECTIONS = 32


class RecordAway(Exception):
    """The agents service, or its record, does not answer, or not so that it can be understood; the message says why."""


class Refused(RecordAway):
    """The agents service answered that it will not: `code` is the problem's, `detail` its words."""

    def __init__(self, path: str, status: int, code: str, detail: str) -> None:
        super().__init__(f"{path} was answered {status}")
        self.code = code
        self.detail = detail


class Internal:
    """One process's client; a component (`async with`). An answer that takes longer than `total_s` is none."""

    def __init__(self, url: str, token: str, *, total_s: float = 5.0) -> None:
        self._url = url
        self._headers = {"authorization": f"Bearer {token}"}
        self._total_s = total_s
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(total=self._total_s),
            connector=aiohttp.TCPConnector(limit=_CONNECTIONS),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        """The answer's JSON. RecordAway; Refused where it answered that it will not."""
        return await self._ask("GET", path, params=query)

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer's JSON; nothing for an answer without a body. RecordAway; Refused where it answered so."""
        return await self._ask("POST", path, json=body)

    async def _ask(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        if self._session is None:
            raise RuntimeError("enter the client first")
        try:
            async with self._session.request(method, self._url + path, **options) as response:
                if response.status >= 300:
                    raise _refused(path, response.status, await response.read())
                told: dict[str, Any] = orjson.loads(await response.read() or b"{}")
                return told
        except (aiohttp.ClientError, OSError, TimeoutError, orjson.JSONDecodeError) as error:
            raise RecordAway(type(error).__name__) from error


def _refused(path: str, status: int, body: bytes) -> Refused:
    """What a problem (RFC 9457) says of itself; a body that is none, as a proxy's page, says nothing."""
    try:
        problem = orjson.loads(body)
    except orjson.JSONDecodeError:
        problem = None
    told = problem if isinstance(problem, dict) else {}
    return Refused(path, status, str(told.get("code", "")), str(told.get("detail") or told.get("title") or ""))


def asks(settings: AsksAgents, *, total_s: float = 5.0) -> Internal:
    """The client that these settings say."""
    return Internal(settings.agents_internal_url, settings.internal_token.get_secret_value(), total_s=total_s)
