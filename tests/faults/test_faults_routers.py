"""Two routers: they share the work, one takes over from the other, and a paused one that wakes cannot speak."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from tests.faults.load import Load
from tests.faults.proof import eventually, writes
from tests.faults.quiet import judge
from tests.faults.rig import MARKS
from trunkline.testing.processes import Service

pytestmark = MARKS

PAUSE_S = 9.0
"""Longer than the session of six seconds: by then another owns the shards."""


@pytest_asyncio.fixture(loop_scope="session")
async def second(load: Load) -> AsyncIterator[Service]:
    """A second router that has its share of the shards."""
    async with load.system.service("router", replica=1) as service:
        before = service.log.read_text().count('"shard_verified"') if service.log.exists() else 0
        await service.start(ready_within=30)
        await writes(service, '"shard_verified"', times=before + 1)
        yield service
        if service.running:
            await service.stop()


async def test_one_of_two_routers_is_killed_and_the_other_takes_all(load: Load, second: Service) -> None:
    first = load.system.services["router"]
    taken = second.output().count('"shard_verified"')
    await first.kill()
    await writes(second, '"shard_verified"', times=taken + 1, within=15)
    await load.go_on(20, within=30)

    await judge(load)
    await first.start(ready_within=30)


async def test_a_router_stopped_for_9_s_wakes_beside_another_and_is_fenced(load: Load, second: Service) -> None:
    first = load.system.services["router"]
    taken, given = second.output().count('"shard_verified"'), released(first)
    await first.pause()
    await asyncio.sleep(PAUSE_S)
    await writes(second, '"shard_verified"', times=taken + 1, within=10)
    await first.resume()
    await eventually(lambda: released(first) > given, within=20, what="the paused router learns that it was replaced")
    await load.go_on(20, within=30)

    await judge(load)
    assert first.running
    assert second.running


def released(service: Service) -> int:
    """How often it learnt that a shard is no longer its own."""
    return service.output().count('"fenced"') + service.output().count('"shard_released"')


async def test_what_a_paused_router_had_in_hand_is_dropped_by_every_reader(load: Load, second: Service) -> None:
    """It stands still exactly between reading the outbox and appending to the log, and appends when it wakes."""
    await load.system.services["router"].stop()
    held = load.system.service("router", extra={"TRUNKLINE_FAILPOINTS": f"relay.read=once(sleep({PAUSE_S:g}))"})
    async with held:
        taken = second.output().count('"shard_verified"')
        held.spawn()
        await writes(held, f"failpoint relay.read: sleep in process {held.pid}", within=30)
        await asyncio.sleep(PAUSE_S)
        await writes(second, '"shard_verified"', times=taken + 1, within=15)
        await load.go_on(20, within=30)

        evidence = await judge(load)
        assert evidence.dropped, "the paused router wrote nothing when it woke: the fault did not happen"
        await held.stop()
    await load.system.services["router"].start(ready_within=30)
