"""The provider: Trunkline's own Twilio simulator in a process of its own, lean (no callbacks, little kept).

Each reply carries the number of the message it answers and when its agent sent it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.bench import words
from tests.bench.samples import Numbers, Samples, Window
from tests.bench.tally import Tally
from tests.bench.worker import Method, work
from trunkline.testing.deployment import SENDER, SID, TOKEN
from trunkline.testing.twilio import TwilioSimulator
from trunkline.testing.twilio_rules import SimAccount

_DRAIN_S = 0.004
_KEEP = 100_000


class Provider:
    """Takes replies, notes their numbers and how long they took."""

    def __init__(self, through: Path) -> None:
        self._tally = Tally(through)
        self._numbers = Numbers()
        self._replies = Samples()
        self._round_trips = Samples()
        account = SimAccount(sid=SID, token=TOKEN, webhook_url="http://127.0.0.1/unused", senders=(SENDER,))
        self._simulator = TwilioSimulator([account], callbacks=False, keep=_KEEP)
        self._draining: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Serve while inside."""
        async with self._simulator:
            self._draining = asyncio.create_task(self._drain())
            yield
            self._draining.cancel()

    async def _drain(self) -> None:
        while True:
            while self._simulator.sent:
                sent = self._simulator.sent.popleft()
                number, stamp, asked = words.read_reply(sent.body)
                self._replies.add(stamp, sent.at)
                if asked:
                    self._round_trips.add(asked, sent.at)
                self._numbers.add(number)
            self._tally.value = len(self._numbers)
            await asyncio.sleep(_DRAIN_S)

    async def url(self) -> str:
        """The api_base to configure."""
        return self._simulator.url

    async def summary(self, *, windows: list[Window]) -> dict[str, Any]:
        """Reply → provider, of the replies sent within the windows."""
        return dict(self._replies.summary(windows))

    async def round_trips(self, *, windows: list[Window]) -> dict[str, Any]:
        """Webhook → socket → reply → provider, of messages into open conversations sent within the windows."""
        return dict(self._round_trips.summary(windows))

    async def accounted(self, *, first: int, end: int) -> dict[str, Any]:
        """Which of these messages have no answer (the first few), and what was refused or came twice in all."""
        if self._draining is not None and self._draining.done():
            self._draining.result()
        refused = {name: count for name, count in self._simulator.counters.items() if name.startswith("refused")}
        missing = self._numbers.missing(first, end)
        return {"missing": missing, "repeated": self._numbers.repeated, "refused": refused}


@asynccontextmanager
async def _start() -> AsyncIterator[Mapping[str, Method]]:
    provider = Provider(Path(sys.argv[1]))
    async with provider.open():
        yield {
            "url": provider.url,
            "summary": provider.summary,
            "round_trips": provider.round_trips,
            "accounted": provider.accounted,
        }


if __name__ == "__main__":
    work(_start)
