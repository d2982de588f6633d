"""The desk's WebSocket: frames down, heartbeats and actions up.

A frame counts as delivered only when the client comes back with its number: sending to a vanished peer does not fail.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import orjson
import structlog
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.agents.actions import Actions, Outcome
from services.agents.asked import Action, BadFields
from services.agents.auth import Auth
from services.agents.frames import ALIVE, GONE, NONSENSE, OPERATION, OURS, SIGNED_OUT, TOO_SLOW, answer, next_frame
from services.agents.hub import Hub, Joined
from services.agents.looking import Eyes, Looking
from services.agents.outgoing import Outgoing
from services.agents.presence import Attendance, Times
from services.agents.repository import Agent, RecordAway, Repository
from services.agents.roll import Roll
from services.agents.signals import ContactSignals
from services.agents.snapshot import snapshot
from trunkline.board import Board, BoardAway, BoardClosed
from trunkline.config.watch import Watch
from trunkline.http import traceparent
from trunkline.metrics import RESUMES, SOCKETS

log = structlog.get_logger()

_DEVICE = re.compile(r"^[A-Za-z0-9-]{16,64}$")
_ARRIVE_S = 10.0
_AT_ONCE = 64
_BEATS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Desk:
    """What a desk socket needs."""

    board: Board
    hub: Hub
    actions: Actions
    auth: Auth
    repository: Repository
    signals: ContactSignals
    looking: Looking
    roll: Roll
    watch: Watch
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
        return await self.auth.agent_of(self.auth.cookie.token(socket.cookies))


class _Connection:
    """One socket of one agent's device; takes frames from the hub."""

    def __init__(self, desk: Desk, socket: WebSocket, agent: Agent) -> None:
        self._desk = desk
        self._socket = socket
        self._agent = agent
        self._token = desk.auth.cookie.token(socket.cookies)
        self._out = Outgoing(socket, farewell_s=desk.times.farewell_s)
        self._acting: set[asyncio.Task[None]] = set()
        self._beside: set[asyncio.Task[None]] = set()
        self._eyes = Eyes(desk.looking, self._out, desk.hub, desk.repository)
        self._checking = False
        self._looked_at = 0.0
        self._vanished = False

    # --- its life -----------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Greet, then read and write until either ends."""
        try:
            hello = await self._hello()
        except (TimeoutError, WebSocketDisconnect, BadFields) as error:
            self._out.end(NONSENSE, str(error) or "say hello first")
            await self._out.close()
            return
        ramp_up = self._desk.watch.current.ramp_up_text
        attendance = Attendance(self._desk.board, self._agent, hello["device"], self._desk.times, ramp_up=ramp_up)
        joined = self._join(hello)
        try:
            await self._attend(joined, attendance)
        finally:
            self._desk.roll.part(attendance)
            self._desk.hub.part(self._agent.id, self._out)
            for task in (*self._acting, *self._beside):
                task.cancel()
            self._eyes.close()
            if not self._vanished:  # else its lease is about to end by itself, and a goodbye would prolong it
                await attendance.leave()

    def _join(self, hello: dict[str, Any]) -> Joined:
        """Take frames from now on, and those missed, in one step: nothing lies between the two."""
        stream = self._desk.hub.join(self._agent.id, self._out)
        after = hello.get("after")
        if hello.get("epoch") == self._desk.hub.epoch and isinstance(after, int):
            missed = stream.since(after)
            if missed is not None:
                return Joined(after, missed)
        return Joined(stream.sequence, None)

    async def _attend(self, joined: Joined, attendance: Attendance) -> None:
        parts = [asyncio.create_task(self._write(joined, attendance)), asyncio.create_task(self._read(attendance))]
        either: list[asyncio.Future[Any]] = [*parts, self._out.ending]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        self._desk.hub.part(self._agent.id, self._out)
        for part in parts:
            part.cancel()
        for result in await asyncio.gather(*parts, return_exceptions=True):
            self._judge(result)
        await self._out.close()

    def _judge(self, result: BaseException | None) -> None:
        """Why a part of the connection ended, as a close code; the first reason counts."""
        match result:
            case BadFields():
                self._out.end(NONSENSE, str(result))
            case BoardClosed() | BoardAway():
                self._out.end(TOO_SLOW, "the board is being verified or rebuilt")
            case TimeoutError():
                self._vanished = True
                self._out.end(GONE, "nothing was heard for too long")
            case WebSocketDisconnect() | asyncio.CancelledError() | None:
                pass
            case _:
                log.error("desk_failed", exc_info=result)
                self._out.end(OURS, "an error of ours")

    async def _hello(self) -> dict[str, Any]:
        async with asyncio.timeout(self._desk.times.hello_s):
            hello = await next_frame(self._socket)
        if hello.get("type") != "hello" or not _DEVICE.fullmatch(str(hello.get("device", ""))):
            raise BadFields("the first frame is a hello with a device of 16 to 64 letters, digits and dashes")
        return hello

    async def _write(self, joined: Joined, attendance: Attendance) -> None:
        """Arrive, greet, and send what the hub gives."""
        self._desk.roll.join(attendance)  # before: a board that is rebuilt meanwhile must know of us
        try:
            async with asyncio.timeout(_ARRIVE_S):
                await attendance.arrive()
        except TimeoutError as error:
            raise BoardClosed("not open for too long") from error
        await self._out.run([await self._welcome(joined, attendance), *(joined.missed or ())])

    async def _welcome(self, joined: Joined, attendance: Attendance) -> bytes:
        resumed = joined.missed is not None
        RESUMES.labels("resumed" if resumed else "snapshot").inc()
        shown = None if resumed else await snapshot(
            self._desk.board, self._desk.repository, self._agent.id, outcomes=self._desk.hub.outcomes
        )  # fmt: skip
        welcome = {
            "type": "welcome",
            "epoch": self._desk.hub.epoch,
            "sequence": joined.sequence,
            "resumed": resumed,
            "heartbeat_s": self._desk.times.heartbeat_s,
            "agent": self._agent.model_dump(mode="json"),
            "presence": attendance.presence,
            "reason": attendance.reason,
            "draining": attendance.draining,
            "snapshot": shown,
        }
        return orjson.dumps(welcome)

    # --- what the client says -----------------------------------------------------------------------------

    async def _read(self, attendance: Attendance) -> None:
        handlers: dict[str, Callable[[dict[str, Any]], Awaitable[None]]] = {
            "action": self._act,
            "shown": self._shown,
            "heartbeat": lambda _: self._beat(attendance),
            "typing": self._signal,
            "seen": self._signal,
            "looking": self._turn,
        }
        while True:
            async with asyncio.timeout(self._desk.times.silent_s):
                frame = await next_frame(self._socket)
            self._look(attendance)
            handler = handlers.get(str(frame.get("type")))
            if handler is None:
                raise BadFields(f"unknown frame {str(frame.get('type'))[:40]!r}")
            await handler(frame)

    async def _beat(self, attendance: Attendance) -> None:
        """Say that the line lives, and prolong the lease; whether they are still signed in is asked beside."""
        self._out.put(ALIVE)
        if len(self._beside) < _BEATS_AT_ONCE:
            self._spawn(attendance.beat(), self._beside)
        self._looked_at = 0.0
        self._look(attendance)

    def _look(self, attendance: Attendance) -> None:
        """Whoever speaks must still be signed in, also one who never sends a heartbeat."""
        now = asyncio.get_running_loop().time()
        if not self._checking and now - self._looked_at >= self._desk.times.look_s:
            self._checking, self._looked_at = True, now
            self._spawn(self._check_session(attendance), self._beside)

    async def _check_session(self, attendance: Attendance) -> None:
        try:
            agent = await self._desk.auth.agent_of(self._token)
        except RecordAway:
            return  # desks need no record to go on; the next heartbeat asks again
        finally:
            self._checking = False
        if agent is None:
            self._out.end(SIGNED_OUT, "signed out")
            return
        self._agent = attendance.agent = agent

    async def _shown(self, frame: dict[str, Any]) -> None:
        async def tell() -> None:
            with contextlib.suppress(BadFields):
                await self._desk.actions.shown(self._agent.id, str(frame.get("conversation")), frame.get("fence"))

        if len(self._acting) < _AT_ONCE:
            self._spawn(tell(), self._acting)

    async def _signal(self, frame: dict[str, Any]) -> None:
        """Typing, or seen: one that comes while many are on their way is as good as lost."""
        kind, conversation = str(frame["type"]), str(frame.get("conversation", ""))
        if len(self._beside) < _BEATS_AT_ONCE:
            self._spawn(self._desk.signals.from_desk(self._agent.id, kind, conversation), self._beside)

    async def _turn(self, frame: dict[str, Any]) -> None:
        """They open a conversation, begin to write there, or leave it."""
        if self._eyes.aim(self._agent, frame):
            self._spawn(self._eyes.turn(), self._beside)

    async def _act(self, frame: dict[str, Any]) -> None:
        """Answered when it is done; meanwhile others go on, in the order in which they came to the board."""
        operation = str(frame.get("id", ""))
        if not OPERATION.fullmatch(operation):
            raise BadFields("an action's id is 32 hex digits")
        if len(self._acting) >= _AT_ONCE:
            self._out.put(answer(operation, Outcome("refused", "too-many", retry_after_s=1)))
            return
        action = Action(
            verb=str(frame.get("verb")), agent=self._agent.id, operation=operation,
            conversation=str(frame.get("conversation", "")), fields=frame, trace=traceparent(None),
            supervisor=self._agent.supervises,
        )  # fmt: skip

        async def act() -> None:
            try:
                outcome = await self._desk.actions.perform(action)
            except BadFields as error:
                outcome = Outcome("refused", "bad-fields", str(error))
            self._out.put(answer(operation, outcome))

        self._spawn(act(), self._acting)

    def _spawn(self, part: Coroutine[Any, Any, None], among: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(part)
        among.add(task)
        task.add_done_callback(among.discard)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("desk_action_failed", exc_info=error)
            self._out.end(OURS, "an error of ours")
