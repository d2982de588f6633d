"""What every client of a Kafka cluster here shares: names of topics, how a client is made, how it is stopped."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from trunkline.bus.base import Partition, Record
from trunkline.bus.tame import tame
from trunkline.events import Topic

log = structlog.get_logger()

CALL_S = 5.0
RETRY_S = 0.25

_FETCH = 1_048_576
"""Most bytes of one answer, of a partition and of all together: it is in memory twice while it is read. A larger record
comes alone."""


class Cluster:
    """The brokers, and one deployment's topics on them."""

    def __init__(self, servers: str, deployment: str) -> None:
        self._servers = servers
        self.deployment = deployment

    def topic_name(self, topic: Topic) -> str:
        """The topic's name in Kafka: cells share a Kafka and never touch."""
        return f"{self.deployment}.{topic}"

    def tp(self, partition: Partition) -> TopicPartition:
        """A partition in aiokafka's words."""
        return TopicPartition(self.topic_name(partition.topic), partition.number)

    def partition(self, tp: TopicPartition) -> Partition:
        """And back."""
        return Partition(Topic(tp.topic.removeprefix(f"{self.deployment}.")), tp.partition)

    def admin(self) -> AIOKafkaAdminClient:
        """A client that makes topics."""
        return AIOKafkaAdminClient(bootstrap_servers=self._servers, request_timeout_ms=10_000)

    def producer(self) -> AIOKafkaProducer:
        """A producer that is idempotent and waits for all in-sync replicas."""
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
        return producer

    def consumer(self, **options: Any) -> AIOKafkaConsumer:
        """A consumer without aiokafka's losing defaults: nothing is committed or skipped by itself."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._servers,
            enable_auto_commit=False,
            **({"auto_offset_reset": "none", "fetch_max_wait_ms": 1_000} | options),
            max_partition_fetch_bytes=_FETCH,
            fetch_max_bytes=_FETCH,
            retry_backoff_ms=100,
            check_crcs=False,
        )
        tame(consumer._client)  # noqa: SLF001  aiokafka has no setting for its reconnect storm
        return consumer


def record_of(partition: Partition, message: Any) -> Record:
    """A fetched message as ours."""
    return Record(
        partition, message.offset, message.timestamp, message.key or b"", message.value or b"", message.headers
    )


async def stop(client: Any) -> None:
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
        client._closed = True  # noqa: SLF001  see `stop`
        await client._sender.close()  # noqa: SLF001  see `stop`
    else:
        await client.stop()
