"""A server that goes away in the moment of a call is an absent server, on the event loop that services run on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import uvloop

from trunkline.board import Board, BoardAway
from trunkline.testing.servers.redis import RedisServer


def test_a_transport_that_closes_before_the_write_is_an_absent_board(
    board_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def calls() -> None:
        async with Board(board_server.url, deployment="closing", shards=1) as board:
            await board.client.ping()
            below = board.client.connection_pool.connection_class.__mro__[2]  # where redis-py writes
            write = below._send_packed_command

            async def closed_meanwhile(connection: Any, command: Any) -> None:
                transport = connection._writer.transport
                transport.abort()
                await asyncio.sleep(0.01)  # until the loop has closed it
                await write(connection, command)

            monkeypatch.setattr(below, "_send_packed_command", closed_meanwhile)
            with pytest.raises(BoardAway):
                await board.read_generation()
            monkeypatch.undo()
            assert await board.read_generation() == ""

    uvloop.run(calls())
