"""The desk's WebSocket from the client's side: hello, resume by sequence, heartbeats, actions kept until answered."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from typing import Any, Final, NoReturn, Protocol, TypeVar

import aiohttp
import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from trunkline.demo.api import DeskSession
from trunkline.demo.held import Event, Transcript

_WELCOME_S: Final = 10.0
_LARGEST: Final = 4_194_304  # bytes of a frame; a snapshot of three conversations is far smaller
_PENDING_AGAIN_S: Final = 1.0
_SIGNED_OUT: Final = 4001

_Model = TypeVar("_Model", bound=BaseModel)


class Lost(Exception):
    """The connection is over. `code` is the WebSocket's, None if it broke."""

    def __init__(self, words: str, code: int | None = None) -> None:
        super().__init__(words)
        self.code = code


class _Frame(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Snapshot(_Frame):
    conversations: tuple[Transcript, ...] = ()


class Welcome(_Frame):
    """The server's first frame."""

    epoch: str
    sequence: int
    resumed: bool = False
    heartbeat_s: float = 15.0
    presence: str = ""
    agent: dict[str, Any] = {}
    snapshot: _Snapshot | None = None


class Answer(_Frame):
    """What became of an action."""

    id: str
    status: str
    code: str = ""
    detail: str = ""
    version: int = 0
    retry_after_s: float = 0.0


class Listener(Protocol):
    """Who sits at the desk."""

    def welcomed(self, welcome: Welcome) -> None:
        """Connected; with a snapshot, what was known before is to be forgotten."""
        ...

    def happened(self, event: Event) -> None:
        """The next event, none missing before it."""
        ...

    def answered(self, action: Mapping[str, Any], answer: Answer) -> None:
        """An action is done, or refused for good."""
        ...


class DeskSocket:
    """The connection of one device, over all its sockets' lives: `live` is one of them."""

    def __init__(self, session: DeskSession, listener: Listener, *, device: str) -> None:
        self._session = session
        self._listener = listener
        self._device = device
        self._epoch = ""
        self._sequence = 0
        self._open: dict[str, dict[str, Any]] = {}
        self._unanswered: dict[str, int] = {}
        self._out: asyncio.Queue[dict[str, Any]] | None = None

    def send(self, frame: dict[str, Any]) -> None:
        """Send a frame that matters only now; without a connection it is dropped."""
        if self._out is not None:
            self._out.put_nowait(frame)

    def act(self, verb: str, **fields: Any) -> str:
        """Ask for an action, again with the same operation id until it is answered; the id."""
        operation = uuid.uuid4().hex
        self._open[operation] = {"type": "action", "id": operation, "verb": verb, **fields}
        self.send(self._open[operation])
        return operation

    async def live(self) -> None:
        """Be connected until the connection ends: always raises, Lost or what the way to the service raised."""
        if not self._session.signed_in:
            await self._session.sign_in()
        url = f"{self._session.url.replace('http', 'ws', 1)}/api/v1/desk"
        try:
            async with self._session.http.ws_connect(
                url, headers=self._session.headers, heartbeat=20, max_msg_size=_LARGEST
            ) as socket:
                await self._converse(socket)
        except aiohttp.WSServerHandshakeError as error:
            if error.status in {401, 403}:
                self._session.forget()
            raise

    async def _converse(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        hello = {"type": "hello", "device": self._device, "epoch": self._epoch, "after": self._sequence}
        await socket.send_str(orjson.dumps(hello).decode())
        async with asyncio.timeout(_WELCOME_S):
            first = await socket.receive()
        self._ended(first)
        self._out = asyncio.Queue()
        writing: asyncio.Task[None] | None = None
        try:
            heartbeat_s = self._welcomed(_decoded(first.data))
            writing = asyncio.create_task(self._write(socket, self._out, heartbeat_s))
            while True:
                message = await socket.receive()
                self._ended(message)
                self._frame(_decoded(message.data))
        finally:
            self._out = None
            if writing is not None:
                writing.cancel()
                await asyncio.wait([writing])

    def _ended(self, message: aiohttp.WSMessage) -> None:
        """Lost if this is the end, and not a frame."""
        if message.type is aiohttp.WSMsgType.TEXT:
            return
        code = message.data if message.type is aiohttp.WSMsgType.CLOSE else None
        if code == _SIGNED_OUT:
            self._session.forget()
        raise Lost(f"the desk's socket ended: {message.type.name} {code or ''}".strip(), code)

    def _welcomed(self, frame: dict[str, Any]) -> float:
        welcome = self._read(Welcome, frame)
        if not welcome.resumed:
            self._epoch, self._sequence = welcome.epoch, welcome.sequence
        self._listener.welcomed(welcome)
        for action in self._open.values():
            self.send(action)
        return max(welcome.heartbeat_s, 1.0)

    async def _write(
        self, socket: aiohttp.ClientWebSocketResponse, out: asyncio.Queue[dict[str, Any]], heartbeat_s: float
    ) -> None:
        loop = asyncio.get_running_loop()
        beat = loop.time() + heartbeat_s
        try:
            while True:
                try:
                    async with asyncio.timeout_at(beat):
                        frame = await out.get()
                except TimeoutError:
                    beat += heartbeat_s
                    frame = {"type": "heartbeat"}
                    self._ask_again()
                await socket.send_str(orjson.dumps(frame).decode())
        except (aiohttp.ClientError, ConnectionError):
            await socket.close()  # who reads finds out, and says so

    def _ask_again(self) -> None:
        """Repeat what has had no answer for a whole heartbeat; the operation id makes it harmless."""
        for operation in [each for each in self._open if self._unanswered.get(each)]:
            self.send(self._open[operation])
        self._unanswered = dict.fromkeys(self._open, 1)

    def _frame(self, frame: dict[str, Any]) -> None:
        if "event" in frame:
            sequence = frame.get("sequence")
            if sequence != self._sequence + 1:
                self._start_afresh(f"frame {sequence} after {self._sequence}")
            self._sequence += 1
            self._listener.happened(self._read(Event, frame["event"]))
        elif frame.get("type") == "answer":
            self._answer(self._read(Answer, frame))

    def _answer(self, answer: Answer) -> None:
        loop = asyncio.get_running_loop()
        if answer.id not in self._open:
            return
        if answer.status == "pending":
            loop.call_later(_PENDING_AGAIN_S, self._repeat, answer.id)
        elif answer.status == "refused" and answer.retry_after_s > 0:  # the log or the board is away
            loop.call_later(answer.retry_after_s, self._repeat, answer.id)
        else:
            self._listener.answered(self._open.pop(answer.id), answer)

    def _repeat(self, operation: str) -> None:
        if operation in self._open:
            self.send(self._open[operation])

    def _read(self, kind: type[_Model], frame: Any) -> _Model:
        try:
            return kind.model_validate(frame)
        except ValidationError as error:
            self._start_afresh(f"a frame is not what was agreed: {error.errors(include_input=False)[0]}")

    def _start_afresh(self, words: str) -> NoReturn:
        """We cannot follow any more: the next connection asks for a snapshot."""
        self._epoch, self._sequence = "", 0
        raise Lost(words)


def _decoded(data: str) -> dict[str, Any]:
    try:
        frame = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Lost("a frame is not JSON") from error
    if not isinstance(frame, dict):
        raise Lost("a frame is no object")
    return frame
