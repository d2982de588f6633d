"""The end of one partition, read once: who takes a pen asks five questions of the same thousand records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from trunkline.bus.base import Bounds, NewRecord, Partition, Record


class Tailed(Protocol):
    """What taking a pen needs of a `Bus`."""

    async def append(self, partition: Partition, records: Sequence[NewRecord]) -> int: ...

    async def bounds(self, partition: Partition) -> Bounds: ...

    async def tail(self, partition: Partition, count: int, *, before: int | None = None) -> list[Record]: ...


class Lookback:
    """A bus that remembers what it read back of one partition: records never change, so only new ones are read.

    For one taking of the pen; it keeps every record it was asked for.
    """

    def __init__(self, bus: Tailed) -> None:
        self._bus = bus
        self._known: list[Record] = []

    async def append(self, partition: Partition, records: Sequence[NewRecord]) -> int:
        """As the bus does."""
        return await self._bus.append(partition, records)

    async def bounds(self, partition: Partition) -> Bounds:
        """As the bus does: where the log ends is always asked anew."""
        return await self._bus.bounds(partition)

    async def tail(self, partition: Partition, count: int, *, before: int | None = None) -> list[Record]:
        """The last records before an offset, as `Bus.tail`."""
        end = (await self.bounds(partition)).next if before is None else before
        if not self._known:
            self._known = await self._bus.tail(partition, count, before=end)
        if not self._known:
            return []
        if (missing := end - self._known[-1].offset - 1) > 0:
            self._known += await self._bus.tail(partition, missing, before=end)
        first = self._known[0].offset
        if (missing := first - max(0, end - count)) > 0:
            self._known[:0] = await self._bus.tail(partition, missing, before=first)
        first = self._known[0].offset
        return self._known[max(0, end - count - first) : max(0, end - first)]
