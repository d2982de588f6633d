"""The log on Redis Streams: one machine's default. `appendfsync always` makes an answer mean "on disk".

Keyspace (D = `{deployment}`, a hash tag, so that all lies in one slot):

    D:log:shards              number of partitions, for ever
    D:log:<topic>:<p>         stream; entry id 0-(offset+1), so XADD 0-* keeps offsets dense
    D:log:commits:<group>:<topic>   hash: partition → next offset (for lag only)
    D:log:members:<group>:<topic>   zset: member → ms when its session ends
    D:log:leases:<group>:<topic>    hash: partition → member

An entry's fields are k (key), v (value), t (ms by the server's clock), then the headers as h.<name>.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import structlog
from redis.exceptions import RedisError, ResponseError

from trunkline.bus import scripts
from trunkline.bus.base import (
    AppendUnknown,
    Bounds,
    BusAway,
    BusError,
    NewRecord,
    OffsetGone,
    Partition,
    Position,
    Record,
    ShardsDiffer,
    check_batch,
)
from trunkline.bus.ownership import Ownership
from trunkline.bus.terms import TermFilter
from trunkline.connections import redis_client
from trunkline.events import Topic
from trunkline.gather import Gather

log = structlog.get_logger()

_BLOCK_MS = 1_000
_RETRY_S = 0.25
_READ = 500


class StreamsBus:
    """`Bus` on Redis Streams."""

    def __init__(self, url: str, *, deployment: str, shards: int, session_timeout_s: float = 6.0) -> None:
        self.shards = shards
        self.session_timeout_s = session_timeout_s
        self._url = url
        self._prefix = f"{{{deployment}}}:log"
        self._client = self.client(timeout_s=5.0)
        self._appends: Gather[tuple[Partition, Sequence[NewRecord]], int] = Gather(self._append_many, limit=64)

    def client(self, *, timeout_s: float) -> Any:
        """A client of one's own: a blocked read must not hold up the others.

        Stream replies stay as they come: redis-py would make dicts of them and lose a repeated header.
        """
        client = redis_client(self._url, timeout_s=timeout_s, connections=16)
        for command in ("XRANGE", "XREVRANGE", "XREAD"):
            client.set_response_callback(command, _as_it_came)
        return client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._appends.close()
        await self._client.aclose()

    def stream(self, partition: Partition) -> str:
        """The key of a partition's stream."""
        return f"{self._prefix}:{partition.topic}:{partition.number}"

    def group_key(self, what: str, group: str, topic: Topic) -> str:
        """A key of a consumer group."""
        return f"{self._prefix}:{what}:{group}:{topic}"

    async def create_topics(self, replication: int = 1) -> list[str]:
        """Remember the shard count; streams appear with their first record."""
        del replication  # Kafka's word; a stream has its server's replicas
        key = f"{self._prefix}:shards"
        with _away():
            made = await self._client.set(key, self.shards, nx=True)
            known = int(await self._client.get(key))
        if known != self.shards:
            raise ShardsDiffer(f"the log has {known} shards and TRUNKLINE_SHARDS says {self.shards}; set it to {known}")
        return [f"log: {len(Topic)} topics of {self.shards} shards"] if made else []

    async def check(self) -> str | None:
        try:
            known = await self._client.get(f"{self._prefix}:shards")
        except (RedisError, OSError, TimeoutError) as error:
            return f"the log does not answer: {type(error).__name__}"
        return None if known else "the log is not set up: run `trunkline setup`"

    async def turn(self) -> None:
        """At once: a request to the embedded log costs a tenth of one to Kafka."""

    async def append(self, partition: Partition, records: Sequence[NewRecord], *, paced: bool = False) -> int:
        del paced
        check_batch(records)
        return await self._appends.submit((partition, records))

    async def _append_many(self, batches: list[tuple[Partition, Sequence[NewRecord]]]) -> list[int]:
        keys = [self.stream(partition) for partition, _ in batches]
        arguments: list[bytes | int] = []
        for _, records in batches:
            arguments.append(len(records))
            for record in records:
                fields = [b"k", record.key, b"v", record.value]
                for name, value in record.headers:
                    fields += [b"h." + name.encode(), value]
                arguments.append(len(fields))
                arguments += fields
        try:
            first: list[int] = await scripts.run(self._client, scripts.APPEND, keys, arguments)
        except (RedisError, OSError, TimeoutError) as error:
            raise AppendUnknown(f"the log did not answer: {type(error).__name__}") from error
        return first

    async def bounds(self, partition: Partition) -> Bounds:
        with _away():
            try:
                # One command: between two, the stream's first record could come, and seem to have been trimmed.
                info = await self._client.xinfo_stream(self.stream(partition))
            except ResponseError as error:
                if "no such key" in str(error.args):
                    return Bounds(0, 0)
                raise
        # The sequence part of the last id ever given, also when all entries are trimmed.
        following = _offset(info["last-generated-id"]) + 1
        first = info["first-entry"]
        return Bounds(_offset(first[0]) if first else following, following)

    async def tail(self, partition: Partition, count: int, *, before: int | None = None) -> list[Record]:
        top = "+" if before is None else f"(0-{before + 1}"
        if before is not None and before <= 0:
            return []
        with _away():
            entries = await self._client.xrevrange(self.stream(partition), max=top, min="-", count=count)
        return [_record(partition, *entry) for entry in reversed(entries)]

    async def read(self, partition: Partition, start: Position, *, end: int) -> AsyncIterator[list[Record]]:
        terms = TermFilter(start)
        first = (await self.bounds(partition)).first
        if start.offset < first and start.offset < end:
            raise OffsetGone(f"{partition.topic}/{partition.number} begins at {first}, not at {start.offset}")
        while terms.offset < end:
            with _away():
                entries = await self._client.xrange(
                    self.stream(partition), min=f"0-{terms.offset + 1}", max=f"0-{end}", count=1_000
                )
            if not entries:
                raise OffsetGone(f"{partition.topic}/{partition.number} ends before {end}")
            yield terms.keep(_record(partition, *entry) for entry in entries)

    def follower(self, positions: Mapping[Partition, Position], *, rest_s: float = 0.0) -> StreamsFollower:
        return StreamsFollower(self, positions, rest_s=rest_s)

    def membership(self, topic: Topic, group: str, member: str) -> StreamsMembership:
        return StreamsMembership(self, topic, group, member)

    async def committed(self, topic: Topic, group: str) -> dict[int, int]:
        """Next offsets the group has committed."""
        with _away():
            stored = await self._client.hgetall(self.group_key("commits", group, topic))
        return {int(number): int(offset) for number, offset in stored.items()}

    async def lag(self, topic: Topic, group: str) -> dict[int, int]:
        done = await self.committed(topic, group)
        return {
            number: max(0, (await self.bounds(Partition(topic, number))).next - done.get(number, 0))
            for number in range(self.shards)
        }

    async def expire(self, partition: Partition, *, older_than_s: float) -> None:
        with _away():
            await scripts.run(self._client, scripts.EXPIRE, [self.stream(partition)], [int(older_than_s * 1_000)])


