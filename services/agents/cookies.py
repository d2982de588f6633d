"""The session's token at the browser: in a cookie that no script reads, by https only where the desk is https."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import HTTPConnection
from starlette.responses import Response

PLAIN: Final = "trunkline_session"
"""The cookie's name where the desk is served by plain http, as on one's own machine."""

SECURE: Final = "__Host-trunkline_session"
"""By https. Browsers take the prefix only from this very host, over https (RFC 6265bis 4.1.3)."""


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """Gives, reads and takes back the cookie.

    `https` is what the operator says of the desk's address: then only the secure cookie is given and taken, so a plain
    one planted by a neighbour host means nothing. Else the page that signs in decides: whether it came by https stands
    in its `Origin`, which browsers send with every POST and a proxy does not change. Who lies there makes only their
    own cookie stricter, so no proxy needs to be trusted.
    """

    https: bool = False

    def give(self, response: Response, token: str, *, asked_by: HTTPConnection, max_age_s: int) -> None:
        """Let the browser keep the token."""
        secure = self.https or asked_by.url.scheme == "https" or _origin(asked_by).startswith("https://")
        response.set_cookie(
            SECURE if secure else PLAIN, token, max_age=max_age_s, httponly=True, samesite="strict", path="/",
            secure=secure,
        )  # fmt: skip

    def token(self, cookies: Mapping[str, str | None]) -> str | None:
        """The token a request brings, if any."""
        return cookies.get(SECURE) or (None if self.https else cookies.get(PLAIN))

    def forget(self, response: Response) -> None:
        """Let the browser drop it, by whichever name."""
        for name, secure in ((SECURE, True), (PLAIN, False)):
            response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="strict")


def _origin(asked_by: HTTPConnection) -> str:
    return asked_by.headers.get("origin", "")
