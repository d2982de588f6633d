"""The log goes away and comes back: nothing hangs, nothing acknowledged is lost, the same clients go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from tests.contract.bus.log import SHARDS, Log
from tests.contract.bus.words import INBOUND, ROUTING, follow, now, read, said, words
from trunkline.bus import AppendUnknown, Bus, BusError, Position, take_pen
from trunkline.bus.kafka import KafkaBus
from trunkline.events import Topic
from trunkline.testing.servers import ExternalKafka, Kafka

pytestmark = [pytest.mark.faults, pytest.mark.slow]

FEW_SECONDS = 8.0
"""What an append may take to give up: its own five, and slack for a busy machine."""

R = TypeVar("R")

Fault = Callable[[Log], Awaitable[object]]


async def paused(log: Log) -> None:
    assert not isinstance(log.server, ExternalKafka)
    await log.server.pause()


async def killed(log: Log) -> None:
    assert not isinstance(log.server, ExternalKafka)
    assert await log.server.kill() == -9


async def stopped(log: Log) -> None:
    assert not isinstance(log.server, ExternalKafka)
    assert await log.server.stop() in {0, 143}


async def healed(log: Log) -> None:
    assert not isinstance(log.server, ExternalKafka)
    if log.server.running:
        await log.server.resume()
        if isinstance(log.server, Kafka):
            # Its controller, paused with it, first declares the broker dead and then alive; no event tells when.
            await asyncio.sleep(1)
        await log.server.ready()
    else:
        await log.server.start()


every_fault = pytest.mark.parametrize("fault", [paused, killed, stopped], ids=["paused", "killed", "stopped"])


async def append_until_known(bus: Bus, word: str, *, within: float) -> None:
    """Append as every caller must: again after an unknown outcome."""
    async with asyncio.timeout(within):
        while True:
            try:
                await bus.append(INBOUND, [said(word)])
            except AppendUnknown:
                continue
            return


async def patiently(call: Callable[[], Awaitable[R]], *, within: float = 20) -> R:
    """The answer of a log that is coming back."""
    async with asyncio.timeout(within):
        while True:
            try:
                return await call()
            except BusError:
                await asyncio.sleep(0.1)


async def put_away(bus: Bus) -> None:
    """Wait until what the bus gave up with is put away (on Kafka a producer; streams keep nothing)."""
    if isinstance(bus, KafkaBus):
        assert bus._retired, "nothing was given up"
        await asyncio.wait(set(bus._retired), timeout=6)
        assert not bus._retired


@every_fault
async def test_an_append_gives_up_in_a_few_seconds_and_works_again_afterwards(own_log: Log, fault: Fault) -> None:
    async with own_log.connect() as bus:
        await bus.create_topics()
        await bus.append(INBOUND, [said("before")])

        await fault(own_log)
        began = now()
        with pytest.raises(AppendUnknown):
            await bus.append(INBOUND, [said("during")])
        assert now() - began < FEW_SECONDS
        await healed(own_log)
        await append_until_known(bus, "after", within=20)

        found = words(await patiently(lambda: read(bus, INBOUND)))
        # An unknown outcome is just that; but what was acknowledged is there, in order.
        assert [word for word in found if word != "during"][:2] == ["before", "after"]
        assert (await bus.bounds(INBOUND)).next == len(found)


async def test_callers_at_once_all_give_up_in_time(own_log: Log) -> None:
    async with own_log.connect() as bus:
        await bus.create_topics()
        await bus.append(INBOUND, [said("before")])
        await paused(own_log)

        began = now()
        outcomes = await asyncio.gather(
            *(bus.append(INBOUND, [said(number)]) for number in range(20)), return_exceptions=True
        )

        assert [type(outcome) for outcome in outcomes] == [AppendUnknown] * 20
        assert now() - began < FEW_SECONDS
        await healed(own_log)


@every_fault
async def test_a_batch_given_up_counts_once_when_its_owner_takes_the_pen_anew(own_log: Log, fault: Fault) -> None:
    """What a relay does after an unknown outcome; the batch it gave up may still land, even later, but as stale."""
    async with own_log.connect() as bus:
        await bus.create_topics()
        pen = await take_pen(bus, ROUTING, "router-0")
        await fault(own_log)
        with pytest.raises(AppendUnknown):
            await bus.append(ROUTING, [said("given up", term=pen.term)])
        await put_away(bus)
        await healed(own_log)

        pen = await patiently(lambda: take_pen(bus, ROUTING, "router-0"))
        seen = await patiently(lambda: bus.tail(ROUTING, 100, before=pen.offset))
        if "given up" not in words(seen):
            await bus.append(ROUTING, [said("given up", term=pen.term)])
        await bus.append(ROUTING, [said("later", term=pen.term)])
        await asyncio.sleep(4)  # a straggler shows itself; there is no event of what must not happen

        found = [word for word in words(await read(bus, ROUTING)) if not word.startswith("taken")]
        assert found == ["given up", "later"]


@every_fault
async def test_a_follower_waits_an_absence_out(own_log: Log, fault: Fault) -> None:
    async with own_log.connect() as bus, own_log.connect() as writer:
        await bus.create_topics()
        await writer.append(INBOUND, [said("before")])
        async with bus.follower({INBOUND: Position(0)}) as follower:
            assert words(await follow(follower, INBOUND, 1)) == ["before"]

            await fault(own_log)
            began = now()
            while now() - began < 3:
                assert await asyncio.wait_for(follower.next(), 15) == {}
            await healed(own_log)
            await append_until_known(writer, "after", within=20)

            assert words(await follow(follower, INBOUND, 1, within=20)) == ["after"]


@pytest.mark.parametrize("fault", [paused, killed], ids=["paused", "killed"])
async def test_a_member_owns_its_share_again_after_an_absence(own_log: Log, fault: Fault) -> None:
    async with own_log.connect() as bus:
        await bus.create_topics()
        async with bus.membership(Topic.INBOUND, "routers", "a") as member:
            everything = await asyncio.wait_for(member.changed(), 15)
            assert everything == frozenset(range(SHARDS))
            await fault(own_log)
            began = now()
            await member.commit({0: 0})
            assert now() - began < FEW_SECONDS
            await healed(own_log)

            await append_until_known(bus, "x", within=20)
            async with asyncio.timeout(25):
                while member.owned != everything:
                    await asyncio.sleep(0.05)
                while (await bus.lag(Topic.INBOUND, "routers"))[1] != 0:
                    await member.commit({1: 1})


@pytest.mark.parametrize("call", ["bounds", "tail", "read"])
async def test_a_read_of_an_absent_log_fails_in_time_and_as_the_buss_own_error(own_log: Log, call: str) -> None:
    async with own_log.connect() as bus:
        await bus.create_topics()
        await bus.append(ROUTING, [said("x")])
        await bus.bounds(ROUTING)
        await killed(own_log)

        calls: dict[str, Callable[[], Awaitable[object]]] = {
            "bounds": lambda: bus.bounds(ROUTING),
            "tail": lambda: bus.tail(ROUTING, 1),
            "read": lambda: read(bus, ROUTING, end=1),
        }
        with pytest.raises(BusError):
            await asyncio.wait_for(calls[call](), 15)
        await healed(own_log)

        await patiently(calls[call])


async def test_a_bus_of_an_absent_log_can_be_entered_used_in_vain_and_left(own_log: Log) -> None:
    async with own_log.connect() as bus:
        await bus.create_topics()
    await killed(own_log)

    before = asyncio.all_tasks()
    began = now()
    async with own_log.connect() as bus:
        with pytest.raises(AppendUnknown):
            await bus.append(INBOUND, [said("in vain")])
    assert now() - began < FEW_SECONDS + 5
    assert asyncio.all_tasks() == before


async def test_leaving_during_an_absence_is_bounded_and_leaves_nothing_running(own_log: Log) -> None:
    before = asyncio.all_tasks()
    async with own_log.connect() as bus:
        await bus.create_topics()
        await bus.append(INBOUND, [said("before")])
        async with bus.follower({INBOUND: Position(0)}) as follower, bus.membership(Topic.INBOUND, "g", "a") as member:
            await follow(follower, INBOUND, 1)
            await asyncio.wait_for(member.changed(), 15)
            await killed(own_log)
            with pytest.raises(AppendUnknown):
                await bus.append(INBOUND, [said("during")])
            began = now()
    assert now() - began < 12
    assert asyncio.all_tasks() == before


async def test_an_acknowledged_batch_survives_kill_9(own_log: Log) -> None:
    async with own_log.connect() as bus:
        await bus.create_topics()
        known: list[str] = []

        async def write(name: str) -> None:
            turn = 0
            while True:
                batch = [f"{name}-{turn}-{number}" for number in range(5)]
                try:
                    await bus.append(ROUTING, [said(word) for word in batch])
                except AppendUnknown:
                    return
                known.extend(batch)
                turn += 1
                if len(known) > 500:
                    enough.set()

        enough = asyncio.Event()
        writing = asyncio.gather(*(write(str(number)) for number in range(4)))
        await asyncio.wait_for(enough.wait(), 20)
        await killed(own_log)
        await writing
        await healed(own_log)

        await append_until_known(bus, "there again", within=20)
        found = words(await patiently(lambda: read(bus, ROUTING)))
        assert set(known) <= set(found)
        assert len(found) % 5 == 0  # a batch is all or none
        for first in range(0, len(found), 5):
            name = found[first].removesuffix("0")
            assert found[first : first + 5] == [f"{name}{number}" for number in range(5)]
