"""The log on Apache Kafka, by aiokafka, with its traps closed (each is named where it is)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError, OutOfOrderSequenceNumber, ProducerFenced

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
    check_batch,
)
from trunkline.bus.kafka_cluster import CALL_S, Cluster, record_of, stop
from trunkline.bus.kafka_follower import KafkaFollower
from trunkline.bus.kafka_membership import KafkaMembership
from trunkline.bus.kafka_topics import create_topics
from trunkline.bus.terms import TermFilter
from trunkline.events import Topic
from trunkline.pace import Pace

_APPEND_S = 5.0
_PACE = 5
"""Turns to append come so many times as far apart as appends are delayed now (docs/decisions, 16)."""
_MOST_S = 0.05
"""The most that an append waits for its turn."""
_PAGE = 1_000
"""Most records that are read back at a time: a service that folds its log holds no more of it. Five times as many
take as long to read."""


class KafkaBus:
    """`Bus` on Apache Kafka."""

    def __init__(self, servers: str, *, deployment: str, shards: int, session_timeout_s: float = 6.0) -> None:
        self.shards = shards
        self.session_timeout_s = session_timeout_s
        self._cluster = Cluster(servers, deployment)
        self._producer: AIOKafkaProducer | None = None
        self._making = asyncio.Lock()
        self._reader: AIOKafkaConsumer | None = None
        self._reading = asyncio.Lock()
        self._retired: set[asyncio.Task[None]] = set()
        self._pace = Pace(_PACE, most_s=_MOST_S)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in (self._producer, self._reader):
            if client is not None:
                await stop(client)
        if self._retired:
            await asyncio.wait(self._retired, timeout=2)

    async def create_topics(self, replication: int = 1) -> list[str]:
        return await create_topics(self._cluster, shards=self.shards, replication=replication)

    async def check(self) -> str | None:
        try:
            bounds = await self.bounds(Partition(Topic.INBOUND, 0))
        except BusError as error:
            return str(error)
        return None if bounds.next >= 0 else "the log has no inbound topic"

    # --- append -------------------------------------------------------------------------------------------

    async def _ready_producer(self) -> AIOKafkaProducer:
        async with self._making:
            if self._producer is None:
                producer = self._cluster.producer()
                try:
                    async with asyncio.timeout(_APPEND_S):
                        await producer.start()
                except BaseException:
                    self._retire(producer)
                    raise
                self._producer = producer
            return self._producer

    async def turn(self) -> None:
        await self._pace.turn()

    async def append(self, partition: Partition, records: Sequence[NewRecord], *, paced: bool = False) -> int:
        check_batch(records)
        try:
            producer = await self._ready_producer()
        except (KafkaError, OSError, TimeoutError) as error:
            raise AppendUnknown(f"Kafka is away: {type(error).__name__}") from error
        try:
            # An idempotent batch never expires in aiokafka and no setting bounds it (#1101): we bound the wait.
            async with asyncio.timeout(_APPEND_S):
                if not paced:
                    await self._pace.turn()
                began = asyncio.get_running_loop().time()
                sent = await self._send(producer, partition, records)
                metadata = await asyncio.shield(sent)
                self._pace.took(asyncio.get_running_loop().time() - began)
        except TimeoutError as error:
            self._replace(producer)
            raise AppendUnknown("Kafka did not answer in time") from error
        except (OutOfOrderSequenceNumber, ProducerFenced) as error:
            # The producer keeps its lost sequence and would fail for ever (#1017): start a new one.
            self._replace(producer)
            raise AppendUnknown(f"Kafka lost our sequence: {type(error).__name__}") from error
        except KafkaError as error:
            raise AppendUnknown(f"Kafka refused: {type(error).__name__}: {error}") from error
        return int(metadata.offset)

    async def _send(
        self, producer: AIOKafkaProducer, partition: Partition, records: Sequence[NewRecord]
    ) -> asyncio.Future[Any]:
        topic = self._cluster.topic_name(partition.topic)
        if len(records) == 1:
            one = records[0]
            headers = list(one.headers)
            sent: asyncio.Future[Any] = await producer.send(
                topic, one.value, key=one.key, partition=partition.number, headers=headers
            )
            return sent
        batch = producer.create_batch()
        for record in records:
            if batch.append(key=record.key, value=record.value, timestamp=None, headers=list(record.headers)) is None:
                raise ValueError("the records do not fit one Kafka batch")
        sent = await producer.send_batch(batch, topic, partition=partition.number)
        return sent  # noqa: RET504  typed by its first assignment; aiokafka is untyped

    def _replace(self, producer: AIOKafkaProducer) -> None:
        if self._producer is producer:
            self._producer = None
            self._retire(producer)

    def _retire(self, client: Any) -> None:
        task = asyncio.create_task(stop(client))
        self._retired.add(task)
        task.add_done_callback(self._retired.discard)

    # --- read ---------------------------------------------------------------------------------------------

    async def _ready_reader(self) -> AIOKafkaConsumer:
        if self._reader is None:
            # A broker answers a connection's requests in order: a fetch that waits for news holds up what we ask next.
            reader = self._cluster.consumer(fetch_max_wait_ms=5)
            try:
                async with asyncio.timeout(CALL_S):
                    await reader.start()
            except BaseException:
                self._retire(reader)
                raise
            self._reader = reader
        return self._reader

    async def bounds(self, partition: Partition) -> Bounds:
        async with self._reading:
            return await self._bounds(partition)

    async def _bounds(self, partition: Partition) -> Bounds:
        try:
            reader = await self._ready_reader()
            tp = self._cluster.tp(partition)
            async with asyncio.timeout(CALL_S):
                first, following = await reader.beginning_offsets([tp]), await reader.end_offsets([tp])
        except (KafkaError, OSError, TimeoutError) as error:
            self._drop_reader()
            raise BusAway(f"Kafka is away: {type(error).__name__}") from error
        return Bounds(first[tp], following[tp])

    def _drop_reader(self) -> None:
        if self._reader is not None:
            self._retire(self._reader)
            self._reader = None

    async def tail(self, partition: Partition, count: int, *, before: int | None = None) -> list[Record]:
        async with self._reading:
            bounds = await self._bounds(partition)
            end = bounds.next if before is None else min(before, bounds.next)
            found: list[Record] = []
            async for records in self._pages(partition, max(bounds.first, end - count), end):
                found += records
            return found

    async def read(self, partition: Partition, start: Position, *, end: int) -> AsyncIterator[list[Record]]:
        terms = TermFilter(start)
        if start.offset >= end:
            return
        async with self._reading:
            bounds = await self._bounds(partition)
            if start.offset < bounds.first:
                raise OffsetGone(f"{partition.topic}/{partition.number} begins at {bounds.first}, not {start.offset}")
            if end > bounds.next:
                raise OffsetGone(f"{partition.topic}/{partition.number} ends at {bounds.next}, before {end}")
        offset = start.offset
        while offset < end:
            until = min(end, offset + _PAGE)
            async with self._reading:
                pages = [page async for page in self._pages(partition, offset, until)]
            for page in pages:
                yield terms.keep(page)
            offset = until

    async def _pages(self, partition: Partition, start: int, end: int) -> AsyncIterator[list[Record]]:
        """Every record from start to end; the caller holds the reader."""
        if start >= end:
            return
        reader, tp, offset = await self._ready_reader(), self._cluster.tp(partition), start
        try:
            reader.assign([tp])
            reader.seek(tp, start)
            while offset < end:
                async with asyncio.timeout(CALL_S):
                    fetched = await reader.getmany(tp, timeout_ms=int(CALL_S * 1_000), max_records=_PAGE)
                records = [record_of(partition, message) for message in fetched.get(tp, ()) if message.offset < end]
                if not records:
                    raise BusAway(f"Kafka gave nothing of {partition.topic}/{partition.number} at {offset}")
                offset = records[-1].offset + 1
                yield records
            reader.pause(tp)
        except (KafkaError, OSError, TimeoutError) as error:
            self._drop_reader()
            raise BusAway(f"Kafka is away: {type(error).__name__}") from error

    def follower(self, positions: Mapping[Partition, Position], *, rest_s: float = 0.0) -> KafkaFollower:
        return KafkaFollower(self._cluster, positions, rest_s=rest_s)

    def membership(self, topic: Topic, group: str, member: str) -> KafkaMembership:
        group = f"{self._cluster.deployment}.{group}"
        return KafkaMembership(self._cluster, topic, group, member, session_timeout_s=self.session_timeout_s)

    async def lag(self, topic: Topic, group: str) -> dict[int, int]:
        consumer = self._cluster.consumer(group_id=f"{self._cluster.deployment}.{group}")
        tps = [self._cluster.tp(Partition(topic, number)) for number in range(self.shards)]
        try:
            async with asyncio.timeout(CALL_S):
                await consumer.start()
                consumer.assign(tps)
                ends = await consumer.end_offsets(tps)
                done = {tp: await consumer.committed(tp) or 0 for tp in tps}
        except (KafkaError, OSError, TimeoutError) as error:
            raise BusAway(f"Kafka is away: {type(error).__name__}") from error
        finally:
            await stop(consumer)
        return {tp.partition: max(0, ends[tp] - done[tp]) for tp in tps}

    async def expire(self, partition: Partition, *, older_than_s: float) -> None:
        """Kafka keeps its own retention (`retention.ms`, set by `create_topics`)."""
