"""A log in this process's memory, for tests that steer every step. It passes the bus's contract suite."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from trunkline.bus.base import (
    MAX_BATCH_BYTES,
    MAX_BATCH_RECORDS,
    Bounds,
    NewRecord,
    OffsetGone,
    Partition,
    Position,
    Record,
    ShardsDiffer,
)
from trunkline.bus.terms import TermFilter
from trunkline.events import Topic

Step = Callable[[str], Awaitable[None]]


class MemoryLog:
    """The records themselves; any number of buses share one, as processes share a broker."""

    def __init__(self, shards: int) -> None:
        self.shards = shards
        self.records: dict[Partition, list[Record]] = {}
        self.first: dict[Partition, int] = {}
        self.grown = asyncio.Condition()
        self.committed: dict[tuple[Topic, str], dict[int, int]] = {}
        self.sessions: dict[tuple[Topic, str], dict[str, float]] = {}
        self.leases: dict[tuple[Topic, str], dict[int, str]] = {}

    def partition(self, partition: Partition) -> list[Record]:
        """All records of a partition still kept, oldest first."""
        return self.records.setdefault(partition, [])

    def bounds(self, partition: Partition) -> Bounds:
        """First and next offset."""
        first = self.first.get(partition, 0)
        return Bounds(first, first + len(self.partition(partition)))

    def trim(self, partition: Partition, before: int) -> None:
        """Drop what is older than an offset, as retention does."""
        kept = [record for record in self.partition(partition) if record.offset >= before]
        self.records[partition] = kept
        self.first[partition] = before


class MemoryBus:
    """`Bus` over a MemoryLog. `step` is awaited before and after each operation, with its name."""

    def __init__(self, log: MemoryLog, *, session_timeout_s: float = 6.0, step: Step | None = None) -> None:
        self.log = log
        self.shards = log.shards
        self.session_timeout_s = session_timeout_s
        self._step = step

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def step(self, name: str) -> None:
        """Let the test have its turn."""
        if self._step is not None:
            await self._step(name)
        else:
            await asyncio.sleep(0)

    async def create_topics(self, replication: int = 1) -> list[str]:
        """Only compare."""
        del replication
        if self.log.shards != self.shards:
            raise ShardsDiffer(f"the log has {self.log.shards} shards, not {self.shards}")
        return []

    async def check(self) -> str | None:
        """Always there."""
        return None

    async def turn(self) -> None:
        """Let the test have its turn."""
        await self.step("turn")

    async def append(self, partition: Partition, records: Sequence[NewRecord], *, paced: bool = False) -> int:
        del paced
        if len(records) > MAX_BATCH_RECORDS or sum(record.size for record in records) > MAX_BATCH_BYTES:
            raise ValueError("too large a batch")
        await self.step(f"append {partition.topic}/{partition.number}")
        kept = self.log.partition(partition)
        first = self.log.bounds(partition).next
        now = int(time.time() * 1_000)
        kept += [
            Record(partition, first + n, now, record.key, record.value, record.headers)
            for n, record in enumerate(records)
        ]
        async with self.log.grown:
            self.log.grown.notify_all()
        await self.step(f"appended {partition.topic}/{partition.number}")
        return first

    async def bounds(self, partition: Partition) -> Bounds:
        await self.step("bounds")
        return self.log.bounds(partition)

    async def tail(self, partition: Partition, count: int, *, before: int | None = None) -> list[Record]:
        await self.step("tail")
        kept = self.log.partition(partition)
        end = self.log.bounds(partition).next if before is None else before
        return [record for record in kept if record.offset < end][-count:]

    async def read(self, partition: Partition, start: Position, *, end: int) -> AsyncIterator[list[Record]]:
        await self.step("read")
        bounds = self.log.bounds(partition)
        if start.offset < end and (start.offset < bounds.first or end > bounds.next):
            raise OffsetGone(f"{partition.topic}/{partition.number} holds {bounds}")
        terms = TermFilter(start)
        wanted = [record for record in self.log.partition(partition) if start.offset <= record.offset < end]
        for at in range(0, len(wanted), 100):
            yield terms.keep(wanted[at : at + 100])

    def follower(self, positions: Mapping[Partition, Position], *, rest_s: float = 0.0) -> MemoryFollower:
        if rest_s:
            raise NotImplementedError("nobody who reads this log rests")
        return MemoryFollower(self, positions)

    def membership(self, topic: Topic, group: str, member: str) -> MemoryMembership:
        return MemoryMembership(self, topic, group, member)

    async def lag(self, topic: Topic, group: str) -> dict[int, int]:
        done = self.log.committed.get((topic, group), {})
        return {
            number: self.log.bounds(Partition(topic, number)).next - done.get(number, 0)
            for number in range(self.shards)
        }

    async def expire(self, partition: Partition, *, older_than_s: float) -> None:
        before = int((time.time() - older_than_s) * 1_000)
        kept = self.log.partition(partition)
        gone = sum(record.timestamp_ms < before for record in kept[:-1])
        self.log.trim(partition, self.log.bounds(partition).first + gone)


class MemoryFollower:
    """`Follower`."""

    def __init__(self, bus: MemoryBus, positions: Mapping[Partition, Position]) -> None:
        self._bus = bus
        self._terms = {place: TermFilter(at) for place, at in positions.items()}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def set(self, positions: Mapping[Partition, Position]) -> None:
        self._terms = {place: self._terms.get(place) or TermFilter(at) for place, at in positions.items()}
        async with self._bus.log.grown:
            self._bus.log.grown.notify_all()

    def position(self, partition: Partition) -> Position:
        return self._terms[partition].position

    async def next(self) -> dict[Partition, list[Record]]:
        await self._bus.step("follow")
        log = self._bus.log
        try:
            async with asyncio.timeout(0.5), log.grown:
                await log.grown.wait_for(self._any)
        except TimeoutError:
            return {}
        found = {}
        for place, terms in self._terms.items():
            first = log.bounds(place).first
            if terms.offset < first or terms.offset > log.bounds(place).next:
                raise OffsetGone(f"{place.topic}/{place.number} holds {log.bounds(place)}, not {terms.offset}")
            if kept := terms.keep(log.partition(place)[terms.offset - first :][:500]):
                found[place] = kept
        return found

    def _any(self) -> bool:
        return any(terms.offset != self._bus.log.bounds(place).next for place, terms in self._terms.items())


class MemoryMembership:
    """`Membership` by sessions in memory."""

    def __init__(self, bus: MemoryBus, topic: Topic, group: str, member: str) -> None:
        self._bus = bus
        self._key = (topic, group)
        self._member = member
        self._told: frozenset[int] = frozenset()
        self._owned: frozenset[int] = frozenset()
        self.joined = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    @property
    def owned(self) -> frozenset[int]:
        return self._owned

    async def changed(self) -> frozenset[int]:
        while True:
            self._beat()
            if self._owned != self._told:
                self._told = self._owned
                return self._told
            await asyncio.sleep(self._bus.session_timeout_s / 6)

    def _beat(self) -> None:
        log, now = self._bus.log, time.monotonic()
        sessions = log.sessions.setdefault(self._key, {})
        sessions[self._member] = now + self._bus.session_timeout_s
        alive = sorted(name for name, until in sessions.items() if until > now)
        leases = log.leases.setdefault(self._key, {})
        most = -(-log.shards // len(alive))
        held = [number for number, name in leases.items() if name == self._member]
        for number in held[most:]:
            del leases[number]
        held = held[:most]
        for number in range(log.shards):
            if len(held) < most and leases.get(number) not in alive:
                leases[number] = self._member
                held.append(number)
        self._owned, self.joined = frozenset(held), True

    async def commit(self, offsets: Mapping[int, int]) -> None:
        self._bus.log.committed.setdefault(self._key, {}).update(offsets)
