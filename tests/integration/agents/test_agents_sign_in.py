"""Signing in and out: what a password buys, and for how long."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from services.agents.auth import _hash
from services.agents.cookies import PLAIN
from services.agents.presence import Times
from services.agents.repository import Repository
from tests.integration.agents.rig import OWN_PAGE, Person, desk, inner, signed_in, somebody
from trunkline.testing.deployment import ADMIN, Deployment

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


async def _try(url: str, login: str, password: str) -> tuple[int, dict[str, str], str]:
    async with (
        aiohttp.ClientSession(headers=OWN_PAGE) as http,
        http.post(f"{url}/api/v1/session", json={"login": login, "password": password}) as response,
    ):
        return response.status, await response.json(), response.headers.get("retry-after", "")


async def test_who_signs_in_is_known_until_they_sign_out(ana: Person) -> None:
    assert (await ana.call("GET", "/api/v1/session"))[1]["agent"]["login"] == ana.login

    assert (await ana.call("DELETE", "/api/v1/session"))[0] == 204

    async with (
        aiohttp.ClientSession(cookies={PLAIN: ana.token}) as thief,
        thief.get(f"{ana.url}/api/v1/session") as response,
    ):
        assert response.status == 401
    async with ana.http.post(
        f"{ana.url}/api/v1/session", json={"login": ana.login, "password": ana.password}
    ) as response:
        assert response.status == 200
        told = response.headers["set-cookie"].lower()
    assert "httponly" in told
    assert "samesite=strict" in told


async def test_a_wrong_password_and_an_unknown_name_are_told_alike(system: Deployment, ana: Person) -> None:
    wrong = await _try(system.desk_url, ana.login, "not the password")
    unknown = await _try(system.desk_url, "nobody-at-all", "not the password")

    assert wrong == unknown
    assert wrong[0] == 401
    assert wrong[1]["code"] == "wrong-credentials"


async def test_the_sixth_try_in_a_minute_waits_however_the_name_is_spelled(system: Deployment) -> None:
    async with somebody(system) as victim:
        spellings = [victim.login, victim.login.upper(), f" {victim.login}", f"{victim.login}  ", victim.login.title()]
        for spelling in spellings:
            assert (await _try(system.desk_url, spelling, "guess"))[0] == 401

        for spelling in [*spellings, "".join(chr(ord(one) + 0xFEE0) for one in victim.login)]:
            status, told, retry = await _try(system.desk_url, spelling, victim.password)
            assert (status, told["code"]) == (429, "too-many-attempts"), spelling
            assert 0 < int(retry) <= 61
        assert (await _try(system.desk_url, "somebody-else", "guess"))[0] == 401


async def test_a_right_password_clears_the_tries_before_it(system: Deployment) -> None:
    async with somebody(system) as person:
        for _ in range(3):
            for _ in range(4):
                assert (await _try(system.desk_url, person.login, "guess"))[0] == 401
            async with signed_in(system.desk_url, person.login, person.password):
                pass


async def test_signing_out_closes_the_desk_at_its_next_word(ana: Person) -> None:
    async with desk(ana) as it:
        async with aiohttp.ClientSession(headers=OWN_PAGE, cookies={PLAIN: ana.token}) as elsewhere:
            await (await elsewhere.delete(f"{ana.url}/api/v1/session")).read()

        await it.say(type="heartbeat")

        assert await it.closed() == 4001


async def test_who_never_sends_a_heartbeat_does_not_stay_after_signing_out(system: Deployment) -> None:
    times = Times(look_s=0.5)
    async with inner(system, times) as there, somebody(system, url=there.url) as person, desk(person) as it:
        await asyncio.sleep(times.look_s)  # the session is looked at so often at most
        async with aiohttp.ClientSession(headers=OWN_PAGE, cookies={PLAIN: person.token}) as elsewhere:
            await (await elsewhere.delete(f"{there.url}/api/v1/session")).read()

        await it.say(type="shown", conversation=f"0-{'0' * 32}", fence=1)

        assert await it.closed() == 4001


async def test_a_session_that_expires_closes_its_desk(system: Deployment, ana: Person) -> None:
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    async with Repository(system.environment()["TRUNKLINE_DATABASE_URL"]) as repository:
        await repository.sessions.create(
            token_hash=_hash(token), agent=ana.me["id"], now=now, expires_at=now + timedelta(seconds=1.5)
        )
    async with (
        aiohttp.ClientSession(cookies={PLAIN: token}) as http,
        desk(Person(http, ana.url, ana.me, ana.login, ana.password)) as it,
    ):

        async def beat() -> None:
            while True:
                await it.say(type="heartbeat")
                await asyncio.sleep(0.2)

        beating = asyncio.create_task(beat())
        assert await it.closed(within=5) == 4001
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        async with http.get(f"{ana.url}/api/v1/session") as response:
            assert response.status == 401


async def test_a_new_password_ends_every_session(system: Deployment, admin: Person) -> None:
    async with somebody(system) as person, desk(person) as it:
        status, _ = await admin.call(
            "PATCH", f"/api/v1/agents/{person.me['id']}", json={"password": "another password"},
            headers={"If-Match": '"1"'},
        )  # fmt: skip
        assert status == 200

        await it.say(type="heartbeat")

        assert await it.closed() == 4001
        assert (await person.call("GET", "/api/v1/session"))[0] == 401
        assert (await _try(system.desk_url, person.login, person.password))[0] == 401
        assert (await _try(system.desk_url, person.login, "another password"))[0] == 200


async def test_while_the_record_is_away_who_is_known_stays_known(system: Deployment) -> None:
    async with inner(system) as it, signed_in(it.url, *ADMIN) as person:
        assert (await person.call("GET", "/api/v1/session"))[0] == 200
        folder = it.repository.database.url.database
        it.auth._known = {key: (0.0 + known[0] - 20, known[1]) for key, known in it.auth._known.items()}
        it.repository.database.url = it.repository.database.url.set(database="/nowhere/at/all.db")

        assert (await person.call("GET", "/api/v1/session"))[0] == 200
        async with aiohttp.ClientSession(cookies={PLAIN: "a stranger's"}) as stranger:
            async with stranger.get(f"{it.url}/api/v1/session") as response:
                assert response.status == 503
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await stranger.ws_connect(f"{it.url}/api/v1/desk")
            assert refused.value.status == 503, "not 403: nobody knows that they are not signed in"
        it.repository.database.url = it.repository.database.url.set(database=folder)
