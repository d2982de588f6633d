"""A connection to Redis as ours are made: who is told to stop stops, and a server that takes nothing is away."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop
from redis import exceptions

from trunkline.board import Board, BoardAway
from trunkline.connections import redis_client
from trunkline.testing.servers.redis import RedisServer, Valkey

Command = Callable[[Any], Coroutine[Any, Any, None]]


async def _get(client: Any) -> None:
    await client.get("a")


async def _several(client: Any) -> None:
    await client.pipeline(transaction=False).get("a").get("b").execute()


async def _listen(client: Any) -> None:
    subscription = client.pubsub()
    try:
        await subscription.subscribe("a")
    finally:
        await subscription.aclose()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # asyncio's, of a connect cut short
@pytest.mark.parametrize("command", [_get, _several, _listen])
@pytest.mark.parametrize("connected", [False, True])
async def test_who_is_cancelled_in_the_midst_of_a_command_does_not_go_on(
    valkey: RedisServer, command: Command, connected: bool
) -> None:
    """At whichever turn of the loop the word comes."""
    client = redis_client(valkey.url, timeout_s=5.0)
    stopped = 0
    for turns in range(40):
        if connected:
            await client.ping()
        task = asyncio.create_task(command(client))
        for _ in range(turns):
            await asyncio.sleep(0)  # one turn
        if task.cancel():
            await asyncio.wait([task])
            assert task.cancelled(), f"after {turns} turns"
            stopped += 1
    assert stopped
    await client.aclose()
    gc.collect()  # what is to be ignored comes now


async def test_a_server_that_takes_nothing_is_away_in_time() -> None:
    async with Valkey() as server:
        client = redis_client(server.url, timeout_s=0.3)
        await client.ping()
        await server.pause()
        with pytest.raises(exceptions.TimeoutError):  # far more than the kernel buffers for it
            await client.set("a", b"x" * 32_000_000)
        await server.resume()
        assert await client.ping()
        await client.aclose()


def test_a_transport_that_closes_before_the_write_is_an_absent_board(
    board_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the event loop that services run on: it raises what no other does."""

    async def calls() -> None:
        async with Board(board_server.url, deployment="closing", shards=1) as board:
            await cut_off(board)

    async def cut_off(board: Board) -> None:
        await board.client.ping()

        async def closed_meanwhile(connection: Any) -> None:
            connection._writer.transport.abort()
            await asyncio.sleep(0.01)  # until the loop has closed it

        monkeypatch.setattr(board.client.connection_pool.connection_class, "check_health", closed_meanwhile)
        with pytest.raises(BoardAway):
            await board.read_generation()
        monkeypatch.undo()
        assert await board.read_generation() == ""

    uvloop.run(calls())
