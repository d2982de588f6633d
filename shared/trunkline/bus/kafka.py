"""The log on Apache Kafka, by aiokafka, with its traps closed (each is named where it is)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaError,
    OffsetOutOfRangeError,
    OutOfOrderSequenceNumber,
    ProducerFenced,
    TopicAlreadyExistsError,
)

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
from trunkline.bus.tame import tame
from trunkline.bus.terms import TermFilter
from trunkline.events import RETENTION_S, Topic

log = structlog.get_logger()

_APPEND_S = 5.0
_CALL_S = 5.0
_RETRY_S = 0.25
_READ = 500


class KafkaBus:
    """`Bus` on Apache Kafka."""

    def __init__(self, servers: str, *, deployment: str, shards: int, session_timeout_s: float = 6.0) -> None:
        self.shards = shards
        self.session_timeout_s = session_timeout_s
        self._servers = servers
        self._deployment = deployment
        self._producer: AIOKafkaProducer | None = None
        self._making = asyncio.Lock()
        self._reader: AIOKafkaConsumer | None = None
        self._reading = asyncio.Lock()
        self._retired: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in (self._producer, self._reader):
            if client is not None:
                await _stop(client)
        if self._retired:
            await asyncio.wait(self._retired, timeout=2)

    def topic_name(self, topic: Topic) -> str:
        """The topic's name in Kafka: cells share a Kafka and never touch."""
        return f"{self._deployment}.{topic}"

    def tp(self, partition: Partition) -> TopicPartition:
        """A partition in aiokafka's words."""
        return TopicPartition(self.topic_name(partition.topic), partition.number)

    def partition(self, tp: TopicPartition) -> Partition:
        """And back."""
        return Partition(Topic(tp.topic.removeprefix(f"{self._deployment}.")), tp.partition)

    # --- topics -------------------------------------------------------------------------------------------

    async def create_topics(self, replication: int = 1) -> list[str]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._servers, request_timeout_ms=10_000)
        try:
            await admin.start()
            made = [name for topic in Topic if (name := await self._create(admin, topic, replication))]
            described = await admin.describe_topics([self.topic_name(topic) for topic in Topic])
            for found in described:
                if (known := len(found["partitions"])) not in {0, self.shards}:
                    raise ShardsDiffer(
                        f"the log has {known} shards and TRUNKLINE_SHARDS says {self.shards}; set it to {known}"
                    )
        except AttributeError as error:
            # aiokafka 0.14 asks None for its nodeId while a starting cluster has no controller yet.
            raise BusAway("Kafka has no controller yet") from error
        except (KafkaError, OSError, TimeoutError) as error:
            raise BusAway(f"Kafka is away: {type(error).__name__}") from error
        else:
            return made
        finally:
            await admin.close()

    async def _create(self, admin: AIOKafkaAdminClient, topic: Topic, replication: int) -> str | None:
        configs = {
            "retention.ms": str(RETENTION_S[topic] * 1_000),
            "max.message.bytes": str(1_048_588),
            "min.insync.replicas": str(max(1, replication - 1)),
            "unclean.leader.election.enable": "false",
        }
        wanted = NewTopic(
            self.topic_name(topic), num_partitions=self.shards, replication_factor=replication, topic_configs=configs
        )
        try:
            response = await admin.create_topics([wanted])
        except TopicAlreadyExistsError:
            return None
        code = response.topic_errors[0][1] if getattr(response, "topic_errors", None) else 0
        if code not in {0, TopicAlreadyExistsError.errno}:
            raise BusError(f"Kafka would not make {wanted.name}: error {code}")
        return f"topic {wanted.name}: {self.shards} partitions" if code == 0 else None

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
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._servers,
                    enable_idempotence=True,
                    acks="all",
                    max_batch_size=1_000_000,
                    max_request_size=1_048_576,
                    request_timeout_ms=10_000,
                    retry_backoff_ms=100,
                )
                tame(producer.client)
                try:
                    async with asyncio.timeout(_APPEND_S):
                        await producer.start()
                except BaseException:
                    self._retire(producer)
                    raise
                self._producer = producer
            return self._producer

    async def append(self, partition: Partition, records: Sequence[NewRecord]) -> int:
        check_batch(records)
        try:
            producer = await self._ready_producer()
        except (KafkaError, OSError, TimeoutError) as error:
            raise AppendUnknown(f"Kafka is away: {type(error).__name__}") from error
        try:
            # An idempotent batch never expires in aiokafka and no setting bounds it (#1101): we bound the wait.
            async with asyncio.timeout(_APPEND_S):
                sent = await self._send(producer, partition, records)
                metadata = await asyncio.shield(sent)
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
        topic = self.topic_name(partition.topic)
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
        task = asyncio.create_task(_stop(client))
        self._retired.add(task)
        task.add_done_callback(self._retired.discard)

    # --- read ---------------------------------------------------------------------------------------------

    def consumer(self, **options: Any) -> AIOKafkaConsumer:
        """A consumer without aiokafka's losing defaults: nothing is committed or skipped by itself."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._servers,
            enable_auto_commit=False,
            **({"auto_offset_reset": "none", "fetch_max_wait_ms": 1_000} | options),
            max_partition_fetch_bytes=1_048_576,
            retry_backoff_ms=100,
            check_crcs=False,
        )
        tame(consumer._client)  # noqa: SLF001  aiokafka has no setting for its reconnect storm
        return consumer

    async def _ready_reader(self) -> AIOKafkaConsumer:
        if self._reader is None:
            # A broker answers a connection's requests in order: a fetch that waits for news holds up what we ask next.
            reader = self.consumer(fetch_max_wait_ms=5)
            try:
                async with asyncio.timeout(_CALL_S):
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
            tp = self.tp(partition)
            async with asyncio.timeout(_CALL_S):
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
            until = min(end, offset + 5_000)
            async with self._reading:
                pages = [page async for page in self._pages(partition, offset, until)]
            for page in pages:
                yield terms.keep(page)
            offset = until

    async def _pages(self, partition: Partition, start: int, end: int) -> AsyncIterator[list[Record]]:
        """Every record from start to end; the caller holds the reader."""
        if start >= end:
            return
        reader, tp, offset = await self._ready_reader(), self.tp(partition), start
        try:
            reader.assign([tp])
            reader.seek(tp, start)
            while offset < end:
                async with asyncio.timeout(_CALL_S):
                    fetched = await reader.getmany(tp, timeout_ms=int(_CALL_S * 1_000), max_records=1_000)
                records = [_record(partition, message) for message in fetched.get(tp, ()) if message.offset < end]
                if not records:
                    raise BusAway(f"Kafka gave nothing of {partition.topic}/{partition.number} at {offset}")
                offset = records[-1].offset + 1
                yield records
            reader.pause(tp)
        except (KafkaError, OSError, TimeoutError) as error:
            self._drop_reader()
            raise BusAway(f"Kafka is away: {type(error).__name__}") from error

    def follower(self, positions: Mapping[Partition, Position]) -> KafkaFollower:
        return KafkaFollower(self, positions)

    def membership(self, topic: Topic, group: str, member: str) -> KafkaMembership:
        return KafkaMembership(self, topic, f"{self._deployment}.{group}", member)

    async def lag(self, topic: Topic, group: str) -> dict[int, int]:
        consumer = self.consumer(group_id=f"{self._deployment}.{group}")
        tps = [self.tp(Partition(topic, number)) for number in range(self.shards)]
        try:
            async with asyncio.timeout(_CALL_S):
                await consumer.start()
                consumer.assign(tps)
                ends = await consumer.end_offsets(tps)
                done = {tp: await consumer.committed(tp) or 0 for tp in tps}
        except (KafkaError, OSError, TimeoutError) as error:
            raise BusAway(f"Kafka is away: {type(error).__name__}") from error
        finally:
            await _stop(consumer)
        return {tp.partition: max(0, ends[tp] - done[tp]) for tp in tps}

    async def expire(self, partition: Partition, *, older_than_s: float) -> None:
        """Kafka keeps its own retention (`retention.ms`, set by `create_topics`)."""


class KafkaFollower:
    """`Follower` as one consumer without a group. Rebuilt when it fails; its positions are ours."""

    def __init__(self, bus: KafkaBus, positions: Mapping[Partition, Position]) -> None:
        self._bus = bus
        self._terms = {partition: TermFilter(position) for partition, position in positions.items()}
        self._consumer: AIOKafkaConsumer | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._consumer is not None:
            await _stop(self._consumer)

    async def set(self, positions: Mapping[Partition, Position]) -> None:
        self._terms = {
            partition: self._terms.get(partition) or TermFilter(position) for partition, position in positions.items()
        }
        if self._consumer is not None:
            self._assign(self._consumer)

    def position(self, partition: Partition) -> Position:
        return self._terms[partition].position

    def _assign(self, consumer: AIOKafkaConsumer) -> None:
        consumer.assign([self._bus.tp(partition) for partition in self._terms])
        for partition, terms in self._terms.items():
            consumer.seek(self._bus.tp(partition), terms.offset)

    async def _ready(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = self._bus.consumer()
            try:
                async with asyncio.timeout(_CALL_S):
                    await consumer.start()
            except BaseException:
                await _stop(consumer)
                raise
            self._consumer = consumer
            self._assign(consumer)
        return self._consumer

    async def next(self) -> dict[Partition, list[Record]]:
        if not self._terms:
            await asyncio.sleep(_RETRY_S)
            return {}
        try:
            consumer = await self._ready()
            fetched = await consumer.getmany(timeout_ms=1_000, max_records=_READ)
        except OffsetOutOfRangeError as error:
            raise OffsetGone(str(error)) from error
        except (KafkaError, IllegalStateError, OSError, TimeoutError) as error:
            log.warning("log_away", error=type(error).__name__)
            if self._consumer is not None:
                consumer, self._consumer = self._consumer, None
                await _stop(consumer)
            await asyncio.sleep(_RETRY_S)
            return {}
        found: dict[Partition, list[Record]] = {}
        for tp, messages in fetched.items():
            partition = self._bus.partition(tp)
            terms = self._terms.get(partition)
            if terms is None:
                continue
            # After a change of assignment a fetch that was under way may repeat or miss: dense offsets tell.
            if messages[0].offset != terms.offset:
                consumer.seek(tp, terms.offset)
                continue
            if kept := terms.keep(_record(partition, message) for message in messages):
                found[partition] = kept
        return found


class KafkaMembership(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    """`Membership` as a static member of a consumer group. It fetches nothing: positions are in the log."""

    def __init__(self, bus: KafkaBus, topic: Topic, group: str, member: str) -> None:
        self._bus = bus
        self._topic = topic
        session = int(bus.session_timeout_s * 1_000)
        self._consumer = bus.consumer(
            group_id=group,
            group_instance_id=member,
            # It fetches nothing; without committed offsets a position must come from somewhere all the same.
            auto_offset_reset="earliest",
            session_timeout_ms=session,
            heartbeat_interval_ms=max(500, session // 6),
            rebalance_timeout_ms=session,
            # We never wait for work in the poll loop, so the time since the last poll says nothing (K11).
            max_poll_interval_ms=24 * 3_600_000,
        )
        self._owned: frozenset[int] = frozenset()
        self._told: frozenset[int] = frozenset()
        self._change = asyncio.Event()
        self._poll: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        while True:
            try:
                await self._consumer.start()
                break
            except (KafkaError, OSError) as error:
                log.warning("log_away", error=type(error).__name__)
                await asyncio.sleep(_RETRY_S)
        self._consumer.subscribe([self._bus.topic_name(self._topic)], listener=self)
        self._poll = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._poll is not None:
            self._poll.cancel()
            await asyncio.wait([self._poll])
        await _stop(self._consumer)

    @property
    def owned(self) -> frozenset[int]:
        return self._owned

    async def changed(self) -> frozenset[int]:
        while self._owned == self._told:
            self._change.clear()
            await self._change.wait()
        self._told = self._owned
        return self._told

    async def commit(self, offsets: Mapping[int, int]) -> None:
        mine = {
            self._bus.tp(Partition(self._topic, number)): offset
            for number, offset in offsets.items()
            if number in self._owned
        }
        if not mine:
            return
        try:
            # commit() repeats for ever while the broker is away (K5).
            async with asyncio.timeout(2):
                await self._consumer.commit(mine)
        except (CommitFailedError, IllegalStateError, KafkaError, TimeoutError) as error:
            log.warning("commit_failed", error=type(error).__name__)

    async def _run(self) -> None:
        """Errors of the group surface only in a poll; partitions are paused, so it brings no records."""
        while True:
            try:
                await self._consumer.getmany(timeout_ms=30_000)
            except (KafkaError, IllegalStateError) as error:
                log.warning("group_error", error=type(error).__name__)
                await asyncio.sleep(_RETRY_S)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Keep working: the next assignment says what is left, and the next owner's pen fences us."""

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """The new share. Exceptions here would be swallowed by aiokafka (K9): there is nothing that can raise."""
        with suppress(IllegalStateError):
            self._consumer.pause(*assigned)
        self._owned = frozenset(tp.partition for tp in assigned)
        self._change.set()


