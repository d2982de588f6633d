"""A small real desk: sessions, the socket and the record, as the agents service's API says, scripted by a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
from aiohttp import WSMsgType, web

from trunkline.demo.api import DeskSession
from trunkline.demo.book import BOOK
from trunkline.demo.robots import Robot

ME = "agent-1"
PASSWORD = "robot-demo"
KIND, OFFER = "trunkline.conversation.", "trunkline.offer."

Judge = Callable[[dict[str, Any]], dict[str, Any] | None]


class Conversation:
    """One conversation as the board and the record have it."""

    def __init__(self, name: str, opening: str, requirement: str) -> None:
        self.state: dict[str, Any] = {
            "id": name, "status": "offered", "offered_to": ME, "owner": "", "fence": 3, "queue": "support",
            "requirement": requirement, "version": 2, "opted_out": 0,
        }  # fmt: skip
        self.messages = [self._said("m1", "inbound", opening)]
        self.record_behind = 0

    @staticmethod
    def _said(name: str, direction: str, text: str) -> dict[str, Any]:
        return {"id": name, "direction": direction, "parts": [{"kind": "text", "text": text}]}

    @property
    def transcript(self) -> dict[str, Any]:
        return {"conversation": self.state, "version": self.state["version"], "messages": self.messages, "events": []}

    @property
    def snapshot(self) -> dict[str, Any]:
        """The board's state, with what the record has by now."""
        if not self.record_behind:
            return self.transcript
        return {"conversation": self.state, "version": self.state["version"] - self.record_behind, "messages": []}

    def move(self, kind: str, *, said: str = "", direction: str = "inbound", **changes: Any) -> dict[str, Any]:
        """The event of a change."""
        self.state = {**self.state, **changes, "version": self.state["version"] + 1}
        details: dict[str, Any] = {}
        if said:
            message = self._said(f"m{self.state['version']}", direction, said)
            self.messages.append(message)
            details = {"message": {"id": message["id"], "parts": message["parts"]}}
        data = {"version": self.state["version"], "operation": "", "state": self.state, "details": details}
        return {"type": kind, "subject": self.state["id"], "time": "2025-01-01T00:00:00Z", "data": data}


