"""Following partitions of Kafka without a group."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError, OffsetOutOfRangeError

from trunkline.bus.base import OffsetGone, Partition, Position, Record
from trunkline.bus.kafka_cluster import CALL_S, RETRY_S, Cluster, record_of, stop
from trunkline.bus.terms import TermFilter

log = structlog.get_logger()

_READ = 250
"""Most records handed out at a time. Twice as many make agents 5 MB larger, and nothing faster (measured)."""

Found = dict[Partition, list[Record]]


class KafkaFollower:
    """`Follower` as one consumer without a group. Rebuilt when it fails; its positions are ours."""

    def __init__(self, cluster: Cluster, positions: Mapping[Partition, Position], *, rest_s: float) -> None:
        self._cluster = cluster
        self._rest_s = rest_s
        self._resting = False
        self._terms = {partition: TermFilter(position) for partition, position in positions.items()}
        self._consumer: AIOKafkaConsumer | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._consumer is not None:
            await stop(self._consumer)

    async def set(self, positions: Mapping[Partition, Position]) -> None:
        self._terms = {
            partition: self._terms.get(partition) or TermFilter(position) for partition, position in positions.items()
        }
        if self._consumer is not None:
            self._assign(self._consumer)

    def position(self, partition: Partition) -> Position:
        return self._terms[partition].position

    def _assign(self, consumer: AIOKafkaConsumer) -> None:
        consumer.assign([self._cluster.tp(partition) for partition in self._terms])
        for partition, terms in self._terms.items():
            consumer.seek(self._cluster.tp(partition), terms.offset)

    async def _ready(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = self._cluster.consumer()
            try:
                async with asyncio.timeout(CALL_S):
                    await consumer.start()
            except BaseException:
                await stop(consumer)
                raise
            self._consumer = consumer
            self._assign(consumer)
        return self._consumer

    async def next(self) -> Found:
        if not self._terms:
            await asyncio.sleep(RETRY_S)
            return {}
        try:
            consumer = await self._ready()
            fetched = await self._fetch(consumer)
        except OffsetOutOfRangeError as error:
            raise OffsetGone(str(error)) from error
        except (KafkaError, IllegalStateError, OSError, TimeoutError) as error:
            log.warning("log_away", error=type(error).__name__)
            if self._consumer is not None:
                consumer, self._consumer = self._consumer, None
                await stop(consumer)
            await asyncio.sleep(RETRY_S)
            return {}
        return self._accepted(consumer, fetched)

    def _accepted(self, consumer: AIOKafkaConsumer, fetched: dict[TopicPartition, list[Any]]) -> Found:
        found: Found = {}
        for tp, messages in fetched.items():
            partition = self._cluster.partition(tp)
            terms = self._terms.get(partition)
            if terms is None:
                continue
            # After a change of assignment a fetch that was under way may repeat or miss: dense offsets tell.
            if messages[0].offset != terms.offset:
                consumer.seek(tp, terms.offset)
                continue
            if kept := terms.keep(record_of(partition, message) for message in messages):
                found[partition] = kept
        return found

    async def _fetch(self, consumer: AIOKafkaConsumer) -> dict[TopicPartition, list[Any]]:
        if self._resting:
            await asyncio.sleep(self._rest_s)
            self._rest(consumer, resting=False)
        fetched: dict[TopicPartition, list[Any]] = await consumer.getmany(timeout_ms=1_000, max_records=_READ)
        if self._rest_s and 0 < sum(map(len, fetched.values())) < _READ:  # else there is more at once
            self._rest(consumer, resting=True)
        return fetched

    def _rest(self, consumer: AIOKafkaConsumer, *, resting: bool) -> None:
        """Fetch nothing for a while, or again. aiokafka would fetch ahead, each record as soon as it comes."""
        self._resting = resting
        (consumer.pause if resting else consumer.resume)(*consumer.assignment())