async def _stop(client: Any) -> None:
    """Stop a client within bounds: aiokafka's own stop() waits for ever on an absent broker (K2).

    A producer is not flushed: what it could not append was answered as unknown long ago, and must not land after we
    have gone on. Its parts are closed one by one, for stop() would flush. Whatever its parts do, its connections end.
    """
    connections = client.client if isinstance(client, AIOKafkaProducer) else client._client  # noqa: SLF001  see above
    for end, seconds in ((lambda: _stop_parts(client), 3), (connections.close, 1)):
        try:
            async with asyncio.timeout(seconds):
                await end()
        except (KafkaError, TimeoutError, OSError, asyncio.CancelledError) as error:
            # A fetch that aiokafka cancels in its pause after a failure comes out of stop() as if we were cancelled.
            if isinstance(error, asyncio.CancelledError) and (ours := asyncio.current_task()) and ours.cancelling():
                raise
            log.warning("stop_unfinished", client=type(client).__name__, error=type(error).__name__)


async def _stop_parts(client: Any) -> None:
    if isinstance(client, AIOKafkaProducer):
        client._closed = True  # noqa: SLF001  see `_stop`
        await client._sender.close()  # noqa: SLF001  see `_stop`
    else:
        await client.stop()


def _record(partition: Partition, message: Any) -> Record:
    return Record(
        partition, message.offset, message.timestamp, message.key or b"", message.value or b"", message.headers
    )
