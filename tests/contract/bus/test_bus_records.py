"""What is appended is in the log: dense, whole, in order, and unchanged."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.contract.bus.log import SHARDS, Log
from tests.contract.bus.words import INBOUND, ROUTING, read, said, words
from trunkline.bus import Bounds, Bus, NewRecord, OffsetGone, Partition, Position, ShardsDiffer
from trunkline.bus.base import MAX_BATCH_BYTES, MAX_BATCH_RECORDS
from trunkline.events import MAX_EVENT_BYTES, Topic


async def test_offsets_begin_at_nought_and_have_no_holes(bus: Bus) -> None:
    given = [await bus.append(INBOUND, [said(number)]) for number in range(5)]

    assert given == [0, 1, 2, 3, 4]
    assert [record.offset for record in await read(bus, INBOUND)] == given


async def test_each_partition_counts_for_itself(bus: Bus) -> None:
    every = [Partition(topic, number) for topic in Topic for number in range(SHARDS)]

    assert [await bus.append(partition, [said(partition)]) for partition in every] == [0] * len(every)

    for partition in every:
        (record,) = await read(bus, partition)
        assert (record.partition, record.value) == (partition, str(partition).encode())


async def test_a_batch_answers_with_its_first_offset_and_keeps_its_order(bus: Bus) -> None:
    await bus.append(INBOUND, [said("before")])

    assert await bus.append(INBOUND, [said(number) for number in range(10)]) == 1

    assert words(await read(bus, INBOUND)) == ["before", *map(str, range(10))]


async def test_batches_of_many_callers_never_mix(log: Log, bus: Bus) -> None:
    async def write(through: Bus, name: str) -> list[tuple[int, list[str]]]:
        written = []
        for turn in range(8):
            batch = [f"{name}-{turn}-{number}" for number in range(7)]
            written.append((await through.append(ROUTING, [said(word) for word in batch]), batch))
        return written

    async with log.connect() as other:
        everything = await asyncio.gather(
            *(write(bus, f"a{n}") for n in range(5)), *(write(other, f"b{n}") for n in range(5))
        )

    found = words(await read(bus, ROUTING))
    assert len(found) == 10 * 8 * 7
    for written in everything:
        firsts = [first for first, _ in written]
        assert firsts == sorted(firsts)
        for first, batch in written:
            assert found[first : first + 7] == batch


async def test_a_record_comes_back_as_it_was(bus: Bus) -> None:
    before = int(time.time() * 1_000)
    record = NewRecord(
        "Schlüssel".encode(),
        bytes(range(256)),
        (("type", b"said"), ("k", b"not the key"), ("empty", b""), ("bytes", b"\xff\x00"), ("grüße", b"ja")),
    )

    await bus.append(INBOUND, [record, NewRecord(b"", b"", ())])

    first, second = await read(bus, INBOUND)
    assert (first.key, first.value, first.headers) == (record.key, record.value, record.headers)
    assert (second.key, second.value, second.headers) == (b"", b"", ())
    assert first.type == "said"
    assert first.header("missing") is None
    assert before - 1_000 <= first.timestamp_ms <= int(time.time() * 1_000) + 1_000


async def test_a_header_may_be_repeated_and_the_first_one_counts(bus: Bus) -> None:
    headers = (("type", b"first"), ("other", b"1"), ("type", b"second"))

    await bus.append(INBOUND, [NewRecord(b"k", b"v", headers)])

    (record,) = await read(bus, INBOUND)
    assert record.headers == headers
    assert record.type == "first"


async def test_a_batch_and_a_record_may_be_as_large_as_promised(bus: Bus) -> None:
    await bus.append(INBOUND, [said(number) for number in range(MAX_BATCH_RECORDS)])
    await bus.append(INBOUND, [NewRecord(b"k", b"x" * MAX_EVENT_BYTES)])
    overhead = NewRecord(b"k", b"").size
    size = MAX_BATCH_BYTES // 9 - overhead
    await bus.append(INBOUND, [NewRecord(b"k", bytes([number]) * size) for number in range(9)])

    records = await read(bus, INBOUND)

    assert [record.offset for record in records] == list(range(MAX_BATCH_RECORDS + 10))
    assert [len(record.value) for record in records[-10:]] == [MAX_EVENT_BYTES, *[size] * 9]


@pytest.mark.parametrize(
    "batch",
    [[said("x")] * (MAX_BATCH_RECORDS + 1), [NewRecord(b"k", b"x" * (MAX_BATCH_BYTES // 2))] * 2],
    ids=["too many", "too large"],
)
async def test_a_batch_above_the_bounds_is_refused_whole(bus: Bus, batch: list[NewRecord]) -> None:
    with pytest.raises(ValueError, match="at most"):
        await bus.append(INBOUND, batch)

    assert await bus.bounds(INBOUND) == Bounds(0, 0)


async def test_an_empty_batch_is_refused_and_hurts_no_neighbour(bus: Bus) -> None:
    outcomes = await asyncio.wait_for(
        asyncio.gather(
            bus.append(INBOUND, [said("one")]),
            bus.append(INBOUND, []),
            bus.append(INBOUND, [said("two")]),
            return_exceptions=True,
        ),
        10,
    )

    assert isinstance(outcomes[1], ValueError)
    assert words(await read(bus, INBOUND)) == ["one", "two"]


async def test_bounds_follow_the_log(log: Log, bus: Bus) -> None:
    assert await bus.bounds(INBOUND) == Bounds(0, 0)

    await bus.append(INBOUND, [said(number) for number in range(6)])
    assert await bus.bounds(INBOUND) == Bounds(0, 6)

    await log.trim(INBOUND, before=4)
    assert await bus.bounds(INBOUND) == Bounds(4, 6)

    await log.trim(INBOUND, before=6)
    assert await bus.bounds(INBOUND) == Bounds(6, 6)
    assert await bus.append(INBOUND, [said("after")]) == 6


async def test_the_first_record_of_all_never_seems_to_follow_others_that_are_gone(bus: Bus) -> None:
    """Who asked while it came would believe that history was lost."""
    for place in (Partition(topic, number) for topic in Topic for number in range(SHARDS)):
        asked = await asyncio.gather(
            *(bus.bounds(place) for _ in range(4)),
            bus.append(place, [said("first")]),
            *(bus.bounds(place) for _ in range(4)),
        )
        assert {bounds.first for bounds in asked if isinstance(bounds, Bounds)} == {0}


async def test_a_tail_is_the_last_records_oldest_first(log: Log, bus: Bus) -> None:
    assert await bus.tail(INBOUND, 5) == []
    await bus.append(INBOUND, [said(number) for number in range(10)])

    assert words(await bus.tail(INBOUND, 3)) == ["7", "8", "9"]
    assert words(await bus.tail(INBOUND, 3, before=5)) == ["2", "3", "4"]
    assert words(await bus.tail(INBOUND, 3, before=2)) == ["0", "1"]
    assert words(await bus.tail(INBOUND, 3, before=100)) == ["7", "8", "9"]
    assert await bus.tail(INBOUND, 3, before=0) == []
    assert len(await bus.tail(INBOUND, 100)) == 10

    await log.trim(INBOUND, before=8)
    assert words(await bus.tail(INBOUND, 100)) == ["8", "9"]
    assert await bus.tail(INBOUND, 3, before=8) == []


async def test_a_tail_is_not_filtered(bus: Bus) -> None:
    await bus.append(ROUTING, [said("new", term=5), said("stale", term=4)])

    assert words(await bus.tail(ROUTING, 2)) == ["new", "stale"]


async def test_a_read_ends_before_the_end_it_was_given(bus: Bus) -> None:
    await bus.append(INBOUND, [said(number) for number in range(10)])

    assert words(await read(bus, INBOUND, Position(3), end=6)) == ["3", "4", "5"]
    assert await read(bus, INBOUND, Position(6), end=6) == []
    assert await read(bus, INBOUND, Position(10), end=10) == []


async def test_a_long_read_comes_in_batches_and_whole(bus: Bus) -> None:
    for start in range(0, 6_000, 500):
        await bus.append(INBOUND, [said(number) for number in range(start, start + 500)])

    batches = [words(records) async for records in bus.read(INBOUND, Position(0), end=6_000)]

    assert len(batches) > 1
    assert [word for batch in batches for word in batch] == [str(number) for number in range(6_000)]


async def test_two_reads_at_once_do_not_disturb_each_other(bus: Bus) -> None:
    for start in range(0, 3_000, 500):
        await bus.append(INBOUND, [said(number) for number in range(start, start + 500)])
        await bus.append(ROUTING, [said(-number) for number in range(start, start + 500)])

    first, second, tail = await asyncio.gather(read(bus, INBOUND), read(bus, ROUTING), bus.tail(INBOUND, 2))

    assert words(first) == [str(number) for number in range(3_000)]
    assert words(second) == [str(-number) for number in range(3_000)]
    assert words(tail) == ["2998", "2999"]


async def test_a_read_that_is_left_early_does_not_block_the_next(bus: Bus) -> None:
    for start in range(0, 2_000, 500):
        await bus.append(INBOUND, [said(number) for number in range(start, start + 500)])

    reading = bus.read(INBOUND, Position(0), end=2_000)
    await anext(reading)

    assert len(await asyncio.wait_for(read(bus, INBOUND), 10)) == 2_000


async def test_a_read_outside_the_log_says_that_history_is_gone(log: Log, bus: Bus) -> None:
    await bus.append(INBOUND, [said(number) for number in range(6)])
    await log.trim(INBOUND, before=3)

    with pytest.raises(OffsetGone):
        await read(bus, INBOUND, Position(2), end=6)
    with pytest.raises(OffsetGone):
        await read(bus, INBOUND, Position(3), end=7)
    assert words(await read(bus, INBOUND, Position(3), end=6)) == ["3", "4", "5"]


async def test_topics_are_made_once_whoever_asks(log: Log) -> None:
    async with log.connect() as one, log.connect() as other:
        made = await asyncio.gather(one.create_topics(), other.create_topics())
        assert sum(map(len, made)) > 0
        assert await one.create_topics() == []
    await log.forget()


async def test_another_shard_count_than_the_logs_is_refused(log: Log, bus: Bus) -> None:
    async with log.connect(shards=SHARDS + 1) as other:
        with pytest.raises(ShardsDiffer, match=f"{SHARDS} shards"):
            await other.create_topics()


async def test_deployments_never_touch(log: Log, bus: Bus) -> None:
    cell = Log(log.server, f"{log.deployment}b", log.session_timeout_s)
    async with cell.connect() as other:
        await other.create_topics()
        await bus.append(INBOUND, [said("ours")])

        assert await other.append(INBOUND, [said("theirs")]) == 0
        assert words(await read(bus, INBOUND)) == ["ours"]
    await cell.forget()


async def test_leaving_the_bus_leaves_nothing_running(log: Log) -> None:
    before = asyncio.all_tasks()
    async with log.connect() as bus:
        await bus.create_topics()
        await bus.append(INBOUND, [said("x")])
        await read(bus, INBOUND)
        async with bus.follower({INBOUND: Position(0)}) as follower:
            await follower.next()
    await asyncio.sleep(0)

    assert asyncio.all_tasks() == before
    await log.forget()
