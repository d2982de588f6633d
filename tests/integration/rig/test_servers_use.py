"""The session's servers answer a real client, and each test finds them empty."""

from __future__ import annotations

import asyncpg
import pytest
import redis.asyncio as redis
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from trunkline.testing.servers import ExternalKafka, Kafka, Valkey
from trunkline.testing.servers.redis import RedisServer


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_finds_the_board_server_empty(board_server: RedisServer, turn: int) -> None:
    async with redis.from_url(board_server.url) as client:
        assert await client.dbsize() == 0

        await client.set("left", turn)
        assert await client.get("left") == str(turn).encode()


async def test_flush_forgets_scripts_too(valkey: Valkey) -> None:
    async with redis.from_url(valkey.url) as client:
        sha = await client.script_load("return 1")
        assert await client.script_exists(sha) == [True]

        valkey.flush()

        assert await client.script_exists(sha) == [False]


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_has_an_empty_database(postgres_url: str, turn: int) -> None:
    connection = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    try:
        await connection.execute("CREATE TABLE said (words text)")
        await connection.execute("INSERT INTO said VALUES ($1)", f"turn {turn}")
        assert await connection.fetchval("SELECT words FROM said") == f"turn {turn}"
    finally:
        await connection.close()


@pytest.mark.kafka
async def test_kafka_takes_a_record_and_gives_it_back(kafka_server: Kafka | ExternalKafka, kafka_prefix: str) -> None:
    topic = f"{kafka_prefix}-said"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_server.url)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=2, replication_factor=1)])
    finally:
        await admin.close()

    async with AIOKafkaProducer(bootstrap_servers=kafka_server.url, enable_idempotence=True) as producer:
        sent = await producer.send_and_wait(topic, b"hello", partition=1)

    async with AIOKafkaConsumer(topic, bootstrap_servers=kafka_server.url, auto_offset_reset="earliest") as consumer:
        record = await consumer.getone()
    assert (record.partition, record.offset, record.value) == (1, sent.offset, b"hello")
