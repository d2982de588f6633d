"""Agents who hold what they accept until they are told to let go, in a process of their own; and what comes then."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson

from tests.bench.samples import summarise
from tests.bench.websocket import WebSocket, connect
from tests.bench.worker import Method, work
from trunkline.ids import new_id

_HEARTBEAT_S = 15.0
_AGAIN_S = 0.3
_OFFERED, _ANSWER, _WELCOME = b"conversation.offered.v1", b'"answer"', b'"welcome"'
_LOOK = 400
"""Bytes of a frame in which its type stands."""


class Holder:
    """One agent at one socket, with room for one."""

    def __init__(self, trouble: Counter[str], offered_s: list[float]) -> None:
        self.holds = ""
        self._trouble = trouble
        self._offered_s = offered_s
        self._let_go_at: float | None = None
        self._asked: dict[str, dict[str, Any]] = {}
        self._socket: WebSocket | None = None
        self._welcomed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def sit_down(self, url: str, cookie: str) -> None:
        """Connect, say hello, be welcomed; beat from then on."""
        self._socket = await connect(url, cookie=cookie, on_text=self._text, on_end=self._ended)
        self._send({"type": "hello", "device": f"device-{new_id()}"})
        async with asyncio.timeout(30):
            await self._welcomed
        self._beat()

    def let_go(self) -> None:
        """Close what it holds; how long the next offer takes is counted from here."""
        self._let_go_at = time.perf_counter()
        conversation, self.holds = self.holds, ""
        self._act("close", conversation, code="solved")

    @property
    def waits(self) -> bool:
        """Whether it let go and was offered nothing yet."""
        return self._let_go_at is not None

    def _beat(self) -> None:
        self._send({"type": "heartbeat"})
        asyncio.get_running_loop().call_later(_HEARTBEAT_S, self._beat)

    def _send(self, frame: dict[str, Any]) -> None:
        if self._socket is not None:
            self._socket.send(orjson.dumps(frame))

    def _ended(self, how: str) -> None:
        self._trouble[f"socket ended: {how}"] += 1

    def _text(self, frame: bytes) -> None:
        head = frame[:_LOOK]
        if _OFFERED in head:
            self._offer(orjson.loads(frame)["event"])
        elif _ANSWER in head:
            self._answered(orjson.loads(frame))
        elif _WELCOME in head and not self._welcomed.done():
            self._welcomed.set_result(None)

    def _offer(self, event: dict[str, Any]) -> None:
        if self._let_go_at is not None:
            self._offered_s.append(time.perf_counter() - self._let_go_at)
            self._let_go_at = None
        self._act("accept", event["subject"], fence=event["data"]["state"]["fence"])

    def _act(self, verb: str, conversation: str, **fields: Any) -> None:
        operation = new_id()
        frame = {"type": "action", "id": operation, "verb": verb, "conversation": conversation, **fields}
        self._asked[operation] = frame
        self._send(frame)

    def _answered(self, answer: dict[str, Any]) -> None:
        frame = self._asked.get(answer["id"])
        if frame is None:
            return
        if answer["status"] == "pending" or answer.get("retry_after_s"):
            self._trouble[f"{frame['verb']} {answer.get('code') or answer['status']}"] += 1
            asyncio.get_running_loop().call_later(answer.get("retry_after_s", _AGAIN_S), self._send, frame)
            return
        del self._asked[answer["id"]]
        if answer["status"] != "done":
            self._trouble[f"{frame['verb']} refused: {answer.get('code')}"] += 1
        elif frame["verb"] == "accept":
            self.holds = frame["conversation"]


class Holders:
    """What the bench asks of them."""

    def __init__(self) -> None:
        self._all: list[Holder] = []
        self._trouble: Counter[str] = Counter()
        self._offered_s: list[float] = []

    async def sit_down(self, *, url: str, cookies: list[str], at_once: int = 10) -> None:
        """Agents come to their desks."""
        for start in range(0, len(cookies), at_once):
            group = [Holder(self._trouble, self._offered_s) for _ in cookies[start : start + at_once]]
            await asyncio.gather(
                *(holder.sit_down(url, cookie) for holder, cookie in zip(group, cookies[start:], strict=False))
            )
            self._all += group

    async def busy(self) -> int:
        """How many hold something."""
        return sum(bool(holder.holds) for holder in self._all)

    async def let_go(self, *, count: int, seconds: float) -> dict[str, Any]:
        """So many of them close what they hold, one after the other, evenly in time; when each is offered the next.

        `missing` are those to whom nothing came within 30 s.
        """
        began = time.perf_counter()
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number * seconds / count - time.perf_counter()))
            turn = number % len(self._all)
            holder = next((one for one in (*self._all[turn:], *self._all[:turn]) if one.holds), None)
            if holder is None:
                raise RuntimeError("nobody holds anything")
            holder.let_go()
        deadline = time.perf_counter() + 30
        while any(holder.waits for holder in self._all) and time.perf_counter() < deadline:
            await asyncio.sleep(0.05)
        missing = sum(holder.waits for holder in self._all)
        return {"offered": summarise(self._offered_s), "missing": missing, "trouble": dict(self._trouble)}


@asynccontextmanager
async def _start() -> AsyncIterator[Mapping[str, Method]]:
    holders = Holders()
    yield {"sit_down": holders.sit_down, "busy": holders.busy, "let_go": holders.let_go}


if __name__ == "__main__":
    work(_start)
