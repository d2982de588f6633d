"""What the relay shows of itself while the log takes nothing."""

from __future__ import annotations

import asyncio

from prometheus_client import REGISTRY

from tests.integration.router.rig import SHARDS, World
from trunkline.events import Topic
from trunkline.ids import shard_of

THREAD = "sms-main|tel:+1"
SHARD = shard_of(THREAD, SHARDS)


def age_s() -> float:
    value = REGISTRY.get_sample_value("trunkline_outbox_age_seconds", {"shard": str(SHARD)})
    assert value is not None, "the shard shows no age"
    return value


async def until(older_than_s: float) -> None:
    async with asyncio.timeout(10):
        while age_s() <= older_than_s:
            await asyncio.sleep(0.01)


async def test_what_is_decided_and_not_in_the_log_grows_older_until_the_log_takes_it(world: World) -> None:
    held, go = asyncio.Event(), asyncio.Event()
    stalled = False

    async def stall(step: str) -> None:
        if stalled and step == f"append {Topic.ROUTING}/{SHARD}" and not go.is_set():
            held.set()
            await go.wait()

    async with world.router("one", step=stall, session_timeout_s=60) as router:
        await router.verified()
        await world.until_told({await world.write(THREAD)})
        stalled = True
        late = await world.write(THREAD, "late")
        await asyncio.wait_for(held.wait(), 10)

        first = age_s()
        await until(first + 0.5)

        go.set()
        await world.until_told({late})
        async with asyncio.timeout(10):
            while age_s() != 0:
                await asyncio.sleep(0.01)
