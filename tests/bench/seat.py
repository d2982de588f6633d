"""An agent's seat at a desk's socket: it is welcomed, beats, and repeats what is not answered for good."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from tests.bench.websocket import WebSocket, connect
from trunkline.ids import new_id

Frame = dict[str, Any]

_HEARTBEAT_S = 15.0
_AGAIN_S = 0.3
_ANSWER, _WELCOME = b'"answer"', b'"welcome"'
_LOOK = 400
"""Bytes of a frame in which its type stands."""


class Seat:
    """One agent at one socket.

    `on_event` is given the head of each frame and all of it, and says whether it took it; `on_done` an action that is
    done, when it was asked for and when it was answered. What goes wrong is counted in `trouble`, by kind.
    """

    def __init__(
        self,
        trouble: Counter[str],
        *,
        on_event: Callable[[bytes, bytes], bool],
        on_done: Callable[[Frame, float, float], None],
    ) -> None:
        self._trouble = trouble
        self._on_event, self._on_done = on_event, on_done
        self._socket: WebSocket | None = None
        self._asked: dict[str, tuple[float, Frame]] = {}
        self._welcomed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def sit_down(self, url: str, cookie: str) -> None:
        """Connect, say hello, be welcomed; beat from then on."""
        self._socket = await connect(url, cookie=cookie, on_text=self._text, on_end=self._ended)
        self.send({"type": "hello", "device": f"device-{new_id()}"})
        async with asyncio.timeout(30):
            await self._welcomed
        asyncio.get_running_loop().call_later(_HEARTBEAT_S, self._beat)

    def send(self, frame: Frame) -> None:
        """A frame that nothing answers."""
        if self._socket is not None:
            self._socket.send(orjson.dumps(frame))

    def act(self, verb: str, conversation: str, **fields: Any) -> str:
        """An action, repeated until it is answered for good; its operation id."""
        operation = new_id()
        frame = {"type": "action", "id": operation, "verb": verb, "conversation": conversation, **fields}
        self._asked[operation] = (time.time(), frame)
        self.send(frame)
        return operation

    def _beat(self) -> None:
        self.send({"type": "heartbeat"})
        asyncio.get_running_loop().call_later(_HEARTBEAT_S, self._beat)

    def _ended(self, how: str) -> None:
        self._trouble[f"socket ended: {how}"] += 1

    def _text(self, frame: bytes) -> None:
        # Most frames are echoes (our own replies, deliveries): they are not worth decoding.
        head = frame[:_LOOK]
        if self._on_event(head, frame):
            return
        if _ANSWER in head:
            self._answered(orjson.loads(frame), time.time())
        elif _WELCOME in head and not self._welcomed.done():
            self._welcomed.set_result(None)

    def _answered(self, answer: Frame, now: float) -> None:
        operation, status = answer["id"], answer["status"]
        if operation not in self._asked:
            return
        began, frame = self._asked[operation]
        if status == "pending" or answer.get("retry_after_s"):
            self._trouble[f"{frame['verb']} {answer.get('code') or status}"] += 1
            asyncio.get_running_loop().call_later(answer.get("retry_after_s", _AGAIN_S), self.send, frame)
            return
        del self._asked[operation]
        if status == "done":
            self._on_done(frame, began, now)
        else:
            self._trouble[f"{frame['verb']} refused: {answer.get('code')}"] += 1


async def sit_down(seats: Sequence[Seat], url: str, cookies: list[str], *, at_once: int) -> None:
    """All of them, so many at a time."""
    for start in range(0, len(seats), at_once):
        group = zip(seats[start : start + at_once], cookies[start : start + at_once], strict=True)
        await asyncio.gather(*(seat.sit_down(url, cookie) for seat, cookie in group))
