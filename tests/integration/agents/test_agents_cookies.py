"""The session's cookie: secure and bound to its host where the desk is https, and usable by plain http on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookies import Morsel

import aiohttp
import pytest

from services.agents.cookies import PLAIN, SECURE, SessionCookie
from tests.integration.agents.rig import OWN_PAGE, Person, inner
from trunkline.testing.deployment import Deployment

pytestmark = pytest.mark.asyncio(loop_scope="session")

HTTPS_PAGE = OWN_PAGE | {"Host": "desk.example", "Origin": "https://desk.example"}
"""What a proxy that ends TLS passes on of a browser at https://desk.example."""


@asynccontextmanager
async def browser(**cookies: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A client that sends these cookies and keeps none."""
    header = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), headers=header) as http:
        yield http


async def given(url: str, person: Person, page: dict[str, str]) -> dict[str, Morsel[str]]:
    """The cookies that signing in gives."""
    credentials = {"login": person.login, "password": person.password}
    async with browser() as http, http.post(f"{url}/api/v1/session", json=credentials, headers=page) as answer:
        assert answer.status == 200, await answer.text()
        return dict(answer.cookies)


async def status(url: str, page: dict[str, str], **cookies: str) -> int:
    """What a request with these cookies is answered."""
    async with browser(**cookies) as http, http.get(f"{url}/api/v1/session", headers=page) as answer:
        return answer.status


async def handshake(url: str, page: dict[str, str], **cookies: str) -> int:
    """What the desk's socket is answered with these cookies: 101 opens it."""
    async with browser(**cookies) as http:
        try:
            async with http.ws_connect(f"{url}/api/v1/desk".replace("http", "ws", 1), headers=page):
                return 101
        except aiohttp.WSServerHandshakeError as refused:
            return refused.status


def is_secure(cookie: Morsel[str]) -> bool:
    """Whether browsers keep it to this host, to https, and from scripts and strangers' pages."""
    kept = bool(cookie["secure"] and cookie["httponly"]) and cookie["samesite"].lower() == "strict"
    return kept and (cookie["path"], cookie["domain"]) == ("/", "")


async def test_by_plain_http_on_loopback_the_session_works_as_ever(ana: Person) -> None:
    own = OWN_PAGE | {"Origin": ana.url}

    cookies = await given(ana.url, ana, own)

    assert set(cookies) == {PLAIN}
    assert not cookies[PLAIN]["secure"], "a browser would not send it back by http"
    assert cookies[PLAIN]["httponly"]
    assert await status(ana.url, own, **{PLAIN: cookies[PLAIN].value}) == 200
    assert await handshake(ana.url, own, **{PLAIN: cookies[PLAIN].value}) == 101


async def test_a_page_that_came_by_https_gets_a_secure_cookie_also_behind_a_proxy(ana: Person) -> None:
    cookies = await given(ana.url, ana, HTTPS_PAGE)

    assert set(cookies) == {SECURE}
    assert is_secure(cookies[SECURE])
    assert await status(ana.url, HTTPS_PAGE, **{SECURE: cookies[SECURE].value}) == 200
    assert await handshake(ana.url, HTTPS_PAGE, **{SECURE: cookies[SECURE].value}) == 101


async def test_signing_out_ends_the_session_and_takes_the_cookie_back(ana: Person) -> None:
    kept = {SECURE: (await given(ana.url, ana, HTTPS_PAGE))[SECURE].value}

    async with browser(**kept) as http, http.delete(f"{ana.url}/api/v1/session", headers=HTTPS_PAGE) as answer:
        assert answer.status == 204
        taken = dict(answer.cookies)

    assert {name: cookie.value for name, cookie in taken.items()} == {SECURE: "", PLAIN: ""}
    assert is_secure(taken[SECURE]), "browsers take nothing back under the prefix from a cookie that is not"
    assert await status(ana.url, HTTPS_PAGE, **kept) == 401


async def test_where_the_desk_is_said_to_be_https_a_planted_plain_cookie_means_nothing(
    system: Deployment, ana: Person
) -> None:
    async with inner(system, cookie=SessionCookie(https=True)) as it:
        cookies = await given(it.url, ana, OWN_PAGE)
        token = cookies[SECURE].value

        assert set(cookies) == {SECURE}
        assert await status(it.url, OWN_PAGE, **{SECURE: token}) == 200
        assert await handshake(it.url, OWN_PAGE, **{SECURE: token}) == 101
        assert await status(it.url, OWN_PAGE, **{PLAIN: token}) == 401
        assert await handshake(it.url, OWN_PAGE, **{PLAIN: token}) == 403


async def test_the_desks_address_in_the_environment_is_what_says_so(system: Deployment, ana: Person) -> None:
    await system.services["agents"].stop()
    try:
        async with system.service("agents", extra={"TRUNKLINE_DESK_URL": "https://desk.example"}) as service:
            await service.start()
            assert set(await given(ana.url, ana, OWN_PAGE)) == {SECURE}
            await service.stop()
    finally:
        await system.services["agents"].start()
