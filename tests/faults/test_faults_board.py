"""The board killed, cut, wiped, replaced by an older copy, its scripts forgotten: the log makes it whole again."""

from __future__ import annotations

import asyncio

from tests.faults.evidence import read_board
from tests.faults.load import Load
from tests.faults.proof import counter, writes
from tests.faults.quiet import judge
from tests.faults.rig import MARKS
from trunkline.connections import redis_client
from trunkline.events import Checkpoint
from trunkline.testing.deployment import Deployment

pytestmark = MARKS


async def rebuilds(system: Deployment) -> float:
    return await counter(system, "router", "trunkline_board_rebuilds_total")


async def generation(system: Deployment) -> int:
    """The number of the board in force, 0 while there is none."""
    return int((await read_board(system.board.url, system.deployment)).generation.partition("-")[0] or 0)


async def test_a_killed_board_comes_back_with_all_it_had_told(load: Load) -> None:
    system = load.system
    assert await system.board.kill() == -9
    before = await counter(system, "router", "trunkline_shard_takeovers_total")
    await system.board.start()
    await load.go_on(20, within=30)

    assert await counter(system, "router", "trunkline_shard_takeovers_total") > before, "it was not verified anew"
    await judge(load)


async def test_a_board_that_lost_the_tail_of_its_aof_is_found_out_and_rebuilt(load: Load) -> None:
    system = load.system
    before = await rebuilds(system)
    size = system.board.aof_size()
    await load.go_on(15)
    assert await system.board.kill() == -9
    lost = system.board.cut_aof_tail(system.board.aof_size() - size)
    assert lost > 1_000, "nothing was cut"
    await system.board.start()
    await load.go_on(20, within=30)

    assert await rebuilds(system) == before + 1
    await judge(load)


async def test_a_wiped_board_is_rebuilt_from_the_log(load: Load) -> None:
    system = load.system
    before, old = await rebuilds(system), await generation(system)
    system.board.flush()
    await load.go_on(20, within=30)

    assert await rebuilds(system) == before + 1
    assert await generation(system) == old + 1
    await judge(load)


async def test_a_board_replaced_by_an_older_copy_is_found_out_and_rebuilt(load: Load) -> None:
    system = load.system
    before = await rebuilds(system)
    copy = system.board.snapshot()
    await load.go_on(15)
    assert await system.board.kill() == -9
    system.board.restore(copy)
    await system.board.start()
    await load.go_on(20, within=30)

    assert await rebuilds(system) == before + 1
    await judge(load)


async def test_a_board_whose_script_was_forgotten_is_verified_again_and_not_rebuilt(load: Load) -> None:
    system = load.system
    before, takeovers = await rebuilds(system), await counter(system, "router", "trunkline_shard_takeovers_total")
    client = redis_client(system.board.url, timeout_s=5.0)
    try:
        assert await client.function_flush()
        await load.go_on(20, within=30)
        assert (await client.info("memory"))["number_of_functions"] >= 1
    finally:
        await client.aclose()

    assert await rebuilds(system) == before
    assert await counter(system, "router", "trunkline_shard_takeovers_total") > takeovers
    await judge(load)


async def test_a_board_is_rebuilt_from_checkpoints(load: Load) -> None:
    system = load.system
    await system.services["router"].stop()
    hasty = system.service("router")
    hasty.module = "tests.faults.hasty_router"
    async with hasty:
        await hasty.start(ready_within=30)
        before = hasty.output().count('"checkpoint"')
        await writes(hasty, '"checkpoint"', times=before + system.shards)
        system.board.flush()
        await load.go_on(20, within=30)
        assert await rebuilds(system) == 1
        evidence = await judge(load)
        assert any(one.type == Checkpoint.type for told in evidence.routing.values() for one in told)
        await hasty.stop()
    await system.services["router"].start(ready_within=30)


async def test_two_routers_that_rebuild_at_once_put_one_board_in_force(load: Load) -> None:
    """The first holds its new board ready and is paused; the second takes shard 0, builds its own and swaps."""
    system = load.system
    await system.services["router"].stop()
    slow = system.service("router", extra={"TRUNKLINE_FAILPOINTS": "rebuild.built=once(sleep(1))"})
    second = system.service("router", replica=1)
    async with slow, second:
        await slow.start(ready_within=30)
        before = await generation(system)
        await second.start(ready_within=30)
        await load.go_on(5, within=30)
        built, rebuilt = slow.output().count('"board_rebuilt"'), second.output().count('"board_rebuilt"')
        system.board.flush()
        await writes(slow, f"failpoint rebuild.built: sleep in process {slow.pid}")
        await slow.pause()
        await writes(second, '"board_rebuilt"', times=rebuilt + 1)
        await eventually_in_force(system, above=before)
        in_force = await generation(system)
        await slow.resume()
        await load.go_on(20, within=30)

        assert await generation(system) == in_force, "the paused router's board was put in force"
        assert slow.output().count('"board_rebuilt"') == built
        await judge(load)
        await second.stop()
        await slow.stop()
    await system.services["router"].start(ready_within=30)


async def eventually_in_force(system: Deployment, *, above: int) -> None:
    """Wait for a board of a later generation."""
    async with asyncio.timeout(20):
        while await generation(system) <= above:
            await asyncio.sleep(0.05)
