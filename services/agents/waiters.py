"""Waiting for one's own event to be in the log: only then is an agent's action answered (DESIGN 3)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Literal

from trunkline.bus import Bus, BusError, Partition, Position, Record, TermFilter
from trunkline.bus.pen import term_before
from trunkline.events import Checkpoint, Header, Mark, Topic

_REMEMBERED = 2_000
_PAGE = 1_000
_OWNERS = {Checkpoint.type, Mark.type}
"""Records that repeat the last relayed id: they are not the entry itself."""

Seen = Literal["seen", "other", "timeout"]
"""In the log; another event is there under its number, so it was never relayed: make the move again; not yet."""


class Waiters:
    """Knows which outbox entries have been read in the log, and who waits for which."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._read: dict[int, OrderedDict[int, str]] = {}
        self._waiting: dict[tuple[int, int], list[asyncio.Event]] = {}

    def saw(self, record: Record) -> None:
        """A record of `routing-events` was read."""
        outbox = record.header(Header.OUTBOX)
        if outbox is None or record.type in _OWNERS:
            return
        shard, sequence = record.partition.number, int(outbox.partition("-")[0])
        known = self._read.setdefault(shard, OrderedDict())
        known[sequence] = outbox
        if len(known) > _REMEMBERED:
            known.popitem(last=False)
        for event in self._waiting.pop((shard, sequence), ()):
            event.set()

    async def wait(self, shard: int, outbox: str, *, repeated: bool, timeout_s: float) -> Seen:
        """Whether this very entry comes to be read in the log in time.

        A repeated operation's entry may have been read long ago: then the log itself is asked, never the board.
        """
        sequence = int(outbox.partition("-")[0])
        known = self._read.setdefault(shard, OrderedDict())
        until = asyncio.get_running_loop().time() + timeout_s
        if sequence not in known and repeated and (found := await self._in_log(shard, sequence, until)) is not None:
            return "seen" if found == outbox else "other"
        if sequence not in known:  # nor read while we looked back
            event = asyncio.Event()
            self._waiting.setdefault((shard, sequence), []).append(event)
            try:
                async with asyncio.timeout_at(until):
                    await event.wait()
            except TimeoutError:
                self._forget(shard, sequence, event)
                return "timeout"
        return "seen" if known.get(sequence) == outbox else "other"

    async def _in_log(self, shard: int, sequence: int, until: float) -> str | None:
        """As `_look_back`; None, too, of a log that is away: its answer is then waited for like a first one's."""
        try:
            async with asyncio.timeout_at(until):
                return await self._look_back(shard, sequence)
        except (BusError, TimeoutError):
            return None

    def _forget(self, shard: int, sequence: int, event: asyncio.Event) -> None:
        waiting = self._waiting.get((shard, sequence), [])
        if event in waiting:
            waiting.remove(event)
        if not waiting:
            self._waiting.pop((shard, sequence), None)

    async def _look_back(self, shard: int, sequence: int) -> str | None:
        """The outbox id relayed under this sequence, by the accepted records of the log's end; None: none yet."""
        partition = Partition(Topic.ROUTING, shard)
        end = (await self._bus.bounds(partition)).next
        while page := await self._bus.tail(partition, _PAGE, before=end):
            start = page[0].offset
            terms = TermFilter(Position(start, await term_before(self._bus, partition, start)))
            lowest = None
            for record in terms.keep(page):
                outbox = record.header(Header.OUTBOX)
                if outbox is None or record.type in _OWNERS:
                    continue
                number = int(outbox.partition("-")[0])
                lowest = number if lowest is None else min(lowest, number)
                if number == sequence:
                    return outbox
            if lowest is not None and lowest < sequence:
                return None
            end = start
        return None
