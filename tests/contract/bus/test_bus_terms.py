"""A stale owner cannot speak (DESIGN 3, rule 1): pens, terms, and every reader that drops what is stale."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from tests.contract.bus.log import Log
from tests.contract.bus.words import ROUTING, follow, read, said, taken, words
from trunkline.bus import Bus, Partition, Pen, Position, Record, TermFilter, end_position, take_pen
from trunkline.bus.lookback import Lookback

# What a paused owner does: it wakes after another took the pen, and writes on.
STORY = [
    taken(1), said("a", term=1), said("nobody's"), taken(2), said("stale", term=1), said("b", term=2), taken(2),
    said("nobody's either"), said("c", term=2),
]  # fmt: skip
ACCEPTED = ["taken 1", "a", "nobody's", "taken 2", "b", "nobody's either", "c"]


async def test_a_read_drops_what_a_stale_owner_wrote(bus: Bus) -> None:
    await bus.append(ROUTING, STORY)

    assert words(await read(bus, ROUTING)) == ACCEPTED


async def test_a_follower_drops_what_a_stale_owner_wrote(bus: Bus) -> None:
    await bus.append(ROUTING, STORY)

    async with bus.follower({ROUTING: Position(0)}) as follower:
        assert words(await follow(follower, ROUTING, len(ACCEPTED))) == ACCEPTED
        assert follower.position(ROUTING) == Position(len(STORY), 2)


async def test_a_position_remembers_the_term_so_a_later_start_judges_the_same(bus: Bus) -> None:
    await bus.append(ROUTING, STORY)
    whole = words(await read(bus, ROUTING))

    for offset in range(len(STORY) + 1):
        terms = TermFilter(Position(0))
        before = words(terms.keep(await bus.tail(ROUTING, offset, before=offset) if offset else []))
        assert before + words(await read(bus, ROUTING, Position(offset, terms.term))) == whole


async def test_a_batch_that_is_all_stale_gives_nothing_and_is_passed(bus: Bus) -> None:
    await bus.append(ROUTING, [taken(3)])
    async with bus.follower({ROUTING: Position(0)}) as follower:
        await follow(follower, ROUTING, 1)
        await bus.append(ROUTING, [said("stale", term=2), said("stale", term=1)])
        await bus.append(ROUTING, [said("fresh", term=3)])

        assert words(await follow(follower, ROUTING, 1)) == ["fresh"]
        assert follower.position(ROUTING) == Position(4, 3)


async def test_the_pen_of_a_new_log_has_a_term_and_its_record_is_the_first(bus: Bus) -> None:
    pen = await take_pen(bus, ROUTING, "router-0", generation="7-nonce")

    (record,) = await read(bus, ROUTING)
    assert pen == Pen(ROUTING, record.term or 0, 0)
    assert pen.term > 0
    assert (record.type, record.header("generation")) == ("trunkline.pen.taken.v1", "7-nonce")


async def test_each_pen_has_a_higher_term_than_the_one_before(bus: Bus) -> None:
    pens = [await take_pen(bus, ROUTING, f"router-{number % 2}") for number in range(5)]

    assert all(earlier.term < later.term for earlier, later in pairwise(pens))
    assert [record.term for record in await read(bus, ROUTING)] == [pen.term for pen in pens]


async def test_who_lost_the_pen_writes_into_the_void(bus: Bus) -> None:
    old = await take_pen(bus, ROUTING, "router-0")
    await bus.append(ROUTING, [said("in time", term=old.term)])
    new = await take_pen(bus, ROUTING, "router-1")
    await bus.append(ROUTING, [said("too late", term=old.term)])
    await bus.append(ROUTING, [said("mine", term=new.term)])

    assert words(await read(bus, ROUTING)) == [f"taken {old.term}", "in time", f"taken {new.term}", "mine"]


@pytest.mark.parametrize("takers", [2, 5])
async def test_takers_at_once_each_get_a_term_of_their_own(log: Log, bus: Bus, takers: int) -> None:
    async with log.connect() as other:
        for turn in range(6):
            start = await end_position(bus, ROUTING)

            pens = await asyncio.wait_for(
                asyncio.gather(
                    *(
                        take_pen((bus, other)[number % 2], ROUTING, f"router-{turn}-{number}")
                        for number in range(takers)
                    )
                ),
                20,
            )

            accepted = [record for record in await read(bus, ROUTING, start) if record.term is not None]
            assert len({pen.term for pen in pens}) == takers
            assert min(pen.term for pen in pens) > start.term
            # Each pen's own record counts, and in the log's order terms strictly rise: one wins each time.
            assert {(pen.offset, pen.term) for pen in pens} <= {(record.offset, record.term) for record in accepted}
            terms = [record.term or 0 for record in accepted]
            assert all(earlier < later for earlier, later in pairwise(terms))


async def test_a_void_taken_record_is_seen_as_void_by_its_writer(bus: Bus) -> None:
    await bus.append(ROUTING, [taken(4, "router-0")])
    await bus.append(ROUTING, [taken(4, "router-1")])

    pen = await take_pen(bus, ROUTING, "router-1")

    assert pen.term == 5
    assert words(await read(bus, ROUTING)) == ["taken 4", "taken 5"]


async def test_the_end_position_knows_the_term_behind_many_records_of_nobody(bus: Bus) -> None:
    await bus.append(ROUTING, [taken(9), said("x", term=9)])
    for _ in range(5):
        await bus.append(ROUTING, [said("receipt")] * 500)

    assert await end_position(bus, ROUTING) == Position(2_502, 9)


async def test_the_end_position_is_not_misled_by_a_stale_owners_last_batch(bus: Bus) -> None:
    await bus.append(ROUTING, [taken(1)])
    await bus.append(ROUTING, [taken(2), said("x", term=2)])
    await bus.append(ROUTING, [said("stale", term=1)] * 500)

    assert await end_position(bus, ROUTING) == Position(503, 2)


async def test_the_end_of_an_empty_log_has_no_term(bus: Bus) -> None:
    assert await end_position(bus, ROUTING) == Position(0, 0)


async def test_a_lookback_says_what_the_bus_says_and_reads_each_record_once(bus: Bus) -> None:
    await bus.append(ROUTING, [said(n) for n in range(40)])
    asked: list[int] = []

    class Counting:
        append, bounds = bus.append, bus.bounds

        async def tail(self, partition: Partition, count: int, *, before: int | None = None) -> list[Record]:
            found = await bus.tail(partition, count, before=before)
            asked.extend(record.offset for record in found)
            return found

    look = Lookback(Counting())
    questions: list[tuple[int, int | None]] = [(10, None), (10, 25), (5, 38), (100, 30), (3, 0), (1, 1)]
    for count, before in questions:
        assert await look.tail(ROUTING, count, before=before) == await bus.tail(ROUTING, count, before=before)
    await bus.append(ROUTING, [said(n) for n in range(7)])
    assert await look.tail(ROUTING, 12) == await bus.tail(ROUTING, 12)
    assert sorted(asked) == list(range(47))
