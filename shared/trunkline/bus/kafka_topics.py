"""Making a deployment's topics in Kafka."""

from __future__ import annotations

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError

from trunkline.bus.base import BusAway, BusError, ShardsDiffer
from trunkline.bus.kafka_cluster import Cluster
from trunkline.events import RETENTION_S, Topic


async def create_topics(cluster: Cluster, *, shards: int, replication: int) -> list[str]:
    """Make those that are missing; what was made. BusAway, ShardsDiffer where there are others, BusError."""
    admin = cluster.admin()
    try:
        await admin.start()
        wanted = [_wanted(cluster, topic, shards, replication) for topic in Topic]
        made = [name for one in wanted if (name := await _create(admin, one))]
        described = await admin.describe_topics([cluster.topic_name(topic) for topic in Topic])
        for found in described:
            if (known := len(found["partitions"])) not in {0, shards}:
                raise ShardsDiffer(f"the log has {known} shards and TRUNKLINE_SHARDS says {shards}; set it to {known}")
    except AttributeError as error:
        # aiokafka 0.14 asks None for its nodeId while a starting cluster has no controller yet.
        raise BusAway("Kafka has no controller yet") from error
    except (KafkaError, OSError, TimeoutError) as error:
        raise BusAway(f"Kafka is away: {type(error).__name__}") from error
    else:
        return made
    finally:
        await admin.close()


def _wanted(cluster: Cluster, topic: Topic, shards: int, replication: int) -> NewTopic:
    return NewTopic(
        cluster.topic_name(topic),
        num_partitions=shards,
        replication_factor=replication,
        topic_configs={
            "retention.ms": str(RETENTION_S[topic] * 1_000),
            "max.message.bytes": str(1_048_588),
            "min.insync.replicas": str(max(1, replication - 1)),
            "unclean.leader.election.enable": "false",
        },
    )


async def _create(admin: AIOKafkaAdminClient, wanted: NewTopic) -> str | None:
    try:
        response = await admin.create_topics([wanted])
    except TopicAlreadyExistsError:
        return None
    code = response.topic_errors[0][1] if getattr(response, "topic_errors", None) else 0
    if code not in {0, TopicAlreadyExistsError.errno}:
        raise BusError(f"Kafka would not make {wanted.name}: error {code}")
    return f"topic {wanted.name}: {wanted.num_partitions} partitions" if code == 0 else None
