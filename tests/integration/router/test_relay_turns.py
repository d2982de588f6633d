"""The relay and the log's turns: what is decided while it waits for one shares the append."""

from __future__ import annotations

import asyncio

from tests.integration.router.rig import SHARDS, World
from trunkline.board import Board
from trunkline.bus import Partition
from trunkline.events import Topic
from trunkline.ids import shard_of

THREAD = "sms-main|tel:+1"
SHARD = shard_of(THREAD, SHARDS)


async def decided(world: World, board: Board) -> None:
    """Wait until the board has decided all that came in."""
    newest = world.log.bounds(Partition(Topic.INBOUND, SHARD)).next - 1
    applied = board.keys.under(board.generation) + "applied"
    async with asyncio.timeout(10):
        while int(await board.client.hget(applied, str(SHARD)) or -1) < newest:
            await asyncio.sleep(0.01)


async def test_what_is_decided_while_it_waits_for_its_turn_is_in_the_same_append(world: World) -> None:
    waiting, go = asyncio.Event(), asyncio.Event()
    held, appends = False, 0

    async def hold(step: str) -> None:
        nonlocal appends
        if step == f"append {Topic.ROUTING}/{SHARD}":
            appends += 1
        elif held and step == "turn" and not go.is_set():
            waiting.set()
            await go.wait()

    async with world.router("one", step=hold, session_timeout_s=60) as router:
        await router.verified()
        await world.until_told({await world.write(THREAD)})
        held, before = True, appends
        late = {await world.write(THREAD, "late")}
        await asyncio.wait_for(waiting.wait(), 10)
        late |= {await world.write(THREAD, "later"), await world.write(THREAD, "latest")}
        await decided(world, router.board)
        assert appends == before

        go.set()
        await world.until_told(late)

        assert appends == before + 1
