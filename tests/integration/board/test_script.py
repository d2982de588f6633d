"""The script outlives its calls: nothing of one call is left in the next, and versions stand side by side."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
import pytest_asyncio
from redis.exceptions import ResponseError

from tests.integration.board.conftest import SHARDS, Floor, short
from tests.integration.board.test_shut import shut
from trunkline.board import Board
from trunkline.board.owner import load_scripts
from trunkline.board.script import composed
from trunkline.testing.servers.redis import RedisServer


@pytest_asyncio.fixture
async def neighbour(board_server: RedisServer) -> AsyncIterator[Floor]:
    """Another deployment on the same server, with the same script."""
    async with Board(board_server.url, deployment="neighbour", shards=SHARDS) as board:
        it = Floor(board)
        await it.open()
        yield it


async def test_what_is_shut_in_one_deployment_is_open_in_another(floor: Floor, neighbour: Floor) -> None:
    await neighbour.arrive("ana")
    await shut(floor)
    await floor.receive("sms|+1")

    name = (await neighbour.receive("sms|+1")).subject

    assert (await neighbour.conversation(name))["status"] == "offered"


async def test_reasons_count_the_agents_of_their_own_deployment(floor: Floor, neighbour: Floor) -> None:
    for agent in ("eva", "ida", "uma"):
        await floor.arrive(agent)
    await neighbour.arrive("ana")
    await floor.receive("sms|+1")
    await neighbour.receive("sms|+1")

    [offered] = [entry for entry in await neighbour.events() if short(entry) == "conversation.offered"]

    assert orjson.loads(offered.record.value)["data"]["details"]["present"] == 1


async def test_two_versions_are_there_side_by_side_while_one_replaces_the_other(floor: Floor) -> None:
    await floor.arrive("ana")
    later = composed().changed("-- 90_run.lua", "-- 90_run.lua of the next version")

    await floor.board.client.function_load(later.text)

    assert (await floor.receive("sms|+1")).ok
    arguments = (1, floor.board.keys.root, floor.board.generation, "1", "")
    assert await floor.board.client.fcall(later.name, *arguments) == [b"open"]


async def test_who_verifies_a_shard_later_does_not_tell_the_server_again(floor: Floor) -> None:
    await floor.board.client.config_resetstat()

    await load_scripts(floor.board)

    told = await floor.board.client.info("commandstats")
    assert "cmdstat_function|list" in told
    assert "cmdstat_function|load" not in told


async def test_what_the_server_was_never_told_is_what_the_client_takes_for_a_shut_board(floor: Floor) -> None:
    """The words by which `Board` knows it are the server's, and it has no code for them."""
    await floor.board.client.function_flush()
    try:
        await floor.board.client.fcall(composed().name, 1, floor.board.keys.root, "1-a", "1", "")
    except ResponseError as error:
        words = str(error)

    assert words == "Function not found"
    assert await floor.board.submit("facts", "0-nothing") == [b"closed"]
