"""A follower reads everything after its position, once, in order, whatever happens to its caller."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.contract.bus.log import Log
from tests.contract.bus.words import INBOUND, ROUTING, follow, now, said, words
from trunkline.bus import Bus, OffsetGone, Partition, Position, end_position
from trunkline.events import Topic


async def test_it_follows_from_a_position(bus: Bus) -> None:
    await bus.append(INBOUND, [said(number) for number in range(4)])

    async with bus.follower({INBOUND: Position(2)}) as follower:
        assert words(await follow(follower, INBOUND, 2)) == ["2", "3"]
        await bus.append(INBOUND, [said("later")])
        assert words(await follow(follower, INBOUND, 1)) == ["later"]
        assert follower.position(INBOUND) == Position(5)


async def test_from_the_end_it_sees_only_what_comes(bus: Bus) -> None:
    await bus.append(INBOUND, [said("earlier")])

    async with bus.follower({INBOUND: await end_position(bus, INBOUND)}) as follower:
        await bus.append(INBOUND, [said("now")])
        assert words(await follow(follower, INBOUND, 1)) == ["now"]


async def test_a_record_wakes_who_waits_for_it(bus: Bus) -> None:
    async with bus.follower({INBOUND: Position(0)}) as follower:
        await follower.next()  # connected, and nothing there
        waiting = asyncio.create_task(follow(follower, INBOUND, 1))
        await asyncio.sleep(0.3)  # it stands in its wait, past any first hurry

        began = now()
        await bus.append(INBOUND, [said("wake")])
        await waiting
        assert now() - began < 0.25


async def test_with_nothing_to_read_it_comes_back_in_a_second_or_so(bus: Bus) -> None:
    async with bus.follower({INBOUND: Position(0)}) as follower:
        await follower.next()
        began = now()
        assert await follower.next() == {}
        assert now() - began < 3


async def test_who_rests_gets_what_came_meanwhile_at_once_and_whole(bus: Bus) -> None:
    other = Partition(Topic.INBOUND, INBOUND.number + 1)
    async with bus.follower({INBOUND: Position(0), other: Position(0)}, rest_s=0.5) as follower:
        await bus.append(INBOUND, [said("first")])
        assert words(await follow(follower, INBOUND, 1)) == ["first"]  # nobody rests before there was anything

        reading = asyncio.create_task(follower.next())
        for number in range(3):
            await bus.append(INBOUND, [said(number)])
            await bus.append(other, [said(number)])
        found = await reading

    assert {place: words(records) for place, records in found.items()} == {
        INBOUND: ["0", "1", "2"], other: ["0", "1", "2"],
    }  # fmt: skip


async def test_who_rests_takes_what_is_behind_without_rest(bus: Bus) -> None:
    for _ in range(3):
        await bus.append(INBOUND, [said(number) for number in range(500)])

    async with bus.follower({INBOUND: Position(0)}, rest_s=30) as follower:
        assert len(await follow(follower, INBOUND, 1_500)) == 1_500


async def test_many_partitions_come_whole_and_each_in_order(log: Log, bus: Bus) -> None:
    partitions = [Partition(topic, number) for topic in (Topic.INBOUND, Topic.ROUTING) for number in range(4)]

    async def write(partition: Partition) -> None:
        for turn in range(20):
            await bus.append(partition, [said(f"{partition.number}-{turn}-{number}") for number in range(10)])

    found: dict[Partition, list[str]] = {partition: [] for partition in partitions}
    async with bus.follower({partition: Position(0) for partition in partitions}) as follower:
        writing = asyncio.gather(*map(write, partitions))
        async with asyncio.timeout(20):
            while sum(map(len, found.values())) < len(partitions) * 200:
                for partition, records in (await follower.next()).items():
                    found[partition] += words(records)
        await writing
    for partition in partitions:
        assert found[partition] == [f"{partition.number}-{t}-{n}" for t in range(20) for n in range(10)]


async def test_one_answer_holds_at_most_500_records_of_a_partition(bus: Bus) -> None:
    for _ in range(3):
        await bus.append(INBOUND, [said("x")] * 500)

    sizes: list[int] = []
    async with bus.follower({INBOUND: Position(0)}) as follower, asyncio.timeout(10):
        while sum(sizes) < 1_500:
            sizes.append(len((await follower.next()).get(INBOUND, [])))
    assert max(sizes) <= 500


async def test_set_adds_and_removes_partitions_and_keeps_the_place_in_the_others(bus: Bus) -> None:
    other = Partition(Topic.INBOUND, 2)
    await bus.append(INBOUND, [said("a"), said("b")])
    await bus.append(other, [said("x")])

    async with bus.follower({INBOUND: Position(0)}) as follower:
        assert words(await follow(follower, INBOUND, 2)) == ["a", "b"]
        await follower.set({INBOUND: Position(0), other: Position(0)})
        assert words(await follow(follower, other, 1)) == ["x"]
        assert follower.position(INBOUND) == Position(2)  # its own, not the one that was given

        await follower.set({other: Position(0)})
        await bus.append(INBOUND, [said("not followed")])
        await bus.append(other, [said("y")])
        async with asyncio.timeout(10):
            while not (found := await follower.next()):
                pass
        assert {partition: words(records) for partition, records in found.items()} == {other: ["y"]}

        await follower.set({INBOUND: Position(2), other: Position(0)})
        assert words(await follow(follower, INBOUND, 1)) == ["not followed"]


async def test_set_reaches_a_read_that_is_waiting(bus: Bus) -> None:
    await bus.append(ROUTING, [said("there")])
    async with bus.follower({INBOUND: Position(0)}) as follower:
        await follower.next()
        waiting = asyncio.create_task(follow(follower, ROUTING, 1, within=4))
        await asyncio.sleep(0.2)  # it stands in its wait

        await follower.set({INBOUND: Position(0), ROUTING: Position(0)})

        assert words(await waiting) == ["there"]


async def test_a_follower_of_nothing_waits_until_it_is_given_something(bus: Bus) -> None:
    await bus.append(INBOUND, [said("there")])
    async with bus.follower({}) as follower:
        assert await asyncio.wait_for(follower.next(), 3) == {}
        await follower.set({INBOUND: Position(0)})
        assert words(await follow(follower, INBOUND, 1)) == ["there"]
        await follower.set({})
        assert await asyncio.wait_for(follower.next(), 3) == {}


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # see test_bus_absence: aiokafka's half-made connection
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_cancelled_wait_loses_and_repeats_nothing(bus: Bus) -> None:
    chance = random.Random(5)

    async def write() -> None:
        for number in range(150):
            await bus.append(INBOUND, [said(number)])
            await asyncio.sleep(chance.random() * 0.01)

    found: list[str] = []
    cancelled = 0
    async with bus.follower({INBOUND: Position(0)}) as follower:
        await follower.next()  # connected
        writing = asyncio.create_task(write())
        async with asyncio.timeout(30):
            while len(found) < 150:
                try:
                    records = await asyncio.wait_for(follower.next(), chance.random() * 0.02)
                except TimeoutError:
                    cancelled += 1
                    continue
                found += words(records.get(INBOUND, []))
        await writing
    assert found == [str(number) for number in range(150)]
    assert cancelled > 5


@pytest.mark.parametrize("offset", [1, 7], ids=["forgotten", "not there yet"])
async def test_a_position_outside_the_log_is_said_to_be_gone(log: Log, bus: Bus, offset: int) -> None:
    await bus.append(INBOUND, [said(number) for number in range(6)])
    await log.trim(INBOUND, before=3)

    async with bus.follower({INBOUND: Position(offset)}) as follower:
        with pytest.raises(OffsetGone):
            await follow(follower, INBOUND, 1)


async def test_the_edges_of_the_log_are_inside(log: Log, bus: Bus) -> None:
    await bus.append(INBOUND, [said(number) for number in range(6)])
    await log.trim(INBOUND, before=3)

    async with bus.follower({INBOUND: Position(3)}) as first, bus.follower({INBOUND: Position(6)}) as last:
        assert words(await follow(first, INBOUND, 3)) == ["3", "4", "5"]
        await bus.append(INBOUND, [said("6")])
        assert words(await follow(last, INBOUND, 1)) == ["6"]
