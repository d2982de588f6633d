"""The demo's visitors at a real socket: a visit is a new visitor, a repeat is none, an answer is heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from trunkline.demo.book import BOOK
from trunkline.demo.stories import Language
from trunkline.demo.visit import visitors
from trunkline.demo.visitors import Windows
from trunkline.ids import new_id

OPENING = BOOK.of(Language.LATVIAN, "hours")[0].openings[0]


class Ingest:
    """Takes sockets, acknowledges what is said, and answers each message once."""

    def __init__(self) -> None:
        self.hellos: list[dict[str, Any]] = []
        self.said: list[tuple[int, dict[str, Any]]] = []

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        number, conversation = len(self.hellos), f"1-{new_id()}"
        shown = 0
        async for message in socket:
            frame = message.json()
            if frame["type"] == "hello":
                self.hellos.append(frame)
                await socket.send_json({"type": "welcome", "token": f"token-{number}"})
            elif frame["type"] == "message":
                self.said.append((number, frame))
                await socket.send_json({"type": "ack", "id": frame["id"], "message": new_id()})
                shown += 1
                said = {"conversation": conversation, "number": shown, "id": new_id(), "direction": "outbound"}
                await socket.send_json({"type": "message", "parts": [{"kind": "text", "text": "yes?"}]} | said)
        return socket


@asynccontextmanager
async def shop(heard: list[str]) -> AsyncIterator[tuple[Ingest, Windows]]:
    ingest = Ingest()
    app = web.Application()
    app.router.add_get("/chat/chat-shop", ingest.socket)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]  # asyncio's server has them
    windows = Windows(f"http://127.0.0.1:{port}", "chat-shop", BOOK, heard=heard.append)
    yield ingest, windows
    await windows.close()
    await runner.cleanup()


async def test_a_visit_is_a_new_visitor_and_what_follows_is_said_in_the_same_window() -> None:
    heard: list[str] = []
    async with shop(heard) as (ingest, windows):
        assert (await windows.customer_writes("visitor-lv-0", OPENING, sid=new_id())).accepted
        assert (await windows.customer_writes("visitor-lv-0", "Paldies!", sid=new_id())).accepted
        assert (await windows.customer_writes("visitor-lv-0", OPENING, sid=new_id())).accepted

        assert [number for number, _ in ingest.said] == [0, 0, 1]
        assert [hello["token"] for hello in ingest.hellos] == ["", ""]
        async with asyncio.timeout(5):
            while len(heard) < 3:
                await asyncio.sleep(0.01)
    assert set(heard) == {"visitor-lv-0"}


async def test_the_same_message_again_is_no_new_visit() -> None:
    async with shop([]) as (ingest, windows):
        name = new_id()
        for _ in range(2):
            await windows.customer_writes("visitor-lv-0", OPENING, sid=name)

        assert len(ingest.hellos) == 1
        assert {frame["id"] for _, frame in ingest.said} == {name}


def test_visitors_speak_each_of_the_languages() -> None:
    assert {one.language for one in visitors()} == set(Language)
    assert len({one.number for one in visitors()}) == len(visitors())
