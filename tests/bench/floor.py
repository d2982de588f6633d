"""The floor: agents at real desk sockets, in a process of their own. They accept what is offered and answer at once.

What a real desk does besides (show the offer, heartbeat, repeat what is not answered) they do too; only the transcript
that a desk reads over HTTP when it is offered something is left out.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson

from tests.bench import seat, words
from tests.bench.samples import Numbers, Samples, Window
from tests.bench.seat import Frame, Seat
from tests.bench.worker import Method, work

_MESSAGE, _OFFERED = b"conversation.message-added.v1", b"conversation.offered.v1"


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
    """One agent of the floor."""

    def __init__(self, ledger: Ledger) -> None:
        self.seat = Seat(ledger.trouble, on_event=self._event, on_done=self._done)
        self._ledger = ledger
        self._offered: dict[str, list[tuple[int, bool]]] = {}
        self._held: set[str] = set()
        self._closing: set[str] = set()

    # --- what comes ---------------------------------------------------------------------------------------

    def _event(self, head: bytes, frame: bytes) -> bool:
        if _MESSAGE in head:
            now = time.time()
            self._said(orjson.loads(frame)["event"], now)
        elif _OFFERED in head:
            self._offer(orjson.loads(frame)["event"])
        else:
            return False
        return True

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
        self.seat.send({"type": "shown", "conversation": conversation, "fence": state["fence"]})
        self.seat.act("accept", conversation, fence=state["fence"])

    def _done(self, frame: Frame, began: float, now: float) -> None:
        if frame["verb"] == "accept":
            self._accepted(frame["conversation"], began, now)
        elif frame["verb"] == "reply":
            self._ledger.reply.add(began, now)
            if frame["id"] in self._closing:
                self._close(frame["id"], frame["conversation"])

    # --- what is done -------------------------------------------------------------------------------------

    def _accepted(self, conversation: str, began: float, now: float) -> None:
        self._ledger.accept.add(began, now)
        self._ledger.holding += 1
        self._held.add(conversation)
        for number, last in self._offered.pop(conversation, ()):
            self._reply(conversation, number, last=last)

    def _reply(self, conversation: str, number: int, *, last: bool, asked: float = 0.0) -> None:
        operation = self.seat.act("reply", conversation, text=words.reply(number, asked))
        if last:
            self._closing.add(operation)

    def _close(self, operation: str, conversation: str) -> None:
        self._closing.discard(operation)
        self._held.discard(conversation)
        self._ledger.holding -= 1
        self.seat.act("close", conversation, code="solved")


class Floor:
    """What the bench asks of the floor."""

    def __init__(self) -> None:
        self._ledger = Ledger()
        self._agents: list[Agent] = []

    async def sit_down(self, *, url: str, cookies: list[str], at_once: int = 10) -> None:
        """Agents come to their desks."""
        agents = [Agent(self._ledger) for _ in cookies]
        await seat.sit_down([agent.seat for agent in agents], url, cookies, at_once=at_once)
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
