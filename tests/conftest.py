"""Real servers for every test that asks. Missing ones skip with what to install; nothing is mocked.

The session's servers are shared by all its tests and are only *used*: a test that kills, pauses or wipes starts a
server of its own (`async with Valkey() as server`). With xdist each worker has its own, but for Kafka, which all
workers share.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, TypeVar

import pytest
import pytest_asyncio

from trunkline.testing.errors import ServerMissingError
from trunkline.testing.servers import ExternalKafka, Kafka, Postgres, Redis, Server, Valkey
from trunkline.testing.servers.redis import RedisServer

S = TypeVar("S", bound=Server)

_SHARED_KAFKA = pytest.StashKey["SharedKafka"]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files with the longest tests first: a worker that begins one last works on while the others have ended.

    How long a test takes is judged by its own time limit, else by its being marked slow. Within a file, and among files
    alike, the order stays.
    """
    longest: dict[Path, float] = {}
    for item in items:
        longest[item.path] = max(longest.get(item.path, 0.0), _limit_s(item))
    items.sort(key=lambda item: -longest[item.path])


def _limit_s(item: pytest.Item) -> float:
    if (own := item.get_closest_marker("timeout")) is not None:
        return float(own.args[0])
    return float(item.config.getini("timeout")) if item.get_closest_marker("slow") else 0.0


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def valkey_server() -> AsyncIterator[Valkey]:
    """The session's Valkey; not emptied between tests, see `valkey`."""
    async with _or_skip(Valkey) as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def redis_server() -> AsyncIterator[Redis]:
    """The session's Redis 7; not emptied between tests, see `redis7`."""
    async with _or_skip(Redis) as server:
        yield server


@pytest.fixture
def valkey(valkey_server: Valkey) -> Valkey:
    """An empty Valkey."""
    valkey_server.flush()
    return valkey_server


@pytest.fixture
def redis7(redis_server: Redis) -> Redis:
    """An empty Redis 7."""
    redis_server.flush()
    return redis_server


@pytest.fixture(params=["valkey", "redis7"])
def board_server(request: pytest.FixtureRequest) -> RedisServer:
    """An empty server for the board: the test runs once on Valkey and once on Redis 7."""
    server = request.getfixturevalue(request.param)
    assert isinstance(server, RedisServer)
    return server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_server() -> AsyncIterator[Postgres]:
    """The session's PostgreSQL; see `postgres_url` for a database of one's own."""
    async with _or_skip(Postgres) as server:
        yield server


@pytest_asyncio.fixture
async def postgres_url(postgres_server: Postgres) -> AsyncIterator[str]:
    """An empty database, dropped after the test: postgresql+asyncpg://…"""
    name = await postgres_server.create_database()
    yield postgres_server.database_url(name, driver="asyncpg")
    await postgres_server.drop_database(name)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kafka_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Kafka | ExternalKafka:
    """The broker of the whole run, or the one of TRUNKLINE_TEST_KAFKA; see `kafka_prefix` for topics of one's own."""
    if given := os.environ.get("TRUNKLINE_TEST_KAFKA"):
        external = ExternalKafka(given)
        await external.check()
        return external
    base = tmp_path_factory.getbasetemp()
    # Under xdist a worker's directory lies in the run's own.
    shared = SharedKafka(base.parent if hasattr(request.config, "workerinput") else base)
    request.config.stash[_SHARED_KAFKA] = shared
    try:
        return await shared.join()
    except ServerMissingError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def kafka_prefix() -> str:
    """What this test's topics and groups are to begin with; no other test has the same."""
    return f"t{uuid.uuid4().hex[:12]}"


class SharedKafka:
    """One broker for all workers of a run: the first starts it, and ends it when the others no longer hold their lock.

    A lock of a worker that dies is freed by the kernel.
    """

    def __init__(self, directory: Path) -> None:
        self._found = directory / "kafka.json"
        self._door = directory / "kafka.lock"
        self._users: IO[str] = (directory / "kafka.users").open("a")
        self._mine: Kafka | None = None

    async def join(self) -> Kafka | ExternalKafka:
        """The running broker; started if nobody has."""
        with self._door.open("a") as door:
            fcntl.flock(door, fcntl.LOCK_EX)
            fcntl.flock(self._users, fcntl.LOCK_SH)
            if self._found.exists():
                return ExternalKafka(json.loads(self._found.read_text())["address"])
            self._mine = Kafka()
            try:
                await self._mine.start()
            except BaseException:
                await self._mine.close()
                self._mine = None
                raise
            self._found.write_text(json.dumps({"address": self._mine.address}))
            return self._mine

    def leave(self) -> None:
        """Let go; who started it waits here until all others have, and ends it."""
        with self._users:
            if self._mine is not None:
                asyncio.run(self._end_when_last(self._mine))

    async def _end_when_last(self, broker: Kafka) -> None:
        while True:
            with self._door.open("a") as door:
                fcntl.flock(door, fcntl.LOCK_EX)  # nobody joins while we look
                if _try_alone(self._users):
                    self._found.unlink()
                    await broker.close()
                    return
            await asyncio.sleep(0.05)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave the shared broker last of all: under no test's time limit, when this worker has reported."""
    if shared := config.stash.get(_SHARED_KAFKA, None):
        shared.leave()


def _try_alone(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _or_skip(kind: type[S]) -> S:
    try:
        return kind()
    except ServerMissingError as missing:
        pytest.skip(str(missing))
