"""A log under test: where it is, how to reach it, how to make it forget."""

from __future__ import annotations

from dataclasses import dataclass

import redis.asyncio as redis
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from trunkline.bus import Bus, Partition, connect
from trunkline.events import Topic
from trunkline.testing.servers import ExternalKafka, Kafka, Valkey

SHARDS = 4


@dataclass
class Log:
    """A server that holds a log, and how to reach it."""

    server: Valkey | Kafka | ExternalKafka
    deployment: str
    session_timeout_s: float

    @property
    def url(self) -> str:
        return self.server.url if isinstance(self.server, Valkey) else f"kafka://{self.server.url}"

    def connect(self, *, shards: int = SHARDS, deployment: str = "") -> Bus:
        """Another bus on this log, not entered."""
        return connect(
            self.url,
            deployment=deployment or self.deployment,
            shards=shards,
            session_timeout_s=self.session_timeout_s,
        )

    async def trim(self, partition: Partition, *, before: int) -> None:
        """Make the log forget, as its retention does, what is before an offset."""
        if isinstance(self.server, Valkey):
            async with redis.from_url(self.url) as client:
                stream = f"{{{self.deployment}}}:log:{partition.topic}:{partition.number}"
                assert await client.xtrim(stream, minid=f"0-{before + 1}", approximate=False)
            return
        admin = AIOKafkaAdminClient(bootstrap_servers=self.server.url)
        await admin.start()
        try:
            tp = TopicPartition(f"{self.deployment}.{partition.topic}", partition.number)
            await admin.delete_records({tp: RecordsToDelete(before_offset=before)})
        finally:
            await admin.close()

    async def forget(self) -> None:
        """Remove the topics; the server may be shared and stay."""
        if isinstance(self.server, Valkey):
            return
        admin = AIOKafkaAdminClient(bootstrap_servers=self.server.url)
        await admin.start()
        try:
            await admin.delete_topics([f"{self.deployment}.{topic}" for topic in Topic])
        finally:
            await admin.close()
