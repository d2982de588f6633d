"""The agents service by HTTP, as a desk uses it: sign in, read, create."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
import orjson

_TIMEOUT: Final = aiohttp.ClientTimeout(total=10)
_LARGEST: Final = 4_194_304  # bytes of an answer
_COOKIES: Final = ("trunkline_session", "__Host-trunkline_session")
"""The session's cookie, as it is named by plain http and where the desk's address is https."""

UNREACHABLE: Final = (aiohttp.ClientError, OSError, TimeoutError)
"""The service, or the way to it, is away: try again later."""


class Refused(Exception):
    """The service answered, and not with success."""

    def __init__(self, status: int, code: str, detail: str, retry_after_s: float) -> None:
        super().__init__(f"{status} {code}: {detail}"[:500])
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s


@dataclass(slots=True)
class DeskSession:
    """One person's session; signs in when it must, and once only while the session lasts."""

    http: aiohttp.ClientSession
    url: str
    login: str
    password: str = field(repr=False)
    agent: dict[str, Any] = field(default_factory=dict)
    _cookie: str = field(default="", repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What a browser at the desk would send: the session, our own origin, and the sign of no forgery."""
        session = {"Cookie": self._cookie} if self._cookie else {}
        return {"Origin": self.url, "X-Trunkline": "1", **session}

    @property
    def signed_in(self) -> bool:
        """Whether there is a session, as far as we know."""
        return bool(self._cookie)

    def forget(self) -> None:
        """The session is over: sign in again before the next call."""
        self._cookie = ""

    async def sign_in(self) -> None:
        """Begin a session. Refused with 401 for a wrong password, 429 for too many attempts."""
        answer, cookie = await self._once("POST", "/api/v1/session", {"login": self.login, "password": self.password})
        if not cookie:
            raise Refused(200, "no-session", "signed in, and no session came", 0)
        self._cookie, self.agent = cookie, answer["agent"]

    async def call(self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None) -> Any:
        """One call, signed in; the answer's JSON. Refused or one of UNREACHABLE if it fails."""
        if not self._cookie:
            await self.sign_in()
        try:
            return (await self._once(method, path, body, headers=headers))[0]
        except Refused as refusal:
            if refusal.status == 401:
                self.forget()
            raise

    async def _once(
        self, method: str, path: str, body: Any, *, headers: dict[str, str] | None = None
    ) -> tuple[Any, str]:
        sent = self.headers | (headers or {}) | {"Content-Type": "application/json"}
        data = None if body is None else orjson.dumps(body)
        async with self.http.request(
            method, f"{self.url}{path}", data=data, headers=sent, timeout=_TIMEOUT, allow_redirects=False
        ) as response:
            content = await _read(response)
            if response.status >= 300:
                raise _refusal(response, content)
            found = [f"{name}={cookie.value}" for name in _COOKIES if (cookie := response.cookies.get(name))]
            return (orjson.loads(content) if content else None), "".join(found[:1])


async def _read(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > _LARGEST:
            raise aiohttp.ClientPayloadError(f"an answer of more than {_LARGEST} bytes")
    return bytes(content)


def _refusal(response: aiohttp.ClientResponse, content: bytes) -> Refused:
    try:
        problem = orjson.loads(content)
    except orjson.JSONDecodeError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    after = response.headers.get("Retry-After", "")
    seconds = float(after) if after.isascii() and after.isdigit() else 0.0
    return Refused(response.status, str(problem.get("code", "")), str(problem.get("detail", "")), seconds)
