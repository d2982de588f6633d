"""The demo's canned replies are put where there are none, are what the API takes, and never beside people's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from services.agents.repository import CannedText
from trunkline.demo.api import DeskSession
from trunkline.demo.canned import SHELF, stock


class Shelf:
    """What is kept, as the agents service keeps it."""

    def __init__(self) -> None:
        self.kept: list[dict[str, Any]] = []
        self.taken = ""

    async def sign_in(self, _request: web.Request) -> web.Response:
        response = web.json_response({"agent": {"id": "a0"}})
        response.set_cookie("trunkline_session", "s")
        return response

    async def all(self, _request: web.Request) -> web.Response:
        return web.json_response({"items": self.kept})

    async def add(self, request: web.Request) -> web.Response:
        text = CannedText.model_validate(orjson.loads(await request.read()))
        if text.shortcut == self.taken:
            return web.json_response({"code": "shortcut-taken", "detail": ""}, status=409)
        self.kept.append(text.model_dump())
        return web.json_response({}, status=201)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def admin(shelf: Shelf) -> AsyncIterator[DeskSession]:
    app = web.Application()
    app.router.add_post("/api/v1/session", shelf.sign_in)
    app.router.add_get("/api/v1/canned-replies", shelf.all)
    app.router.add_post("/api/v1/canned-replies", shelf.add)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield DeskSession(http, f"http://127.0.0.1:{runner.addresses[0][1]}", "admin", "password")
    await runner.cleanup()


async def test_an_empty_shelf_is_filled_once(shelf: Shelf, admin: DeskSession) -> None:
    assert await stock(admin) == len(SHELF)
    assert await stock(admin) == 0

    assert [one["shortcut"] for one in shelf.kept] == [one["shortcut"] for one in SHELF]


async def test_what_people_wrote_stays_alone(shelf: Shelf, admin: DeskSession) -> None:
    shelf.kept.append({"shortcut": "mine"})

    assert await stock(admin) == 0
    assert len(shelf.kept) == 1


async def test_a_shortcut_that_another_demo_was_quicker_with_is_no_failure(shelf: Shelf, admin: DeskSession) -> None:
    shelf.taken = "order-tr"

    await stock(admin)

    assert len(shelf.kept) == len(SHELF) - 1
