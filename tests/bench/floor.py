"""The floor: agents at real desk sockets, in a process of their own. They accept what is offered and answer at once.

What a real desk does besides (show the offer, heartbeat, repeat what is not answered) they do too; only the transcript
that a desk reads over HTTP when it is offered something is left out.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson

from tests.bench import words
from tests.bench.samples import Numbers, Samples, Window
from tests.bench.websocket import WebSocket, connect
from tests.bench.worker import Method, work
from trunkline.ids import new_id

_HEARTBEAT_S = 15.0
_PENDING_AGAIN_S = 0.3
_MESSAGE, _OFFERED, _ANSWER, _WELCOME = (
    b"conversation.message-added.v1",
    b"conversation.offered.v1",
    b'"answer"',
    b'"welcome"',
)
_LOOK = 400
"""Bytes of a frame in which its type stands."""


class Ledger:
    """What all agents of the floor have seen and measured."""

    def __init__(self) -> None:
        self.socket = Samples()
        """Webhook → socket, of messages into open conversations."""
        self.accept = Samples()
        self.reply = Samples()
        """Reply → its answer, behind the log."""
        self.numbers = Numbers()
        self.trouble: Counter[str] = Counter()
        self.holding = 0


class Agent:
    """One agent at one socket."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._socket: WebSocket | None = None
        self._open: dict[str, tuple[float, str, dict[str, Any]]] = {}
        self._offered: dict[str, list[tuple[int, bool]]] = {}
        self._held: set[str] = set()
        self._closing: set[str] = set()
        self.welcomed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def sit_down(self, url: str, cookie: str) -> None:
        """Connect, say hello, be welcomed; beat from then on."""
        self._socket = await connect(url, cookie=cookie, on_text=self._text, on_end=self._ended)
        self._send({"type": "hello", "device": f"device-{new_id()}"})
        async with asyncio.timeout(20):
            await self.welcomed
        asyncio.get_running_loop().call_later(_HEARTBEAT_S, self._beat)

    def _beat(self) -> None:
        self._send({"type": "heartbeat"})
        asyncio.get_running_loop().call_later(_HEARTBEAT_S, self._beat)

    def _send(self, frame: dict[str, Any]) -> None:
        if self._socket is not None:
            self._socket.send(orjson.dumps(frame))

    def _ended(self, how: str) -> None:
        self._ledger.trouble[f"socket ended: {how}"] += 1

    # --- what comes ---------------------------------------------------------------------------------------

    def _text(self, frame: bytes) -> None:
        # Most frames are echoes (our own replies, deliveries): they are not worth decoding.
        head = frame[:_LOOK]
        if _MESSAGE in head:
            now = time.time()
            self._said(orjson.loads(frame)["event"], now)
        elif _OFFERED in head:
            self._offer(orjson.loads(frame)["event"])
        elif _ANSWER in head:
            self._answered(orjson.loads(frame), time.time())
        elif _WELCOME in head and not self.welcomed.done():
            self.welcomed.set_result(None)

    def _said(self, event: dict[str, Any], now: float) -> None:
        data = event["data"]
        number, sent, last = words.read_question(data["details"]["message"]["parts"][0]["text"])
        self._ledger.socket.add(sent, now)
        self._ledger.numbers.add(number)
        conversation = event["subject"]
        if conversation in self._held:
            self._reply(conversation, number, last=last, asked=sent)
        else:
            self._offered.setdefault(conversation, []).append((number, last))

    def _offer(self, event: dict[str, Any]) -> None:
        conversation, state = event["subject"], event["data"]["state"]
        number = words.opened_with(state["contact"])
        waiting = self._offered.setdefault(conversation, [])
        if self._ledger.numbers.add(number):
            waiting.insert(0, (number, False))
        self._send({"type": "shown", "conversation": conversation, "fence": state["fence"]})
        self._act("accept", conversation, fence=state["fence"])

    def _answered(self, answer: dict[str, Any], now: float) -> None:
        operation, status = answer["id"], answer["status"]
        if operation not in self._open:
            return
        began, verb, frame = self._open[operation]
        if status == "pending" or answer.get("retry_after_s"):
            self._ledger.trouble[f"{verb} {answer.get('code') or status}"] += 1
            asyncio.get_running_loop().call_later(answer.get("retry_after_s", _PENDING_AGAIN_S), self._send, frame)
            return
        del self._open[operation]
        if status != "done":
            self._ledger.trouble[f"{verb} refused: {answer.get('code')}"] += 1
        elif verb == "accept":
            self._accepted(frame["conversation"], began, now)
        elif verb == "reply":
            self._ledger.reply.add(began, now)
            if operation in self._closing:
                self._close(operation, frame["conversation"])

    # --- what is done -------------------------------------------------------------------------------------

    def _accepted(self, conversation: str, began: float, now: float) -> None:
        self._ledger.accept.add(began, now)
        self._ledger.holding += 1
        self._held.add(conversation)
        for number, last in self._offered.pop(conversation, ()):
            self._reply(conversation, number, last=last)

    def _reply(self, conversation: str, number: int, *, last: bool, asked: float = 0.0) -> None:
        operation = self._act("reply", conversation, text=words.reply(number, asked))
        if last:
            self._closing.add(operation)

    def _close(self, operation: str, conversation: str) -> None:
        self._closing.discard(operation)
        self._held.discard(conversation)
        self._ledger.holding -= 1
        self._act("close", conversation, code="solved")

    def _act(self, verb: str, conversation: str, **fields: Any) -> str:
        operation = new_id()
        frame = {"type": "action", "id": operation, "verb": verb, "conversation": conversation, **fields}
        self._open[operation] = (time.time(), verb, frame)
        self._send(frame)
        return operation


class Floor:
    """What the bench asks of the floor."""

    def __init__(self) -> None:
        self._ledger = Ledger()
        self._agents: list[Agent] = []

    async def sit_down(self, *, url: str, cookies: list[str], at_once: int = 10) -> None:
        """Agents come to their desks."""
        agents = [Agent(self._ledger) for _ in cookies]
        for start in range(0, len(agents), at_once):
            group = zip(agents[start : start + at_once], cookies[start : start + at_once], strict=True)
            await asyncio.gather(*(agent.sit_down(url, cookie) for agent, cookie in group))
        self._agents += agents

    async def summary(self, *, windows: list[Window]) -> dict[str, Any]:
        """Latencies of what began within the windows."""
        ledger = self._ledger
        return {
            "socket": ledger.socket.summary(windows), "accept": ledger.accept.summary(windows),
            "reply_answered": ledger.reply.summary(windows),
        }  # fmt: skip

    async def state(self) -> dict[str, Any]:
        """Conversations held, and all that went wrong so far, by kind."""
        return {"holding": self._ledger.holding, "trouble": dict(self._ledger.trouble)}

    async def first_seen(self, *, sent_after: float) -> float | None:
        """When the first message that was sent after a moment came to a socket."""
        return self._ledger.socket.first_end(begun_after=sent_after)


@asynccontextmanager
async def _start() -> AsyncIterator[Mapping[str, Method]]:
    floor = Floor()
    yield {
        "sit_down": floor.sit_down, "summary": floor.summary, "state": floor.state, "first_seen": floor.first_seen,
    }  # fmt: skip


if __name__ == "__main__":
    work(_start)
