"""Visitors of web chat in a process of their own, each at a real socket of ingest: the shop's customers, signed by it.

Each says something in turn, waits for the answer before the next, and says that it was read, as the widget does.
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
from tests.bench.samples import Samples, Window
from tests.bench.websocket import WebSocket, connect
from tests.bench.worker import Method, work
from trunkline.channels.webchat.identity import customer_signature
from trunkline.ids import new_id

FIRST = 10_000_000
"""Numbers of what visitors say begin here: those below belong to who writes SMS."""

_LIFE_S = 3_600
_ANSWERED_S = 30.0


class Visitor:
    """One visitor at one socket; known to the shop by the number of the first message, which opens the conversation."""

    def __init__(self, number: int, samples: Samples, trouble: Counter[str]) -> None:
        self._first = number
        self._samples, self._trouble = samples, trouble
        self._socket: WebSocket | None = None
        self.welcomed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.answered = asyncio.Event()

    async def come(self, url: str, secret: str) -> None:
        """Connect, and be welcomed."""
        self._socket = await connect(url, cookie="", on_text=self._text, on_end=self._ended)
        customer, expires = words.caller(self._first), int(time.time()) + _LIFE_S
        identity = {
            "customer": customer, "expires": expires, "signature": customer_signature(customer, expires, secret),
        }  # fmt: skip
        self._send({"type": "hello", "token": "", "identity": identity, "after": None})
        async with asyncio.timeout(_ANSWERED_S):
            await self.welcomed

    async def begin(self) -> None:
        """Open a conversation; returns when it was answered."""
        self.say(self._first)
        async with asyncio.timeout(_ANSWERED_S):
            await self.answered.wait()

    def say(self, number: int) -> None:
        """Ask something, now. ValueError if the last question has no answer yet."""
        if number != self._first and not self.answered.is_set():
            raise ValueError("one question at a time")
        self.answered.clear()
        self._send({"type": "message", "id": new_id(), "text": words.question(number, time.time())})

    def _send(self, frame: dict[str, Any]) -> None:
        if self._socket is not None:
            self._socket.send(orjson.dumps(frame))

    def _ended(self, how: str) -> None:
        self._trouble[f"visitor's socket ended: {how}"] += 1

    def _text(self, text: bytes) -> None:
        now, frame = time.time(), orjson.loads(text)
        if frame["type"] == "welcome" and not self.welcomed.done():
            self.welcomed.set_result(None)
        elif frame["type"] == "refused":
            self._trouble[f"visitor refused: {frame['code']}"] += 1
        elif frame["type"] == "message" and frame["direction"] == "outbound":
            _, _, asked = words.read_reply(frame["parts"][0]["text"])
            if asked:
                self._samples.add(asked, now)
            self.answered.set()
            self._send({"type": "read", "conversation": frame["conversation"], "number": frame["number"]})


class Visitors:
    """What the bench asks of them."""

    def __init__(self) -> None:
        self._samples = Samples()
        self._trouble: Counter[str] = Counter()
        self._visitors: list[Visitor] = []
        self._next = FIRST

    async def come(self, *, url: str, secret: str, count: int) -> None:
        """So many come, one after the other; each has been answered once."""
        for _ in range(count):
            visitor = Visitor(self._take(), self._samples, self._trouble)
            await visitor.come(url, secret)
            await visitor.begin()
            self._visitors.append(visitor)

    async def sit(self, *, url: str, secret: str, count: int, at_once: int = 20) -> None:
        """So many more come, and only look."""
        silent = [Visitor(self._take(), self._samples, self._trouble) for _ in range(count)]
        for start in range(0, count, at_once):
            await asyncio.gather(*(visitor.come(url, secret) for visitor in silent[start : start + at_once]))

    def _take(self) -> int:
        self._next += 1
        return self._next

    async def talk(self, *, rate: float, seconds: float) -> Window:
        """Questions at a rate, one visitor after the other; all are answered. The stretch in which they were asked."""
        began = time.time()
        for place in range(round(rate * seconds)):
            await asyncio.sleep(max(0.0, began + place / rate - time.time()))
            visitor = self._visitors[place % len(self._visitors)]
            async with asyncio.timeout(_ANSWERED_S):
                await visitor.answered.wait()
            visitor.say(self._take())
        ended = time.time()
        async with asyncio.timeout(_ANSWERED_S):
            await asyncio.gather(*(visitor.answered.wait() for visitor in self._visitors))
        return (began, ended)

    async def summary(self, *, windows: list[Window]) -> dict[str, Any]:
        """Round trips of what was asked within the windows, and all that went wrong so far."""
        return {"round_trips": dict(self._samples.summary(windows)), "trouble": dict(self._trouble)}


@asynccontextmanager
async def _start() -> AsyncIterator[Mapping[str, Method]]:
    visitors = Visitors()
    yield {"come": visitors.come, "sit": visitors.sit, "talk": visitors.talk, "summary": visitors.summary}


if __name__ == "__main__":
    work(_start)
