"""One reader of `inbound` for all shards of this router; each shard takes its records from a buffer of its own."""

from __future__ import annotations

import asyncio
from collections import deque

from trunkline.bus import Bus, Follower, Partition, Position, Record
from trunkline.events import Topic

_FULL = 4_000
_ROOM = 1_000


class Buffer:
    """A shard's records, read and not yet taken."""

    def __init__(self, following: int) -> None:
        self.next = following
        """Offset after the last record put in."""
        self.records: deque[Record] = deque()
        self.grown = asyncio.Event()

    async def take(self, most: int) -> list[Record]:
        """The next records, at least one; they leave the buffer."""
        while not self.records:
            self.grown.clear()
            await self.grown.wait()
        return [self.records.popleft() for _ in range(min(most, len(self.records)))]


class Inbound:
    """Reads what is wanted, and no further than a shard's buffer has room."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._buffers: dict[int, Buffer] = {}
        self._paused: set[int] = set()
        self._follower: Follower | None = None
        self._changing = asyncio.Lock()

    async def want(self, shard: int, offset: int) -> Buffer:
        """Begin, or begin anew, at this offset."""
        await self.drop(shard)
        buffer = self._buffers[shard] = Buffer(offset)
        await self._apply()
        return buffer

    async def drop(self, shard: int) -> None:
        """No longer read for this shard."""
        if self._buffers.pop(shard, None) is not None:
            self._paused.discard(shard)
            await self._apply()

    async def _apply(self) -> None:
        if self._follower is not None:
            async with self._changing:
                await self._follower.set(
                    {
                        Partition(Topic.INBOUND, shard): Position(buffer.next)
                        for shard, buffer in self._buffers.items()
                        if shard not in self._paused
                    }
                )

    async def run(self) -> None:
        """Read for ever. OffsetGone ends the process: the log no longer has what the board has not seen."""
        async with self._bus.follower({}) as follower:
            self._follower = follower
            await self._apply()
            while True:
                for partition, records in (await follower.next()).items():
                    self._put(partition.number, records)
                await self._make_room()

    def _put(self, shard: int, records: list[Record]) -> None:
        buffer = self._buffers.get(shard)
        if buffer is None or records[0].offset != buffer.next:
            return  # of a reader that was since begun anew elsewhere
        buffer.records.extend(records)
        buffer.next = records[-1].offset + 1
        buffer.grown.set()

    async def _make_room(self) -> None:
        full = {shard for shard, buffer in self._buffers.items() if len(buffer.records) > _FULL}
        roomy = {shard for shard in self._paused if len(self._buffers[shard].records) < _ROOM}
        paused = (self._paused | full) - roomy
        if paused != self._paused:
            self._paused = paused
            await self._apply()