class DeskServer:
    """What the robot talks to. `judge` may answer an action in place of the board."""

    def __init__(self) -> None:
        self.conversations: dict[str, Conversation] = {}
        self.presence = "available"
        self.epoch, self.sequence = "e1", 0
        self.kept: list[dict[str, Any]] = []
        self.hellos: list[dict[str, Any]] = []
        self.frames: list[dict[str, Any]] = []
        self.sign_ins = 0
        self.reads = 0
        self.heartbeat_s = 15.0
        self.judge: Judge = lambda action: None
        self.port = 0
        self.socket: web.WebSocketResponse | None = None
        self._news = asyncio.Condition()

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/api/v1/session", self._session)
        app.router.add_get("/api/v1/desk", self._desk)
        app.router.add_get("/api/v1/conversations/{name}", self._read)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        await self.hang_up()
        await self._runner.cleanup()

    async def until(self, what: Callable[[], bool]) -> None:
        """Wait until something that came in makes this true."""
        async with asyncio.timeout(10), self._news:
            await self._news.wait_for(what)

    def acted(self, verb: str) -> list[dict[str, Any]]:
        """The actions of this verb that came."""
        return [frame for frame in self.frames if frame.get("verb") == verb]

    async def tell(self, event: dict[str, Any], *, skip: int = 0) -> None:
        """Send an event; `skip` loses so many frames before it."""
        self.sequence += 1 + skip
        frame = {"sequence": self.sequence, "event": event}
        self.kept.append(frame)
        if self.socket is not None:
            await self.socket.send_str(orjson.dumps(frame).decode())

    async def offer(self, name: str, opening: str, requirement: str = "support|twilio-sms|1|lang.en:1") -> Conversation:
        """Offer a conversation that the robot has never heard of."""
        made = self.conversations[name] = Conversation(name, opening, requirement)
        made.state["version"] = 1
        await self.tell(made.move(KIND + "offered.v1"))
        return made

    async def hang_up(self, code: int = 1012) -> None:
        """Close the robot's socket."""
        if self.socket is not None:
            socket, self.socket = self.socket, None
            await socket.close(code=code)

    async def _told(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def _session(self, request: web.Request) -> web.Response:
        body = orjson.loads(await request.read())
        self.sign_ins += 1
        await self._told()
        if request.headers.get("X-Trunkline") != "1" or body["password"] != PASSWORD:
            problem = {"code": "wrong-credentials", "detail": "no"}
            return web.json_response(problem, status=401, content_type="application/problem+json")
        response = web.json_response({"agent": {"id": ME, "login": body["login"]}, "expires_at": None})
        response.set_cookie("trunkline_session", f"s{self.sign_ins}", httponly=True, samesite="Strict")
        return response

    async def _read(self, request: web.Request) -> web.Response:
        self.reads += 1
        await self._told()
        if f"s{self.sign_ins}" not in request.headers.get("Cookie", ""):
            return web.json_response({"code": "signed-out"}, status=401)
        return web.json_response(self.conversations[request.match_info["name"]].transcript)

    async def _desk(self, request: web.Request) -> web.WebSocketResponse:
        own = f"http://127.0.0.1:{self.port}"
        if request.cookies.get("trunkline_session") != f"s{self.sign_ins}" or request.headers.get("Origin") != own:
            raise web.HTTPForbidden
        socket = web.WebSocketResponse(timeout=0.2)
        await socket.prepare(request)
        hello = orjson.loads(await socket.receive_str())
        self.hellos.append(hello)
        await self._welcome(socket, hello)
        self.socket = socket
        await self._told()
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._frame(socket, orjson.loads(message.data))
        return socket

    async def _welcome(self, socket: web.WebSocketResponse, hello: dict[str, Any]) -> None:
        resumed = hello["epoch"] == self.epoch
        held = [each.snapshot for each in self.conversations.values()]
        welcome = {
            "type": "welcome", "epoch": self.epoch, "sequence": hello["after"] if resumed else self.sequence,
            "resumed": resumed, "heartbeat_s": self.heartbeat_s, "agent": {"id": ME}, "presence": self.presence,
            "snapshot": None if resumed else {"conversations": held},
        }  # fmt: skip
        await socket.send_str(orjson.dumps(welcome).decode())
        for frame in self.kept if resumed else ():
            if frame["sequence"] > hello["after"]:
                await socket.send_str(orjson.dumps(frame).decode())

    async def _frame(self, socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        self.frames.append(frame)
        if frame["type"] == "action":
            answer = self.judge(frame)
            if answer is None:
                answer = {"status": "done", **await self._done(frame)}
            if answer:
                said = {"type": "answer", "id": frame["id"], **answer}
                await socket.send_str(orjson.dumps(said).decode())
        await self._told()

    async def _done(self, action: dict[str, Any]) -> dict[str, Any]:
        if action["verb"] == "presence":
            self.presence = action["presence"]
            return {}
        held = self.conversations[action["conversation"]]
        await self.tell(_moved(held, action))
        return {"version": held.state["version"]}


def _moved(held: Conversation, action: dict[str, Any]) -> dict[str, Any]:
    match action["verb"]:
        case "accept":
            return held.move(OFFER + "accepted.v1", status="active", owner=ME, offered_to="")
        case "reply":
            return held.move(KIND + "replied.v1", said=action["text"], direction="outbound")
        case "wrap-up":
            return held.move(KIND + "wrap-up-started.v1", status="wrapping-up")
        case "close":
            return held.move(KIND + "closed.v1", status="closed", owner="")
    raise AssertionError(action)


@asynccontextmanager
async def robot_at(server: DeskServer, *, available: bool = True, haste: float = 50.0) -> AsyncIterator[Robot]:
    """A robot at the desk, fifty times as quick as a person."""
    await server.start()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        session = DeskSession(http, f"http://127.0.0.1:{server.port}", "robot-x", PASSWORD)
        robot = Robot(session, BOOK, seed=1, available=available, haste=haste)
        running = asyncio.create_task(robot.run())
        try:
            await server.until(lambda: server.socket is not None)
            yield robot
        finally:
            running.cancel()
            await asyncio.wait([running])
            await server.stop()
