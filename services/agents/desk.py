"""The desk's WebSocket: frames down, heartbeats and actions up.

A frame counts as delivered only when the client comes back with its number: sending to a vanished peer does not fail.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson
import structlog
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.agents.actions import Action, Actions, BadFields, Outcome
from services.agents.auth import COOKIE, Auth
from services.agents.frames import GONE, NONSENSE, OPERATION, OURS, SIGNED_OUT, TOO_SLOW, answer, next_frame
from services.agents.hub import Hub
from services.agents.presence import Attendance, Times
from services.agents.repository import Agent, RecordAway, Repository
from services.agents.snapshot import snapshot
from trunkline.board import Board, BoardAway, BoardClosed
from trunkline.http import traceparent
from trunkline.metrics import RESUMES, SOCKETS

log = structlog.get_logger()

_DEVICE = re.compile(r"^[A-Za-z0-9-]{16,64}$")
_LOOK_EVERY_S = 5.0
_MOST_FRAMES = 512
_MOST_BYTES = 1024 * 1024
_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Desk:
    """What a desk socket needs."""

    board: Board
    hub: Hub
    actions: Actions
    auth: Auth
    repository: Repository
    times: Times = field(default_factory=Times)

    async def __call__(self, socket: WebSocket) -> None:
        """One connection, from handshake to close."""
        try:
            agent = await self._who(socket)
        except RecordAway:
            # Nobody knows who asks; that is no reason to send them to the sign-in page.
            await socket.send_denial_response(Response(status_code=503, headers={"retry-after": "2"}))
            return
        if agent is None:
            await socket.close(SIGNED_OUT)
            return
        await socket.accept()
        connection = _Connection(self, socket, agent)
        SOCKETS.inc()
        try:
            await connection.run()
        finally:
            SOCKETS.dec()

    async def _who(self, socket: WebSocket) -> Agent | None:
        """The signed-in agent, if the page that asks is our own: a cookie alone also comes from a stranger's page."""
        origin = socket.headers.get("origin")
        if origin is not None and origin.partition("://")[2] != socket.headers.get("host"):
            return None
        return await self.auth.agent_of(socket.cookies.get(COOKIE))


class _Joined(NamedTuple):
    sequence: int
    missed: list[bytes] | None


