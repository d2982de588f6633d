"""Agents who hold what they accept until they are told to let go, in a process of their own; and what comes then."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson

from tests.bench import seat
from tests.bench.samples import summarise
from tests.bench.seat import Frame, Seat
from tests.bench.worker import Method, work

_OFFERED = b"conversation.offered.v1"


class Holder:
    """One agent with room for one."""

    def __init__(self, trouble: Counter[str], offered_s: list[float]) -> None:
        self.holds = ""
        self.seat = Seat(trouble, on_event=self._event, on_done=self._done)
        self._offered_s = offered_s
        self._let_go_at: float | None = None

    def let_go(self) -> None:
        """Close what it holds; how long the next offer takes is counted from here."""
        self._let_go_at = time.perf_counter()
        conversation, self.holds = self.holds, ""
        self.seat.act("close", conversation, code="solved")

    @property
    def waits(self) -> bool:
        """Whether it let go and was offered nothing yet."""
        return self._let_go_at is not None

    def _event(self, head: bytes, frame: bytes) -> bool:
        if _OFFERED not in head:
            return False
        event = orjson.loads(frame)["event"]
        if self._let_go_at is not None:
            self._offered_s.append(time.perf_counter() - self._let_go_at)
            self._let_go_at = None
        self.seat.act("accept", event["subject"], fence=event["data"]["state"]["fence"])
        return True

    def _done(self, frame: Frame, _: float, __: float) -> None:
        if frame["verb"] == "accept":
            self.holds = frame["conversation"]


class Holders:
    """What the bench asks of them."""

    def __init__(self) -> None:
        self._all: list[Holder] = []
        self._trouble: Counter[str] = Counter()
        self._offered_s: list[float] = []

    async def sit_down(self, *, url: str, cookies: list[str], at_once: int = 10) -> None:
        """Agents come to their desks."""
        holders = [Holder(self._trouble, self._offered_s) for _ in cookies]
        await seat.sit_down([holder.seat for holder in holders], url, cookies, at_once=at_once)
        self._all += holders

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
