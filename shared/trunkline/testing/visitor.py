"""A visitor of a web page, for tests and the demo: one window that never gives up, and checks what it is shown."""

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


class TestVisitor:
    """One window. `messages` are the numbered ones in the order they were shown, over all sockets.

    A message shown twice, out of turn or with a hole before it is an AssertionError at the next wait.
    """

    __test__ = False

    def __init__(
        self,
        url: str,
        account: str = "chat-main",
        *,
        token: str = "",
        identity: Frame | None = None,
        origin: str = "",
        receipts: bool = True,
        on_message: Callable[[Frame], Any] | None = None,
    ) -> None:
        self._url = f"{url.replace('http', 'ws', 1)}/chat/{account}"
        self._headers = {"origin": origin} if origin else {}
        self._identity = identity
        self._receipts = receipts
        self._on_message = on_message
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._life: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()
        self._repeating: set[asyncio.Task[None]] = set()
        self._unacked: dict[str, Frame] = {}
        self._wrong = ""
        self.token = token
        self.frames: list[Frame] = []
        self.messages: list[Frame] = []
        self.acks: dict[str, str] = {}
        self.said: list[str] = []
        self.welcomes: list[Frame] = []
        self.resets = 0

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        self._life = asyncio.create_task(self._live(self._session))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._life is not None:
            for task in (self._life, *self._repeating):
                task.cancel()
            await asyncio.gather(self._life, *self._repeating, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    # --- the socket ---------------------------------------------------------------------------------------

    async def _live(self, session: aiohttp.ClientSession) -> None:
        while True:
            with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                await self._connect(session)
            await asyncio.sleep(0.1)

    async def _connect(self, session: aiohttp.ClientSession) -> None:
        async with session.ws_connect(self._url, headers=self._headers, timeout=_CLOSE) as socket:
            last = self.messages[-1] if self.messages else None
            after = {"conversation": last["conversation"], "number": last["number"]} if last else None
            await socket.send_json(
                {"type": "hello", "token": self.token, "after": after, "identity": self._identity}
            )  # fmt: skip
            try:
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.TEXT:
                        await self._take(socket, orjson.loads(message.data))
            finally:
                self._socket = None

    async def _take(self, socket: aiohttp.ClientWebSocketResponse, frame: Frame) -> None:
        self.frames.append(frame)
        match frame["type"]:
            case "welcome":
                self.welcomes.append(frame)
                self.token = frame["token"]
                self._socket = socket
                for waiting in self._unacked.values():
                    await socket.send_json(waiting)
            case "ack":
                self.acks[frame["id"]] = frame["message"]
                self._unacked.pop(frame["id"], None)
            case "refused" if frame.get("retry_after_s") and frame.get("id") in self._unacked:
                self._later(frame["retry_after_s"], self._unacked[frame["id"]])
            case "reset":
                self.resets += 1
                self.messages.clear()
            case "message":
                self._show(frame)
                if self._receipts and frame["direction"] == "outbound":
                    await self.mark("read")
        async with self._news:
            self._news.notify_all()

    def _later(self, seconds: float, frame: Frame) -> None:
        """Send it again after what the server asked for, as a widget does."""

        async def again() -> None:
            await asyncio.sleep(seconds)
            await self.send(frame)

        task = asyncio.ensure_future(again())
        self._repeating.add(task)
        task.add_done_callback(self._repeating.discard)

    def _show(self, frame: Frame) -> None:
        place = (frame["conversation"], frame["number"])
        last = self.messages[-1] if self.messages else None
        if any(one["id"] == frame["id"] for one in self.messages):
            self._wrong = f"{place} was shown twice"
        elif last is not None and last["conversation"] == place[0] and place[1] != last["number"] + 1:
            self._wrong = f"{place} after {last['number']}"
        self.messages.append(frame)
        if self._on_message is not None:
            self._on_message(frame)

    # --- doing and waiting --------------------------------------------------------------------------------

    async def say(self, text: str = "", *, name: str = "", within: float = 20, **fields: Any) -> str:
        """Write, and again over each new socket until it is acknowledged; the message's id."""
        frame = {"type": "message", "id": name or new_id(), "text": text} | fields
        self.said.append(frame["id"])
        self._unacked[frame["id"]] = frame
        await self.send(frame)
        await self.until(lambda: frame["id"] in self.acks, within=within)
        return self.acks[frame["id"]]

    async def send(self, frame: Frame) -> None:
        """Send a frame now; nothing happens while there is no socket."""
        if self._socket is not None and not self._socket.closed:
            with contextlib.suppress(ConnectionError, aiohttp.ClientError):
                await self._socket.send_json(frame)

    async def mark(self, kind: str) -> None:
        """Say that all that was shown is delivered, or read."""
        last = self.messages[-1]
        await self.send({"type": kind, "conversation": last["conversation"], "number": last["number"]})

    def file(self, reference: str) -> str:
        """Where a file that was shown is to be had now."""
        return f"{self._url.replace('ws', 'http', 1)}/files/{reference}?key={self.welcomes[-1]['key']}"

    async def drop(self) -> None:
        """Lose the line; the window comes again by itself."""
        if self._socket is not None:
            await self._socket.close()

    async def until(self, true: Callable[[], bool], *, within: float = 20) -> None:
        """Wait until something holds, looking after every frame. AssertionError if what was shown is wrong."""
        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(lambda: bool(self._wrong) or true())
        if self._wrong:
            raise AssertionError(self._wrong)

    async def hears(self, text: str, *, within: float = 20) -> Frame:
        """The agent's message with these words, once it is shown."""

        def found() -> Frame | None:
            said = (one for one in self.messages if one["direction"] == "outbound" and words(one) == text)
            return next(said, None)

        await self.until(lambda: found() is not None, within=within)
        message = found()
        if message is None:
            raise AssertionError(f"{text!r} was taken back")
        return message


_CLOSE = aiohttp.ClientWSTimeout(ws_close=1.0)


def words(message: Frame) -> str:
    """The text of a message that was shown."""
    return "\n".join(part["text"] for part in message["parts"] if part["kind"] == "text")