class _Connection:
    """One socket of one agent's device; takes frames from the hub."""

    def __init__(self, desk: Desk, socket: WebSocket, agent: Agent) -> None:
        self._desk = desk
        self._socket = socket
        self._agent = agent
        self._out: deque[bytes] = deque()
        self._out_bytes = 0
        self._more = asyncio.Event()
        self._ending: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self._acting: set[asyncio.Task[None]] = set()
        self._checking = False
        self._looked_at = 0.0
        self._vanished = False

    # --- the hub's side -----------------------------------------------------------------------------------

    def put(self, frame: bytes) -> None:
        """Queue a frame; who cannot keep up is closed and may resume."""
        if self._ending.done():
            return
        self._out.append(frame)
        self._out_bytes += len(frame)
        if len(self._out) > _MOST_FRAMES or self._out_bytes > _MOST_BYTES:
            self.end(TOO_SLOW, "too slow")
        self._more.set()

    def end(self, code: int, reason: str) -> None:
        """Close as soon as may be; what was not sent yet is for the client's next socket."""
        if not self._ending.done():
            self._ending.set_result((code, reason))
            self._out.clear()

    # --- its life -----------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Greet, then read and write until either ends."""
        try:
            hello = await self._hello()
        except (TimeoutError, WebSocketDisconnect, BadFields) as error:
            await self._close(NONSENSE, str(error) or "say hello first")
            return
        attendance = Attendance(self._desk.board, self._agent, hello["device"], self._desk.times)
        joined = self._join(hello)
        try:
            await self._attend(joined, attendance)
        finally:
            self._desk.hub.part(self._agent.id, self)
            for task in list(self._acting):
                task.cancel()
            if not self._vanished:  # else its lease is about to end by itself, and a goodbye would prolong it
                await attendance.leave()

    def _join(self, hello: dict[str, Any]) -> _Joined:
        """Take frames from now on, and those missed, in one step: nothing lies between the two."""
        stream = self._desk.hub.join(self._agent.id, self)
        after = hello.get("after")
        if hello.get("epoch") == self._desk.hub.epoch and isinstance(after, int):
            missed = stream.since(after)
            if missed is not None:
                return _Joined(after, missed)
        return _Joined(stream.sequence, None)

    async def _attend(self, joined: _Joined, attendance: Attendance) -> None:
        try:
            async with asyncio.timeout(10):
                await attendance.arrive()
            await self._welcome(joined, attendance)
        except (BoardClosed, BoardAway, TimeoutError):
            await self._close(TOO_SLOW, "the board is being verified or rebuilt")
            return
        except WebSocketDisconnect:
            return
        parts = [asyncio.create_task(self._write()), asyncio.create_task(self._read(attendance))]
        either: list[asyncio.Future[Any]] = [*parts, self._ending]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        self._desk.hub.part(self._agent.id, self)
        for part in parts:
            part.cancel()
        for result in await asyncio.gather(*parts, return_exceptions=True):
            self._judge(result)
        code, reason = self._ending.result() if self._ending.done() else (1000, "")
        await self._close(code, reason)

    def _judge(self, result: BaseException | None) -> None:
        """Why a part of the connection ended, as a close code; the first reason counts."""
        match result:
            case BadFields():
                self.end(NONSENSE, str(result))
            case TimeoutError():
                self._vanished = True
                self.end(GONE, "nothing was heard for too long")
            case WebSocketDisconnect() | asyncio.CancelledError() | None:
                pass
            case _:
                log.error("desk_failed", exc_info=result)
                self.end(OURS, "an error of ours")

    async def _hello(self) -> dict[str, Any]:
        async with asyncio.timeout(self._desk.times.hello_s):
            hello = await next_frame(self._socket)
        if hello.get("type") != "hello" or not _DEVICE.fullmatch(str(hello.get("device", ""))):
            raise BadFields("the first frame is a hello with a device of 16 to 64 letters, digits and dashes")
        return hello

    async def _welcome(self, joined: _Joined, attendance: Attendance) -> None:
        resumed = joined.missed is not None
        RESUMES.labels("resumed" if resumed else "snapshot").inc()
        shown = None if resumed else await snapshot(self._desk.board, self._desk.repository, self._agent.id)
        welcome = {
            "type": "welcome",
            "epoch": self._desk.hub.epoch,
            "sequence": joined.sequence,
            "resumed": resumed,
            "heartbeat_s": self._desk.times.heartbeat_s,
            "agent": self._agent.model_dump(mode="json"),
            "presence": attendance.presence,
            "snapshot": shown,
        }
        await self._send(orjson.dumps(welcome))
        for frame in joined.missed or ():
            await self._send(frame)

    async def _write(self) -> None:
        while True:
            while self._out:
                frame = self._out.popleft()
                self._out_bytes -= len(frame)
                await self._send(frame)
            self._more.clear()
            await self._more.wait()

    async def _send(self, frame: bytes) -> None:
        await self._socket.send({"type": "websocket.send", "text": frame.decode()})

    async def _close(self, code: int, reason: str) -> None:
        """Say why, to a client that reads; one that does not keeps nothing of ours but its place."""
        with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
            async with asyncio.timeout(self._desk.times.farewell_s):
                await self._socket.close(code, reason[:120])

    # --- what the client says -----------------------------------------------------------------------------

    async def _read(self, attendance: Attendance) -> None:
        handlers: dict[object, Callable[[dict[str, Any]], Awaitable[None]]] = {
            "action": self._act,
            "shown": self._shown,
            "heartbeat": lambda _: self._beat(attendance),
        }
        while True:
            async with asyncio.timeout(self._desk.times.silent_s):
                frame = await next_frame(self._socket)
            self._look(attendance)
            handler = handlers.get(frame.get("type"))
            if handler is None:
                raise BadFields(f"unknown frame {str(frame.get('type'))[:40]!r}")
            await handler(frame)

    async def _beat(self, attendance: Attendance) -> None:
        """Prolong the lease at once; whether the agent is still signed in is asked beside what comes next."""
        self._spawn(attendance.beat())
        self._looked_at = 0.0
        self._look(attendance)

    def _look(self, attendance: Attendance) -> None:
        """Whoever speaks must still be signed in, also one who never sends a heartbeat."""
        now = asyncio.get_running_loop().time()
        if not self._checking and now - self._looked_at >= _LOOK_EVERY_S:
            self._checking, self._looked_at = True, now
            self._spawn(self._check_session(attendance))

    async def _check_session(self, attendance: Attendance) -> None:
        try:
            agent = await self._desk.auth.agent_of(self._socket.cookies.get(COOKIE))
        except RecordAway:
            return  # desks need no record to go on; the next heartbeat asks again
        finally:
            self._checking = False
        if agent is None:
            self.end(SIGNED_OUT, "signed out")
            return
        attendance.agent = agent

    async def _shown(self, frame: dict[str, Any]) -> None:
        async def tell() -> None:
            with contextlib.suppress(BadFields):
                await self._desk.actions.shown(self._agent.id, str(frame.get("conversation")), frame.get("fence"))

        self._spawn(tell())

    async def _act(self, frame: dict[str, Any]) -> None:
        """Answered when it is done; meanwhile others go on, in the order in which they came to the board."""
        operation = str(frame.get("id", ""))
        if not OPERATION.fullmatch(operation):
            raise BadFields("an action's id is 32 hex digits")
        if len(self._acting) >= _AT_ONCE:
            self.put(answer(operation, Outcome("refused", "too-many", retry_after_s=1)))
            return
        action = Action(
            verb=str(frame.get("verb")), agent=self._agent.id, operation=operation,
            conversation=str(frame.get("conversation", "")), fields=frame, trace=traceparent(None),
        )  # fmt: skip

        async def act() -> None:
            try:
                outcome = await self._desk.actions.perform(action)
            except BadFields as error:
                outcome = Outcome("refused", "bad-fields", str(error))
            self.put(answer(operation, outcome))

        self._spawn(act())

    def _spawn(self, part: Any) -> None:
        task = asyncio.create_task(part)
        self._acting.add(task)
        task.add_done_callback(self._acted)

    def _acted(self, task: asyncio.Task[None]) -> None:
        self._acting.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("desk_action_failed", exc_info=error)
            self.end(OURS, "an error of ours")
