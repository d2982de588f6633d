"""Faults of the servers really happen, and what must survive them does."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis.asyncio as redis
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from trunkline.testing.errors import ChildError, ServerFailedError, ServerMissingError
from trunkline.testing.ports import free_port
from trunkline.testing.servers import ExternalKafka, Kafka, Postgres, Redis, Valkey
from trunkline.testing.servers.redis import RedisServer

pytestmark = pytest.mark.faults


@pytest.fixture(params=[Valkey, Redis], ids=["valkey", "redis7"])
def kind(request: pytest.FixtureRequest) -> type[RedisServer]:
    chosen: type[RedisServer] = request.param
    return chosen


def make(kind: type[RedisServer], **options: str) -> RedisServer:
    try:
        return kind(**options)  # type: ignore[arg-type]  # the literals of appendfsync
    except ServerMissingError as missing:
        pytest.skip(str(missing))


def once(server: RedisServer) -> redis.Redis:
    """A client that never repeats a command by itself; after a restart one needs a new one."""
    return redis.from_url(server.url, retry=Retry(NoBackoff(), 0), socket_timeout=1)


async def test_fsync_always_keeps_every_acknowledged_write_through_kill_9(kind: type[RedisServer]) -> None:
    async with make(kind, appendfsync="always") as server, once(server) as client:
        acknowledged, enough = 0, asyncio.Event()

        async def write() -> None:
            nonlocal acknowledged
            while True:
                try:
                    acknowledged = await client.incr("written")
                except (RedisError, OSError):
                    return
                if acknowledged == 200:
                    enough.set()

        writing = asyncio.create_task(write())
        await enough.wait()
        status = await server.kill()
        await writing
        await server.start()

        async with once(server) as after:
            assert status == -signal.SIGKILL
            assert int(await after.get("written") or 0) in {acknowledged, acknowledged + 1}


async def test_a_cut_tail_loses_the_last_writes_and_only_those(kind: type[RedisServer]) -> None:
    async with make(kind, appendfsync="always") as server, once(server) as client:
        for number in range(50):
            await client.rpush("story", number)
        kept = server.aof_size()
        for number in range(50, 80):
            await client.rpush("story", number)

        await server.kill()
        cut = server.cut_aof_tail(server.aof_size() - kept)
        await server.start()

        async with once(server) as after:
            assert cut > 0
            assert await after.lrange("story", 0, -1) == [str(number).encode() for number in range(50)]


async def test_a_script_cut_in_its_middle_is_lost_whole(kind: type[RedisServer]) -> None:
    script = "redis.call('SET', KEYS[1], 'one') redis.call('SET', KEYS[2], 'two') return 1"
    async with make(kind, appendfsync="always") as server, once(server) as client:
        await client.set("before", 1)
        await client.eval(script, 2, "first", "second")

        await server.kill()
        server.cut_aof_tail(3)
        await server.start()

        async with once(server) as after:
            assert await after.mget("before", "first", "second") == [b"1", None, None]


async def test_a_restored_snapshot_brings_the_older_state_back(kind: type[RedisServer]) -> None:
    async with make(kind) as server, once(server) as client:
        await client.set("state", "older")
        older = server.snapshot()
        await client.set("state", "newer")

        await server.stop()
        server.restore(older)
        await server.start()

        async with once(server) as after:
            assert await after.get("state") == b"older"


async def test_a_wiped_server_starts_empty_on_the_same_port(kind: type[RedisServer]) -> None:
    async with make(kind) as server, once(server) as client:
        await client.set("state", "there")
        port = server.port

        await server.kill()
        server.wipe()
        await server.start()

        async with once(server) as after:
            assert (server.port, await after.dbsize()) == (port, 0)


async def test_data_are_not_touched_under_a_running_server(kind: type[RedisServer]) -> None:
    async with make(kind) as server:
        with pytest.raises(ServerFailedError, match="while it runs"):
            server.wipe()
        with pytest.raises(ServerFailedError, match="while it runs"):
            server.cut_aof_tail(1)


async def test_a_paused_server_is_silent_and_answers_when_resumed(kind: type[RedisServer]) -> None:
    async with make(kind) as server, once(server) as client:
        await client.set("state", "there")

        await server.pause()
        with pytest.raises((RedisError, TimeoutError)):
            await client.get("state")
        await server.resume()

        assert await client.get("state") == b"there"


async def test_a_server_that_cannot_start_says_why(kind: type[RedisServer]) -> None:
    with pytest.raises(ServerFailedError, match="no-such-setting"):
        async with make(kind, options={"no-such-setting": "1"}):  # type: ignore[arg-type]  # passed on as it is
            pass


async def test_the_home_of_a_server_is_removed(kind: type[RedisServer]) -> None:
    async with make(kind) as server:
        home = server.home
        assert home.is_dir()
    assert not home.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the death signal is Linux's")
async def test_no_server_outlives_the_process_that_started_it(tmp_path: Path) -> None:
    program = textwrap.dedent(f"""
        import asyncio, os, signal
        from trunkline.testing.servers import Valkey
        async def main():
            server = Valkey()
            await server.start()
            open({str(tmp_path / "pid")!r}, "w").write(f"{{server.child.pid}} {{server.home}}")
            os.kill(os.getpid(), signal.SIGKILL)
        asyncio.run(main())
    """)
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", program],
        check=False,
        timeout=20,
        env={**os.environ, "PYTHONPATH": "shared"},
    )
    assert ended.returncode == -signal.SIGKILL

    written, home = (tmp_path / "pid").read_text().split()
    shutil.rmtree(home)  # what a killed process cannot do
    pid = int(written)
    async with asyncio.timeout(5):
        while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.01)


async def test_postgres_keeps_what_is_committed_through_kill_9() -> None:
    try:
        server = Postgres()
    except ServerMissingError as missing:
        pytest.skip(str(missing))
    async with server:
        name = await server.create_database()
        connection = await asyncpg.connect(server.database_url(name))
        await connection.execute("CREATE TABLE said (words text)")
        await connection.execute("INSERT INTO said VALUES ('kept')")

        assert await server.kill() == -signal.SIGKILL
        connection.terminate()
        await server.start()

        connection = await asyncpg.connect(server.database_url(name))
        assert await connection.fetchval("SELECT words FROM said") == "kept"
        await connection.close()


async def test_a_paused_postgres_is_silent_on_open_connections_too() -> None:
    try:
        server = Postgres()
    except ServerMissingError as missing:
        pytest.skip(str(missing))
    async with server:
        connection = await asyncpg.connect(server.url)
        await server.pause()
        waiting = asyncio.create_task(connection.fetchval("SELECT 7"))
        done, _ = await asyncio.wait([waiting], timeout=0.5)
        assert not done

        await server.resume()

        assert await waiting == 7
        await connection.close()
        assert await server.stop() == 0


@pytest.mark.kafka
async def test_kafka_keeps_every_acknowledged_record_through_kill_9() -> None:
    try:
        server = Kafka()
    except ServerMissingError as missing:
        pytest.skip(str(missing))
    async with server:
        admin = AIOKafkaAdminClient(bootstrap_servers=server.url)
        await admin.start()
        await admin.create_topics([NewTopic("said", num_partitions=1, replication_factor=1)])
        await admin.close()
        async with AIOKafkaProducer(bootstrap_servers=server.url, enable_idempotence=True) as producer:
            for number in range(20):
                await producer.send_and_wait("said", str(number).encode())

        status = await server.kill()
        await server.start()

        consumer = AIOKafkaConsumer(bootstrap_servers=server.url)
        await consumer.start()
        consumer.assign([TopicPartition("said", 0)])
        await consumer.seek_to_beginning()
        values = [(await consumer.getone()).value for _ in range(20)]
        await consumer.stop()
        assert status == -signal.SIGKILL
        assert values == [str(number).encode() for number in range(20)]


@pytest.mark.parametrize("address", ["nowhere", ":9092", "host:", "host:port"])
def test_a_malformed_address_of_an_external_kafka_is_refused(address: str) -> None:
    with pytest.raises(ServerFailedError, match="host:port"):
        ExternalKafka(address)


async def test_an_external_kafka_that_is_not_there_is_named() -> None:
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(ServerFailedError, match=address):
        await ExternalKafka(address).check()


async def test_a_dead_server_is_not_killed_twice() -> None:
    async with Valkey() as server:
        await server.kill()
        with pytest.raises(ServerFailedError, match="does not run"):
            await server.kill()
        with pytest.raises((ServerFailedError, ChildError)):
            await server.pause()
