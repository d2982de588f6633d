"""The load generator: customers in a process of their own, in an open loop at a rate or in a closed one.

Every message carries its number and the moment it was sent; in the open loop the moment it was *due*, as soon as it is
more than a timer's grain late: what waits in here because the system holds all connections counts as waiting.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.bench import words
from tests.bench.customers import Customers
from tests.bench.door import Door
from tests.bench.tally import Tally
from tests.bench.worker import Method, work

_CLOSED_STEP_S = 0.004
_ANSWERS_S = 20.0


class Load:
    """What the bench asks of the load generator."""

    def __init__(self) -> None:
        self._customers: Customers | None = None
        self._door: Door | None = None

    @property
    def customers(self) -> Customers:
        """Those of the system under test."""
        if self._customers is None:
            raise RuntimeError("connect first")
        return self._customers

    async def connect(self, *, door: dict[str, str], connections: int, places: int) -> None:
        """Connect customers to a door."""
        self._door = Door(**door)
        self._customers = Customers(self._door, connections=connections, places=places)
        await self._customers.connect()

    async def mix(self, *, length: int) -> None:
        """So many messages a conversation from now on; 0: they go on for ever."""
        self.customers.set_length(length)

    async def sent(self) -> int:
        """How many messages were sent so far."""
        return self.customers.next

    async def open_loop(self, *, rate: float, seconds: float) -> dict[str, Any]:
        """Send at a rate, whatever becomes of it; then wait for the answers."""
        customers, first, began = self.customers, self.customers.next, time.time()
        total = max(1, round(rate * seconds))
        customers.due_at = lambda number: began + (number - first) / rate
        due = 0
        while due < total:
            due = min(total, int((time.time() - began) * rate) + 1)
            customers.allow(first + due)
            await asyncio.sleep(max(0.0, began + due / rate - time.time()))
        late = first + total - customers.next
        await _until_all_are_answered(customers, first + total)
        customers.due_at = None
        return self._told(first, began, began + seconds) | {"late": late}

    async def closed_loop(self, *, window: int, seconds: float, through: str) -> dict[str, Any]:
        """Keep so many messages on their way, from the webhook to the provider, whose count is in a file."""
        customers, first, began = self.customers, self.customers.next, time.time()
        tally = Tally(Path(through))
        before = tally.value
        while time.time() < began + seconds:
            customers.allow(first + tally.value - before + window)
            await asyncio.sleep(_CLOSED_STEP_S)
        ended, passed = time.time(), tally.value - before
        customers.allow(customers.next)
        await _until_all_are_answered(customers, customers.next)
        return self._told(first, began, ended) | {"through": passed}

    def _told(self, first: int, began: float, ended: float) -> dict[str, Any]:
        customers = self.customers
        return {
            "first": first, "end": customers.next, "began": began, "ended": ended, "opened": customers.opened,
            "failed": dict(customers.failed), "answer": customers.answers.summary([(began, ended)]),
        }  # fmt: skip

    async def unanswerable(self, *, count: int) -> dict[str, Any]:
        """New contacts whose language no agent speaks: their conversations wait."""
        if self._door is None:
            raise RuntimeError("connect first")
        strangers = Customers(self._door, connections=8, places=count, say=words.greeting, caller=words.stranger)
        await strangers.connect()
        strangers.allow(count)
        await _until_all_are_answered(strangers, count)
        strangers.close()
        return {"sent": strangers.next, "failed": dict(strangers.failed)}

    async def flood(self, *, door: dict[str, str], connections: int, seconds: float) -> dict[str, Any]:
        """A closed loop against one handler: each connection posts again when it is answered."""
        customers = Customers(Door(**door), connections=connections, places=4 * connections)
        await customers.connect()
        began = time.time()
        customers.allow(10**9)
        await asyncio.sleep(seconds)
        ended, requests = time.time(), len(customers.answers)
        customers.allow(customers.next)
        await _until_all_are_answered(customers, customers.next)
        customers.close()
        answer = customers.answers.summary([(began, ended)])
        return {"requests": requests, "seconds": ended - began, "failed": dict(customers.failed), "answer": answer}


async def _until_all_are_answered(customers: Customers, end: int) -> None:
    async with asyncio.timeout(_ANSWERS_S):
        while customers.next < end or customers.unanswered:
            await asyncio.sleep(0.02)


@asynccontextmanager
async def _start() -> AsyncIterator[Mapping[str, Method]]:
    load = Load()
    yield {
        "connect": load.connect, "mix": load.mix, "sent": load.sent, "open_loop": load.open_loop,
        "closed_loop": load.closed_loop, "unanswerable": load.unanswerable, "flood": load.flood,
    }  # fmt: skip


if __name__ == "__main__":
    work(_start)
