"""A share of a topic's partitions, by a consumer group of Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from trunkline.bus.base import Partition
from trunkline.bus.kafka_cluster import RETRY_S, Cluster, stop
from trunkline.bus.ownership import Ownership
from trunkline.events import Topic

log = structlog.get_logger()


class KafkaMembership(Ownership, ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    """`Membership` as a static member of a consumer group. It fetches nothing: positions are in the log."""

    def __init__(self, cluster: Cluster, topic: Topic, group: str, member: str, *, session_timeout_s: float) -> None:
        super().__init__()
        self._cluster = cluster
        self._topic = topic
        session = int(session_timeout_s * 1_000)
        self._consumer = cluster.consumer(
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
        self._poll: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        while True:
            try:
                await self._consumer.start()
                break
            except (KafkaError, OSError) as error:
                log.warning("log_away", error=type(error).__name__)
                await asyncio.sleep(RETRY_S)
        self._consumer.subscribe([self._cluster.topic_name(self._topic)], listener=self)
        self._poll = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._poll is not None:
            self._poll.cancel()
            await asyncio.wait([self._poll])
        await stop(self._consumer)

    async def commit(self, offsets: Mapping[int, int]) -> None:
        mine = {
            self._cluster.tp(Partition(self._topic, number)): offset
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
                await asyncio.sleep(RETRY_S)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Keep working: the next assignment says what is left, and the next owner's pen fences us."""

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """The new share. Exceptions here would be swallowed by aiokafka (K9): there is nothing that can raise."""
        with suppress(IllegalStateError):
            self._consumer.pause(*assigned)
        self.own(frozenset(tp.partition for tp in assigned))
