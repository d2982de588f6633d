"""One suite, two logs: every test here runs on Redis Streams (Valkey) and on Apache Kafka."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from tests.contract.bus.log import Log
from trunkline.bus import Bus
from trunkline.testing.errors import ServerMissingError
from trunkline.testing.servers import ExternalKafka, Kafka, Valkey


def _new_deployment() -> str:
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture(params=["streams", pytest.param("kafka", marks=pytest.mark.kafka)])
def log(request: pytest.FixtureRequest) -> Log:
    """The session's log, under a deployment name that no other test has. Not to be hurt."""
    server = request.getfixturevalue("valkey" if request.param == "streams" else "kafka_server")
    # Somebody else's broker has Kafka's own lower limit for sessions, 6 s.
    session = 6.0 if isinstance(server, ExternalKafka) and "TRUNKLINE_TEST_KAFKA" in os.environ else 2.0
    return Log(server, _new_deployment(), session)


@pytest.fixture
async def bus(log: Log) -> AsyncIterator[Bus]:
    """An empty log of four shards."""
    async with log.connect() as bus:
        await bus.create_topics()
        yield bus
    await log.forget()


@pytest_asyncio.fixture(
    scope="module", loop_scope="session", params=["streams", pytest.param("kafka", marks=pytest.mark.kafka)]
)
async def own_server(request: pytest.FixtureRequest) -> AsyncIterator[Valkey | Kafka]:
    """A server of this module's own."""
    make: Callable[[], Valkey | Kafka] = Kafka if request.param == "kafka" else lambda: Valkey(appendfsync="always")
    try:
        server = make()
    except ServerMissingError as missing:
        pytest.skip(str(missing))
    async with server:
        yield server


@pytest.fixture
async def own_log(own_server: Valkey | Kafka) -> Log:
    """A log to be killed, paused and stopped; whole again for each test."""
    if own_server.running:
        await own_server.resume()
        await own_server.ready()
    else:
        await own_server.start()
    return Log(own_server, _new_deployment(), 2.0)
