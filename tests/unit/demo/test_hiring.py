"""The demo's people are made through the roster's API, once, and what people edited stays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from trunkline.demo.api import DeskSession, Refused
from trunkline.demo.hiring import hire
from trunkline.demo.people import ADMIN, ADMIN_PROFILE, PEOPLE, RELIEF, ROBOTS

ALL = (*PEOPLE, *ROBOTS, RELIEF)


class Office:
    """A roster with pages of two, as the agents service's API says."""

    def __init__(self) -> None:
        admin = {"id": "a0", "login": ADMIN.login, "skills": {}, "queues": ["*"], "version": 1}
        self.agents: dict[str, dict[str, Any]] = {ADMIN.login: admin}
        self.writes = 0

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/api/v1/session", self.sign_in)
        app.router.add_get("/api/v1/agents", self.page)
        app.router.add_post("/api/v1/agents", self.add)
        app.router.add_patch("/api/v1/agents/{agent}", self.edit)
        return app

    async def sign_in(self, request: web.Request) -> web.Response:
        if orjson.loads(await request.read())["password"] != ADMIN.password:
            return problem(401, "wrong-credentials")
        response = web.json_response({"agent": {"id": "a0"}})
        response.set_cookie("trunkline_session", "s")
        return response

    async def page(self, request: web.Request) -> web.Response:
        logins = sorted(login for login in self.agents if login > request.query["after"])
        more = logins[1] if len(logins) > 2 else None
        return web.json_response({"items": [self.agents[login] for login in logins[:2]], "next": more})

    async def add(self, request: web.Request) -> web.Response:
        if request.cookies.get("trunkline_session") != "s" or request.headers.get("X-Trunkline") != "1":
            return problem(403, "forged")
        body = orjson.loads(await request.read())
        if body["login"] in self.agents:
            return problem(409, "login-taken")
        self.writes += 1
        self.agents[body["login"]] = {**body, "id": f"a{len(self.agents)}", "version": 1}
        return web.json_response(self.agents[body["login"]], status=201)

    async def edit(self, request: web.Request) -> web.Response:
        assert request.headers["If-Match"] == "1"
        self.writes += 1
        self.agents[ADMIN.login] |= orjson.loads(await request.read())
        return web.json_response(self.agents[ADMIN.login])


def problem(status: int, code: str) -> web.Response:
    return web.json_response({"code": code, "detail": ""}, status=status, content_type="application/problem+json")


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
async def admin(office: Office) -> AsyncIterator[DeskSession]:
    runner = web.AppRunner(office.app())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield DeskSession(http, f"http://127.0.0.1:{runner.addresses[0][1]}", ADMIN.login, ADMIN.password)
    await runner.cleanup()


async def test_all_are_hired_with_what_they_can_do(office: Office, admin: DeskSession) -> None:
    added = await hire(admin, ALL)

    assert added == [person.login for person in ALL]
    ana = office.agents["ana"]
    assert ana["skills"] == {"lang.en": 5, "billing": 5}
    assert (ana["role"], ana["queues"], ana["locale"]) == ("agent", ["*"], "en")
    assert office.agents["robot-elif"]["skills"] == {"lang.tr": 5, "lang.en": 5}


async def test_hiring_again_changes_nothing(office: Office, admin: DeskSession) -> None:
    await hire(admin, ALL)
    office.agents["ana"]["name"] = "Ana, edited"
    writes = office.writes

    assert await hire(admin, ALL) == []
    assert office.writes == writes
    assert office.agents["ana"]["name"] == "Ana, edited"


async def test_an_administrator_without_skills_is_given_all_languages(office: Office, admin: DeskSession) -> None:
    await hire(admin, ())

    assert office.agents[ADMIN.login]["skills"] == ADMIN_PROFILE.skills


async def test_an_administrator_with_skills_keeps_them(office: Office, admin: DeskSession) -> None:
    office.agents[ADMIN.login]["skills"] = {"lang.lv": 2}

    await hire(admin, ())

    assert office.agents[ADMIN.login]["skills"] == {"lang.lv": 2}


async def test_a_wrong_password_is_said(admin: DeskSession) -> None:
    admin.password = "another one"

    with pytest.raises(Refused, match="401 wrong-credentials"):
        await hire(admin, ALL)
