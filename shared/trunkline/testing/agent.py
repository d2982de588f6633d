"""An agent at a desk, for tests: signs in, keeps a socket, remembers every frame, does what it is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import aiohttp
import orjson

from trunkline.ids import new_id

Frame = dict[str, Any]


class TestAgent:
    """One device of one agent. `frames` holds the events in the order they came, over all sockets."""

    __test__ = False

    def __init__(
        self, url: str, login: str, password: str, *, on_event: Callable[[TestAgent, Frame], Any] | None = None
    ) -> None:
        self._url = url
        self._credentials = {"login": login, "password": password}
        self._on_event = on_event
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._life: asyncio.Task[None] | None = None
        self._answers: dict[str, asyncio.Future[Frame]] = {}
        self._news = asyncio.Condition()
        self._reacting: set[asyncio.Task[Any]] = set()
        self.device = f"device-{new_id()}"
        self.epoch = ""
        self.sequence = 0
        self.frames: list[Frame] = []
        self.welcomes: list[Frame] = []
        self.signals: list[Frame] = []
        self._told: dict[str, int] = {}
        self.me: Frame = {}

    @property
    def http(self) -> aiohttp.ClientSession:
        """The signed-in HTTP session."""
        if self._session is None:
            raise RuntimeError("enter the agent first")
        return self._session

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"X-Trunkline": "1"})
        await self.sign_in()
        self._life = asyncio.create_task(self._live())
        await self.until(lambda: bool(self.welcomes))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._life is not None:
            self._life.cancel()
            await asyncio.gather(self._life, *self._reacting, return_exceptions=True)
        await self.http.close()

    async def sign_in(self) -> None:
        """By name and password."""
        async with self.http.post(f"{self._url}/api/v1/session", json=self._credentials) as response:
            if response.status != 200:
                raise AssertionError(f"sign-in answered {response.status}: {await response.text()}")
            self.me = (await response.json())["agent"]

    # --- the socket ---------------------------------------------------------------------------------------

    async def _live(self) -> None:
        while True:
            with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                await self._connect()
            await asyncio.sleep(0.1)

    async def _connect(self) -> None:
        url = self._url.replace("http", "ws", 1) + "/api/v1/desk"
        async with self.http.ws_connect(url, max_msg_size=0) as socket:
            await socket.send_json(
                {"type": "hello", "device": self.device, "epoch": self.epoch, "after": self.sequence}
            )
            self._socket = socket
            beating = asyncio.create_task(self._beat(socket))
            try:
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.TEXT:
                        await self._take(orjson.loads(message.data))
            finally:
                self._socket = None
                beating.cancel()

    async def _beat(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            await asyncio.sleep(10)
            await socket.send_json({"type": "heartbeat"})

    async def _take(self, frame: Frame) -> None:
        if frame.get("type") == "welcome":
            self.welcomes.append(frame)
            self.epoch, self.sequence = frame["epoch"], frame["sequence"]
        elif frame.get("type") == "answer":
            if (waiting := self._answers.pop(frame["id"], None)) is not None and not waiting.done():
                waiting.set_result(frame)
        elif "event" not in frame:
            self.signals.append(frame)
        else:
            if frame["sequence"] != self.sequence + 1:
                raise AssertionError(f"frame {frame['sequence']} after {self.sequence}")
            self.sequence = frame["sequence"]
            self.frames.append(frame["event"])
            if self._on_event is not None and (reaction := self._on_event(self, frame["event"])) is not None:
                task = asyncio.ensure_future(reaction)
                self._reacting.add(task)
                task.add_done_callback(self._reacting.discard)
        async with self._news:
            self._news.notify_all()

    # --- doing and waiting ----------------------------------------------------------------------------------

    async def act(
        self, verb: str, conversation: str = "", *, operation: str = "", within: float = 40, **fields: Any
    ) -> Frame:
        """An action over the socket, repeated with the same id until it is answered for good."""
        operation = operation or new_id()
        frame = {"type": "action", "id": operation, "verb": verb, "conversation": conversation, **fields}
        async with asyncio.timeout(within):
            while True:
                answer = self._answers[operation] = asyncio.get_running_loop().create_future()
                if self._socket is not None and not self._socket.closed:
                    with contextlib.suppress(ConnectionError, aiohttp.ClientError):
                        await self._socket.send_json(frame)
                try:
                    async with asyncio.timeout(6):
                        told = await answer
                except TimeoutError:
                    continue
                if told["status"] == "pending" or told.get("retry_after_s"):
                    await asyncio.sleep(0.2)
                    continue
                self._told[conversation] = max(self._told.get(conversation, 0), told.get("version", 0))
                return dict(told)

    async def recorded(self, conversation: str, *, within: float = 10) -> Frame:
        """The conversation as the record has it (`GET …/conversations/{id}`), with all that this desk has been told.

        The record is a moment behind the log, so it is asked until it has caught up with our frames and answers.
        """
        async with asyncio.timeout(within):
            while True:
                async with self.http.get(f"{self._url}/api/v1/conversations/{conversation}") as response:
                    told = await response.json()
                    if response.status == 200 and told["version"] >= self._version(conversation):
                        return dict(told)
                await asyncio.sleep(0.05)

    def _version(self, conversation: str) -> int:
        """The newest version of the conversation that we have heard of."""
        events = [event["data"].get("version", 0) for event in self.frames if event["subject"] == conversation]
        return max([*events, self._told.get(conversation, 0)], default=0)

    async def signal(self, kind: str, conversation: str) -> None:
        """Let the contact know that we type, or have seen what they wrote; lost if there is no socket."""
        if self._socket is not None and not self._socket.closed:
            await self._socket.send_json({"type": kind, "conversation": conversation})

    async def until(self, true: Callable[[], bool], *, within: float = 20) -> None:
        """Wait until something holds, looking after every frame."""
        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(true)

    async def event(self, kind: str, *, within: float = 20, **wanted: str) -> Frame:
        """The first event of a kind (such as `conversation.offered`) whose state has these values."""
        found: list[Frame] = []

        def look() -> bool:
            found[:] = [event for event in self.frames if _is(event, kind, wanted)]
            return bool(found)

        await self.until(look, within=within)
        return found[0]


def _is(event: Frame, kind: str, wanted: dict[str, str]) -> bool:
    if event["type"] != f"trunkline.{kind}.v1":
        return False
    state = event["data"].get("state", {}) | {"subject": event["subject"]}
    return all(state.get(name) == value for name, value in wanted.items())


async def add_agent(admin: TestAgent, url: str, login: str, **fields: Any) -> tuple[str, str]:
    """Put somebody on the roster; their id and password."""
    password = f"password-of-{login}"
    body = {"login": login, "name": login.title(), "password": password, "queues": ["*"], "capacity": 3} | fields
    async with admin.http.post(f"{url}/api/v1/agents", json=body) as response:
        if response.status != 201:
            raise AssertionError(f"adding {login} answered {response.status}: {await response.text()}")
        return (await response.json())["id"], password
