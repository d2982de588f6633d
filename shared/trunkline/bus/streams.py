"""The log on Redis Streams: one machine's default. `appendfsync always` makes an answer mean "on disk"."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from redis.exceptions import RedisError

from trunkline.bus import scripts
from trunkline.bus.base import (
    AppendUnknown,
    Bounds,
    NewRecord,
    OffsetGone,
    Partition,
    Position,
    Record,
    ShardsDiffer,
    check_batch,
)
from trunkline.bus.streams_follower import StreamsFollower
from trunkline.bus.streams_membership import StreamsMembership
from trunkline.bus.streams_server import StreamsServer, bounds_of, log_answers, record_of
from trunkline.bus.terms import TermFilter
from trunkline.events import Topic
from trunkline.gather import Gather
from trunkline.pace import Pace

_APART_S = 0.004
"""From one turn to the next. A request costs a tenth of one to Kafka, so it need not grow with the delay."""


class StreamsBus:
    """`Bus` on Redis Streams."""

    def __init__(self, url: str, *, deployment: str, shards: int, session_timeout_s: float = 6.0) -> None:
        self.shards = shards
        self.session_timeout_s = session_timeout_s
        self._server = StreamsServer(url, deployment)
        self._client = self._server.client(timeout_s=5.0)
        self._appends: Gather[tuple[Partition, Sequence[NewRecord]], int] = Gather(self._append_many, limit=64)
        self._pace = Pace(0, apart_s=_APART_S, most_s=_APART_S)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._appends.close()
        await self._client.aclose()

    async def create_topics(self, replication: int = 1) -> list[str]:
        """Remember the shard count; streams appear with their first record."""
        del replication  # Kafka's word; a stream has its server's replicas
        key = self._server.shards_key
        with log_answers():
            made = await self._client.set(key, self.shards, nx=True)
            known = int(await self._client.get(key))
        if known != self.shards:
            raise ShardsDiffer(f"the log has {known} shards and TRUNKLINE_SHARDS says {self.shards}; set it to {known}")
        return [f"log: {len(Topic)} topics of {self.shards} shards"] if made else []

    async def check(self) -> str | None:
        try:
            known = await self._client.get(self._server.shards_key)
        except (RedisError, OSError, TimeoutError) as error:
            return f"the log does not answer: {type(error).__name__}"
        return None if known else "the log is not set up: run `trunkline setup`"

    async def turn(self) -> None:
        await self._pace.turn()

    async def append(self, partition: Partition, records: Sequence[NewRecord], *, paced: bool = False) -> int:
        del paced
        check_batch(records)
        return await self._appends.submit((partition, records))

    async def _append_many(self, batches: list[tuple[Partition, Sequence[NewRecord]]]) -> list[int]:
        keys = [self._server.stream(partition) for partition, _ in batches]
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
        return await bounds_of(self._client, self._server.stream(partition))

    async def tail(self, partition: Partition, count: int, *, before: int | None = None) -> list[Record]:
        top = "+" if before is None else f"(0-{before + 1}"
        if before is not None and before <= 0:
            return []
        with log_answers():
            entries = await self._client.xrevrange(self._server.stream(partition), max=top, min="-", count=count)
        return [record_of(partition, *entry) for entry in reversed(entries)]

    async def read(self, partition: Partition, start: Position, *, end: int) -> AsyncIterator[list[Record]]:
        terms = TermFilter(start)
        first = (await self.bounds(partition)).first
        if start.offset < first and start.offset < end:
            raise OffsetGone(f"{partition.topic}/{partition.number} begins at {first}, not at {start.offset}")
        while terms.offset < end:
            with log_answers():
                entries = await self._client.xrange(
                    self._server.stream(partition), min=f"0-{terms.offset + 1}", max=f"0-{end}", count=1_000
                )
            if not entries:
                raise OffsetGone(f"{partition.topic}/{partition.number} ends before {end}")
            yield terms.keep(record_of(partition, *entry) for entry in entries)

    def follower(self, positions: Mapping[Partition, Position], *, rest_s: float = 0.0) -> StreamsFollower:
        return StreamsFollower(self._server, positions, rest_s=rest_s)

    def membership(self, topic: Topic, group: str, member: str) -> StreamsMembership:
        return StreamsMembership(
            self._server, topic, group, member, shards=self.shards, session_timeout_s=self.session_timeout_s
        )

    async def committed(self, topic: Topic, group: str) -> dict[int, int]:
        """Next offsets the group has committed."""
        with log_answers():
            stored = await self._client.hgetall(self._server.group_key("commits", group, topic))
        return {int(number): int(offset) for number, offset in stored.items()}

    async def lag(self, topic: Topic, group: str) -> dict[int, int]:
        done = await self.committed(topic, group)
        return {
            number: max(0, (await self.bounds(Partition(topic, number))).next - done.get(number, 0))
            for number in range(self.shards)
        }

    async def expire(self, partition: Partition, *, older_than_s: float) -> None:
        key = self._server.stream(partition)
        with log_answers():
            await scripts.run(self._client, scripts.EXPIRE, [key], [int(older_than_s * 1_000)])