class StreamsFollower:
    """`Follower` on one blocking connection."""

    def __init__(self, bus: StreamsBus, positions: Mapping[Partition, Position], *, rest_s: float) -> None:
        self._bus = bus
        self._rest_s = rest_s
        self._resting = False
        self._terms = {partition: TermFilter(position) for partition, position in positions.items()}
        self._client = bus.client(timeout_s=_BLOCK_MS / 1_000 + 5)
        self._reading: asyncio.Task[Any] | None = None
        self._unchecked = set(self._terms)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._interrupt()
        await self._client.aclose()

    async def set(self, positions: Mapping[Partition, Position]) -> None:
        self._terms = {
            partition: self._terms.get(partition) or TermFilter(position) for partition, position in positions.items()
        }
        self._unchecked = set(self._terms)
        await self._interrupt()

    def position(self, partition: Partition) -> Position:
        return self._terms[partition].position

    async def next(self) -> dict[Partition, list[Record]]:
        if not self._terms:
            await asyncio.sleep(_RETRY_S)
            return {}
        if self._resting and self._rest_s:
            await asyncio.sleep(self._rest_s)
        terms = dict(self._terms)
        try:
            await self._check_bounds(terms)
            self._reading = asyncio.create_task(self._read(terms))
            replies = await asyncio.shield(self._reading)
        except (RedisError, OSError, TimeoutError, BusAway) as error:
            log.warning("log_away", error=type(error).__name__)
            await asyncio.sleep(_RETRY_S)
            self._unchecked = set(self._terms)
            return {}
        except asyncio.CancelledError:
            if self._reading is not None and self._reading.cancelled() and not _cancelled_from_outside():
                return {}
            await self._interrupt()
            raise
        by_stream = {self._bus.stream(partition).encode(): partition for partition in terms}
        found: dict[Partition, list[Record]] = {}
        for stream, entries in replies or []:
            partition = by_stream[stream]
            if self._terms.get(partition) is not terms[partition]:
                continue
            kept = terms[partition].keep(_record(partition, *entry) for entry in entries)
            if kept:
                found[partition] = kept
        self._resting = bool(replies) and all(len(entries) < _READ for _, entries in replies)
        return found

    async def _read(self, terms: Mapping[Partition, TermFilter]) -> Any:
        wanted = {self._bus.stream(partition): f"0-{judge.offset}" for partition, judge in terms.items()}
        return await self._client.xread(wanted, count=_READ, block=_BLOCK_MS)

    async def _check_bounds(self, terms: Mapping[Partition, TermFilter]) -> None:
        for partition in list(self._unchecked):
            if partition in terms:
                bounds = await self._bus.bounds(partition)
                offset = terms[partition].offset
                if not bounds.first <= offset <= bounds.next:
                    raise OffsetGone(
                        f"{partition.topic}/{partition.number} holds {bounds.first} to {bounds.next}, not {offset}"
                    )
            self._unchecked.discard(partition)

    async def _interrupt(self) -> None:
        reading = self._reading
        if reading is not None and not reading.done():
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError, RedisError, OSError):
                await reading


