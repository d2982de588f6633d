"""What aiokafka leaves open or tries too often, tamed: seen from the other end of the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.structs import BrokerMetadata

from trunkline.bus.kafka_cluster import stop
from trunkline.bus.tame import tame

NODE = 1


@dataclass
class Silent:
    """A broker as a paused one is: its kernel takes connections, it says nothing. It knows who is still there."""

    port: int = 0
    came: int = 0
    there: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        await self._count(1)
        try:
            while await reader.read(4_096):
                pass
        finally:
            writer.close()
            await self._count(-1)

    async def _count(self, change: int) -> None:
        async with self.changed:
            self.came += change > 0
            self.there += change
            self.changed.notify_all()

    async def until(self, *, there: int) -> None:
        """Wait until so many connections are open."""
        async with asyncio.timeout(5), self.changed:
            await self.changed.wait_for(lambda: self.there == there)


@asynccontextmanager
async def silent_broker() -> AsyncIterator[Silent]:
    it = Silent()
    server = await asyncio.start_server(it.serve, "127.0.0.1", 0)
    it.port = server.sockets[0].getsockname()[1]
    async with server:
        yield it


def client_of(port: int) -> Any:
    """A tamed client that knows where the broker is."""
    client = AIOKafkaClient(bootstrap_servers=f"127.0.0.1:{port}")
    client.cluster._brokers[NODE] = BrokerMetadata(NODE, "127.0.0.1", port, None)
    tame(client)
    return client


async def test_a_client_closed_while_it_makes_a_connection_leaves_none() -> None:
    async with silent_broker() as broker:
        client = client_of(broker.port)
        asking = asyncio.create_task(client.ready(NODE))
        await broker.until(there=1)

        await client.close()

        await broker.until(there=0)
        assert await asyncio.wait_for(asking, 5) is False, "who asked is told, not cancelled"


async def test_a_client_that_was_closed_makes_no_connection_any_more() -> None:
    async with silent_broker() as broker:
        client = client_of(broker.port)
        await client.close()

        assert await client.ready(NODE) is False
        assert broker.came == 0


async def test_who_asks_and_is_cancelled_leaves_no_connection_behind() -> None:
    async with silent_broker() as broker:
        client = client_of(broker.port)
        asking = asyncio.create_task(client.ready(NODE))
        await broker.until(there=1)

        asking.cancel()

        with pytest.raises(asyncio.CancelledError):
            await asking
        await broker.until(there=0)
        await client.close()


class Stopping:
    """A consumer whose stop() does what aiokafka's does; its connections are real."""

    def __init__(self, port: int, stop: Callable[[], Awaitable[object]]) -> None:
        self._client = client_of(port)
        self.stop = stop


async def cancelled_within() -> None:
    """As aiokafka's fetcher, closed while one of its fetches pauses after a failure."""
    fetch = asyncio.create_task(asyncio.sleep(60))
    fetch.cancel()
    await fetch


async def waiting_for_ever() -> None:
    """As aiokafka's coordinator, leaving a group of an absent broker."""
    await asyncio.Event().wait()


@pytest.mark.parametrize("ends", [cancelled_within, waiting_for_ever])
async def test_however_a_client_stops_its_connections_end_and_who_stops_it_goes_on(
    ends: Callable[[], Awaitable[object]],
) -> None:
    async with silent_broker() as broker:
        client = Stopping(broker.port, ends)
        asking = asyncio.create_task(client._client.ready(NODE))
        await broker.until(there=1)

        async with asyncio.timeout(6):
            await stop(client)

        await broker.until(there=0)
        assert await asking is False


async def test_who_is_cancelled_while_stopping_a_client_is_cancelled() -> None:
    async with silent_broker() as broker:
        stopping = asyncio.create_task(stop(Stopping(broker.port, waiting_for_ever)))
        await asyncio.sleep(0)

        stopping.cancel()

        with pytest.raises(asyncio.CancelledError):
            await stopping


async def test_a_broker_that_is_away_is_not_stormed() -> None:
    async with silent_broker() as broker:
        gone = broker.port
    client = client_of(gone)
    tries = 0
    connect = client.cluster.broker_metadata

    def counted(node: int) -> Any:
        nonlocal tries
        tries += 1
        return connect(node)

    client.cluster.broker_metadata = counted
    began = asyncio.get_running_loop().time()
    while asyncio.get_running_loop().time() - began < 1:
        assert await client.ready(NODE) is False
    await client.close()

    assert 2 <= tries <= 6, "50 ms doubling to 1 s"