def _cancelled_from_outside() -> bool:
    current = asyncio.current_task()
    return current is not None and current.cancelling() > 0


class StreamsMembership(Ownership):
    """`Membership` by leases on the log's server, by its clock: a name keeps its leases until its session ends."""

    def __init__(self, bus: StreamsBus, topic: Topic, group: str, member: str) -> None:
        super().__init__()
        self._bus = bus
        self._topic = topic
        self._group = group
        self._member = member
        self._client = bus.client(timeout_s=2.0)
        self._beat: asyncio.Task[None] | None = None
        self._alive_until = 0.0

    async def __aenter__(self) -> Self:
        self._beat = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._beat is not None:
            self._beat.cancel()
            await asyncio.wait([self._beat])
        await self._client.aclose()

    async def commit(self, offsets: Mapping[int, int]) -> None:
        if not offsets:
            return
        try:
            key = self._bus.group_key("commits", self._group, self._topic)
            await self._client.hset(key, mapping={str(number): offset for number, offset in offsets.items()})
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("commit_failed", group=self._group, error=type(error).__name__)

    async def _run(self) -> None:
        """Heartbeat six times a session; without an answer for a whole session we own nothing."""
        loop = asyncio.get_running_loop()
        keys = [self._bus.group_key(what, self._group, self._topic) for what in ("members", "leases")]
        arguments = [self._member, int(self._bus.session_timeout_s * 1_000), self._bus.shards]
        while True:
            asked = loop.time()
            try:
                held = await scripts.run(self._client, scripts.HEARTBEAT, keys, arguments)
                self._alive_until = asked + self._bus.session_timeout_s
                self.own(frozenset(int(number) for number in held))
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("heartbeat_failed", group=self._group, error=type(error).__name__)
                if loop.time() > self._alive_until:
                    self.own(frozenset())
            await asyncio.sleep(self._bus.session_timeout_s / 6)


def _offset(entry_id: bytes | str) -> int:
    text = entry_id.decode() if isinstance(entry_id, bytes) else entry_id
    return int(text.partition("-")[2]) - 1


def _record(partition: Partition, entry_id: bytes, fields: Sequence[bytes]) -> Record:
    if [*fields[:5:2]] != [b"t", b"k", b"v"]:
        raise BusError(f"{partition.topic}/{partition.number} {entry_id!r} is no record of ours")
    pairs = zip(fields[6::2], fields[7::2], strict=True)
    headers = tuple((name[2:].decode(), text) for name, text in pairs)
    return Record(partition, _offset(entry_id), int(fields[1]), fields[3], fields[5], headers)


def _as_it_came(reply: Any, **_: Any) -> Any:
    return reply


@contextlib.contextmanager
def _away() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise BusAway(f"the log does not answer: {type(error).__name__}") from error
