"""The rules of "the log decides" (DESIGN 3), each with the fault it was made for: without the rule its test fails."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from services.router.checkpoint import Keeper, load_last
from services.router.core import Fenced
from services.router.inbound import Inbound
from services.router.shard import Shard
from tests.integration.router.rig import SHARDS, Router, World, arrive
from trunkline.board import BoardClosed, moves
from trunkline.board.fold import Fold
from trunkline.board.owner import clear, raise_term
from trunkline.board.relay import Entry, cut
from trunkline.bus import AppendUnknown, NewRecord, Partition, Position, take_pen
from trunkline.cli.board import accept as accept_loss
from trunkline.cli.board import missing
from trunkline.errors import Contradiction
from trunkline.events import (
    Checkpoint,
    Envelope,
    Header,
    MessageReceived,
    MessageRefused,
    OfferRescinded,
    PreferenceReceived,
    ReplyWritten,
    Taken,
    Topic,
    pack,
)
from trunkline.ids import new_id, shard_of
from trunkline.messages import Address
from trunkline.testing.memory import MemoryBus

THREAD = "sms-main|tel:+1"
SHARD = shard_of(THREAD, SHARDS)
PLACE = Partition(Topic.ROUTING, SHARD)


def outbox_ids(records: list[Any]) -> list[str]:
    return [record.header(Header.OUTBOX) for record in records if record.header(Header.VERSION)]


async def conversation_of(world: World, message: str) -> str:
    await world.until_told({message})
    [name] = [record.key.decode() for record in await world.story() if record.header(Header.MESSAGE) == message]
    return name


async def accepted(world: World, router: Router, agent: str = "ana") -> str:
    """A conversation this agent owns, its events relayed."""
    await arrive(router.board, agent)
    name = await conversation_of(world, await world.write(THREAD))
    answer = await moves.accept(router.board, operation=new_id(), agent=agent, conversation=name, fence=1)
    assert answer.ok, answer
    await relayed(world, answer.outbox)
    return name


async def relayed(world: World, outbox: str, *, within: float = 10) -> None:
    async with asyncio.timeout(within):
        while outbox not in outbox_ids(await world.story()):
            await asyncio.sleep(0.01)


# --- rule 1: the pen ------------------------------------------------------------------------------------------


async def test_a_paused_owners_batch_never_happened(world: World) -> None:
    """Between its read of the outbox and its append, the shard was taken: its batch lands, and nobody believes it."""
    held, go = asyncio.Event(), asyncio.Event()
    stalled = False

    async def stall(step: str) -> None:
        nonlocal stalled
        if stalled and step == f"append {Topic.ROUTING}/{SHARD}" and not go.is_set():
            held.set()
            await go.wait()

    async with world.router("old", step=stall, session_timeout_s=60) as old:
        await old.verified()
        await world.until_told({await world.write(THREAD)})
        stalled = True
        late = await world.write(THREAD, "late")
        await asyncio.wait_for(held.wait(), 10)
        async with world.router("new", session_timeout_s=60) as new:
            new.bus.log.leases.clear()
            new.bus.log.sessions.clear()
            await new.verified()
            await world.until_told({late})
            go.set()
            await world.until_told({await world.write(THREAD, "after")})

            everything = world.log.partition(PLACE)
            believed = [record for record in await world.story() if record.partition == PLACE]
            assert len(outbox_ids(everything)) > len(outbox_ids(believed)), "the paused batch did land"
            assert max(Counter(outbox_ids(believed)).values()) == 1


async def test_a_lower_term_reads_marks_and_trims_nothing(world: World) -> None:
    async with world.router("old") as old:
        await old.verified()
        [shard] = [one for one in old.owner.shards() if one.number == SHARD]
        relay = shard.relay
        assert relay is not None
        # The next owner's first step, before its pen in the log.
        await raise_term(old.board, SHARD, shard.term + 100)
        with pytest.raises(Fenced):
            await relay._read()


async def test_two_takers_of_one_term_do_not_both_hold_the_pen(world: World) -> None:
    bus = MemoryBus(world.log)
    pens = await asyncio.gather(*(take_pen(bus, PLACE, f"router-{n}") for n in range(8)))

    assert len({pen.term for pen in pens}) == 8
    story = [record for record in await world.story() if record.type == Taken.type]
    terms = [record.term or 0 for record in story]
    assert terms == sorted(set(terms)), "void ones are dropped, the others rise"


# --- rule 2: the cursor ---------------------------------------------------------------------------------------


async def test_nothing_is_repeated_after_a_crash_between_append_and_mark(world: World) -> None:
    async def die_after_append(step: str) -> None:
        if step == f"appended {Topic.ROUTING}/{SHARD}" and armed.is_set():
            crashed.set()
            await asyncio.sleep(3600)

    armed, crashed = asyncio.Event(), asyncio.Event()
    async with world.router("router-0", step=die_after_append) as first:
        await first.verified()
        await world.until_told({await world.write(THREAD, "one")})
        armed.set()
        second = await world.write(THREAD, "two")
        await asyncio.wait_for(crashed.wait(), 10)
    async with world.router("router-0") as again:
        await again.verified()
        await world.until_told({second, await world.write(THREAD, "three")})

        ids = outbox_ids(await world.story())
        assert max(Counter(ids).values()) == 1
        assert len(ids) >= 3


# --- rule 3: the lost tail ------------------------------------------------------------------------------------


async def test_a_board_that_lost_its_last_relayed_entry_is_rebuilt(world: World) -> None:
    async with world.router("router-0") as router:
        await router.verified()
        name = await accepted(world, router)
        before = router.board.generation
        older = await world.snapshot()
        reply = await moves.reply(router.board, operation=new_id(), agent="ana", conversation=name, body=_reply(name))
        await relayed(world, reply.outbox)
        # Back to before the reply, at the same server: only the witness can tell.
        async with world.board() as board:
            await board.client.flushall()
            for key, (dumped, left) in older.items():
                await board.client.restore(key, left, dumped)
        after = await world.write(THREAD, "after the roll-back")
        await world.until_told({after})

        assert router.board.generation != before
        states = await world.folded()
        assert states[name]["owner"] == "ana"
        assert _versions_dense(await world.story())


async def test_another_entry_under_the_same_number_is_not_the_witness(world: World) -> None:
    """The tail was lost and grew again: the number is there, the nonce is another's."""
    async with world.router("router-0") as router:
        await router.verified()
        await accepted(world, router)
        generation = router.board.generation
        prefix = router.board.keys.under(generation)
        [shard] = [one for one in router.owner.shards() if one.number == SHARD]
        assert shard.relay is not None
        last = shard.relay.last
        async with world.board() as board:
            [(_, fields)] = await board.client.xrange(f"{prefix}o:{SHARD}", last, last)
            await board.client.xdel(f"{prefix}o:{SHARD}", last)
            await board.client.delete(f"{prefix}o:{SHARD}")
            sequence = last.partition("-")[0]
            await board.client.xadd(f"{prefix}o:{SHARD}", fields, id=f"{sequence}-1")

        await world.until_told({await world.write(THREAD, "more")})

        assert router.board.generation != generation


# --- rule 4: verified -----------------------------------------------------------------------------------------


async def test_no_move_is_made_until_every_shard_is_verified_for_this_very_server(world: World) -> None:
    async with world.router("router-0") as router:
        await router.verified()
        name = await accepted(world, router)
    async with world.board() as board:
        board.generation = await board.read_generation()
        assert (await board.call("facts", name))[0] == b"ok"
        # A restart that lost nothing: same keys, another history.
        await board.client.execute_command("DEBUG", "CHANGE-REPL-ID")

        with pytest.raises(BoardClosed):
            await board.call("facts", name)
        async with world.router("router-0") as router:
            await router.verified()
            assert (await board.call("facts", name))[0] == b"ok"


async def test_a_flushed_script_closes_the_board_until_a_shard_is_verified_anew(world: World) -> None:
    async with world.router("router-0") as router, world.board() as board:
        await router.verified()
        name = await accepted(world, router)
        board.generation = router.board.generation
        await board.client.function_flush()
        with pytest.raises(BoardClosed):
            await board.call("facts", name)

        await world.until_told({await world.write(THREAD, "after the flush")})
        assert (await board.call("facts", name))[0] == b"ok"
        assert router.board.generation == board.generation, "nothing was lost: no rebuild"


async def test_one_shard_verified_is_not_enough(world: World) -> None:
    async with world.router("router-0") as router:
        await router.verified()
    async with world.board() as board:
        await board.client.execute_command("DEBUG", "CHANGE-REPL-ID")
        only_one = world.router("router-0")
        only_one.bus.log.leases.clear()
        only_one.bus.log.sessions.clear()
        key = (Topic.INBOUND, "router")
        only_one.bus.log.sessions[key] = {"router-9": float("inf")}
        only_one.bus.log.leases[key] = {1: "router-9"}
        async with only_one as router:
            async with asyncio.timeout(10):
                while not any(shard.verified for shard in router.owner.shards()):
                    await asyncio.sleep(0.01)
            board.generation = await board.read_generation()
            with pytest.raises(BoardClosed):
                await board.call("look", THREAD)


async def test_who_asks_why_a_router_is_not_ready_is_told_what_its_shards_wait_for(world: World) -> None:
    """Alone with shard 1, it finds no board, and only the owner of shard 0 builds one."""
    key = (Topic.INBOUND, "router")
    world.log.sessions[key] = {"router-9": float("inf")}
    world.log.leases[key] = {0: "router-9"}
    async with world.router("router-0") as router, asyncio.timeout(10):
        while router.owner.not_ready() != "shards not verified: 1 (no generation)":
            await asyncio.sleep(0.01)  # as a probe asks: nothing tells of it
        world.log.sessions[key]["router-9"] = 0
        await router.verified()
        while router.owner.not_ready() is not None:
            await asyncio.sleep(0.01)  # likewise


# --- rule 5: checkpoints --------------------------------------------------------------------------------------


async def test_a_fold_from_a_checkpoint_is_the_fold_of_the_whole_log(world: World) -> None:
    async with world.router("router-0") as router:
        await router.verified()
        first = [await world.write(f"{THREAD}{n}") for n in range(20)]
        await world.until_told(set(first))
        for shard in router.owner.shards():
            assert shard.relay is not None
            keeper = Keeper(router.core, shard.number)
            end = world.log.bounds(Partition(Topic.ROUTING, shard.number)).next
            await keeper.write(shard.relay, Fold(), end)
        second = [await world.write(f"{THREAD}{n}", "again") for n in range(20)]
        await world.until_told(set(second))

        for number in range(SHARDS):
            place = Partition(Topic.ROUTING, number)
            end = world.log.bounds(place).next
            whole, short = Fold(), await load_last(router.core, number, before=end)
            assert short.position.offset > 0
            async for records in router.bus.read(place, Position(0), end=end):
                for record in records:
                    whole.take(record)
            async for records in router.bus.read(place, short.position, end=end):
                for record in records:
                    short.take(record)
            by_id = {state["id"]: state for state in whole.states()}
            assert {state["id"]: state for state in short.states()} == by_id
            assert (short.applied, short.outbox, short.seen) == (whole.applied, whole.outbox, whole.seen)
            assert set(short.operations) == set(whole.operations)


async def test_a_rebuild_needs_nothing_before_the_checkpoint(world: World) -> None:
    async with world.router("router-0") as router:
        await router.verified()
        name = await accepted(world, router)
        for shard in router.owner.shards():
            assert shard.relay is not None
            place = Partition(Topic.ROUTING, shard.number)
            end = world.log.bounds(place).next
            await Keeper(router.core, shard.number).write(shard.relay, Fold(), end)
            world.log.trim(place, end)
        await world.wipe()
        await world.until_told({await world.write(THREAD, "after")})

        assert (await world.folded())[name]["owner"] == "ana"


_BREAK: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda blob: blob[: len(blob) // 2],
    "not what was written": lambda blob: blob[:20] + bytes(len(blob) - 20),
    "nothing": lambda _: b"",
    "of another program": lambda _: zlib.compress(b"{}"),
    "of another version": lambda _: gzip.compress(b'{"format": 1}\n'),
    "of something else": lambda _: gzip.compress(b"{}\n"),
}


@pytest.mark.parametrize("fault", [*_BREAK, "gone"])
async def test_a_checkpoint_that_cannot_be_read_leaves_the_one_before(world: World, fault: str) -> None:
    async with world.router("router-0") as router:
        await router.verified()
        [shard] = [one for one in router.owner.shards() if one.number == SHARD]
        assert shard.relay is not None
        keeper, ends = Keeper(router.core, SHARD), []
        for words in ("one", "two"):
            await world.until_told({await world.write(THREAD, words)})
            ends.append(world.log.bounds(PLACE).next)
            await keeper.write(shard.relay, Fold(), ends[-1])
        newest = await _checkpointed(world)
        path = router.core.blobs.path(newest)
        if fault == "gone":
            path.unlink()
        else:
            path.write_bytes(_BREAK[fault](path.read_bytes()))

        fold = await load_last(router.core, SHARD, before=world.log.bounds(PLACE).next)

        assert fold.position.offset == ends[0] < ends[1]


async def _checkpointed(world: World) -> str:
    """The newest checkpoint's blob."""
    events = [Envelope.model_validate_json(record.value).read() for record in await world.story()]
    return [event.blob for event in events if isinstance(event, Checkpoint)][-1]


# --- rule 6: rebuild ------------------------------------------------------------------------------------------


async def test_a_wiped_board_is_rebuilt_and_nothing_acknowledged_is_lost(world: World) -> None:
    async with world.router("router-0") as router:
        await router.verified()
        name = await accepted(world, router)
        operation = new_id()
        first = await moves.reply(router.board, operation=operation, agent="ana", conversation=name, body=_reply(name))
        await relayed(world, first.outbox)
        offered = await world.write("sms-main|tel:+2", "an offer is pending")
        pending = await conversation_of(world, offered)
        await asyncio.sleep(0.05)

        await world.wipe()
        await world.until_told({await world.write(THREAD, "after the wipe")})
        await arrive(router.board, "ana")

        again = await moves.reply(router.board, operation=operation, agent="ana", conversation=name, body=_reply(name))
        assert again.repeated
        assert again.outbox == first.outbox, "the operations of the last hour are rebuilt too"
        async with asyncio.timeout(10):
            while OfferRescinded.type not in {record.type for record in await world.story()}:
                await asyncio.sleep(0.02)
        story = await world.story()
        assert [record.type for record in story].count(ReplyWritten.type) == 1
        assert _versions_dense(story)
        states = await world.folded()
        assert states[name]["owner"] == "ana"
        assert states[pending]["offered_to"] in {"", "ana"}
        assert (await router.board.call("facts", pending))[0] == b"ok"


async def test_an_opt_out_survives_a_rebuild(world: World) -> None:
    """Also on a thread that has no conversation: the next one knows it from the start."""
    async with world.router("router-0") as router:
        await router.verified()
        name = await accepted(world, router)
        for thread in (THREAD, "sms-main|tel:+77"):
            preference = PreferenceReceived(
                id=new_id(), thread=thread, account="sms-main", channel="sms",
                contact=Address(scheme="tel", value="+371"), opted_out=True, received_at=datetime.now(UTC),
            )  # fmt: skip
            value = pack(preference, id=preference.id, source="test", subject=thread, time=datetime.now(UTC))
            await world.put(thread, value, preference.type)
        await world.until_told({await world.write(THREAD, "STOP"), await world.write("sms-main|tel:+78")})

        await world.wipe()
        fresh = await conversation_of(world, await world.write("sms-main|tel:+77", "after"))
        await world.until_told({await world.write(THREAD, "after")})

        prefix = router.board.keys.under(router.board.generation)
        assert await router.board.client.hget(f"{prefix}c:{fresh}", "opted_out") == b"1"
        await arrive(router.board, "ana")
        answer = await moves.reply(router.board, operation=new_id(), agent="ana", conversation=name, body=_reply(name))
        assert answer.code == "opted-out"


async def test_an_older_copy_of_the_board_is_not_believed(world: World) -> None:
    """The copy is whole, and its last relayed entry is the log's last: only its generation tells. What it holds
    un-relayed was never acknowledged, and must not come to the log now."""
    block = asyncio.Event()

    async def hold_relay(step: str) -> None:
        if block.is_set() and step.startswith(f"append {Topic.ROUTING}"):
            await asyncio.sleep(3600)

    async with world.router("router-0", step=hold_relay) as router:
        await router.verified()
        name = await accepted(world, router)
        generation = router.board.generation
        block.set()
        unrelayed = await moves.reply(
            router.board, operation=new_id(), agent="ana", conversation=name, body=_reply(name)
        )
        older = await world.snapshot()
    await world.wipe()
    async with world.router("router-0") as router:
        await router.verified()
        newer = router.board.generation
    await world.restore(older)
    async with world.router("router-0") as router:
        await router.verified()
        await world.until_told({await world.write(THREAD, "after the old copy")})

        assert await router.board.read_generation() not in {generation, newer, ""}
        assert unrelayed.outbox not in outbox_ids(await world.story())
        assert _versions_dense(await world.story())


async def test_two_rebuilders_at_once_end_in_one_board(world: World) -> None:
    async with world.router("router-0") as router:
        await router.verified()
        name = await accepted(world, router)
    await world.wipe()
    # Both believe that they own every shard.
    async with world.router("a", session_timeout_s=60) as a:
        world.log.sessions.clear()
        world.log.leases.clear()
        async with world.router("b", session_timeout_s=60) as b:
            await asyncio.sleep(0.3)
            await b.die()
            await a.verified()
            await world.until_told({await world.write(THREAD, "after")})
            assert (await world.folded())[name]["owner"] == "ana"
            assert _versions_dense(await world.story())


async def test_an_owner_that_a_rebuild_overtakes_names_it_when_it_takes_again_and_only_once(world: World) -> None:
    """Its `taken` repeats the generation it saw; the one named meanwhile is what it must repeat. It once took its own
    word for somebody else's, and took the pen for ever."""
    named = {"before": "1-before", "rebuilder": "2-meanwhile"}
    elsewhere = MemoryBus(world.log)
    await take_pen(elsewhere, PLACE, "before", generation=named["before"])
    rebuilds = 0

    async def meanwhile(step: str) -> None:
        nonlocal rebuilds
        if step == f"append {PLACE.topic}/{PLACE.number}" and not rebuilds:  # it has looked, and its word is on the way
            rebuilds += 1
            await take_pen(elsewhere, PLACE, "rebuilder", generation=named["rebuilder"])

    router = world.router("router-0", step=meanwhile)
    try:
        pen, tail = await asyncio.wait_for(Shard(router.core, SHARD, Inbound(router.bus))._take(), 5)
    finally:
        await router.die()

    assert rebuilds
    assert tail.generation == named["rebuilder"]
    taken = [(record.key.decode(), record.header(Header.GENERATION)) for record in world.log.partition(PLACE)]
    assert taken == [
        ("before", named["before"]),
        ("rebuilder", named["rebuilder"]),
        ("router-0", named["before"]),  # void: the rebuilder's has the same term
        ("router-0", named["before"]),
        ("router-0", named["rebuilder"]),
    ]
    assert pen.offset == len(taken) - 1


async def test_a_move_of_an_old_generation_is_refused(world: World) -> None:
    async with world.router("router-0") as router, world.board() as board:
        await router.verified()
        name = await accepted(world, router)
        board.generation = "0-dead"
        with pytest.raises(BoardClosed):
            await board.call("facts", name)
        assert board.generation == router.board.generation, "and the present one is learnt"


# --- rule 7: the applied offset -------------------------------------------------------------------------------


async def test_items_whose_effects_were_lost_are_applied_again(world: World) -> None:
    """Applied on the board, not relayed, wiped: the log's applied offset says where to go on."""
    block = asyncio.Event()

    async def hold_relay(step: str) -> None:
        if block.is_set() and step.startswith(f"append {Topic.ROUTING}"):
            await asyncio.sleep(3600)

    async with world.router("router-0", step=hold_relay) as router:
        await router.verified()
        await world.until_told({await world.write(THREAD, "one")})
        block.set()
        lost = {await world.write(THREAD, "two"), await world.write("sms-main|tel:+9", "three")}
        async with asyncio.timeout(10):
            while any(
                shard.consumer is None
                or shard.consumer.applied + 1 < world.log.bounds(Partition(Topic.INBOUND, shard.number)).next
                for shard in router.owner.shards()
            ):
                await asyncio.sleep(0.01)
    await world.wipe()
    async with world.router("router-0") as router:
        await router.verified()
        await world.until_told(lost)

        counts = Counter(record.header(Header.MESSAGE) for record in await world.story())
        assert all(counts[message] == 1 for message in lost)


def test_the_relay_never_cuts_an_item() -> None:
    entries = [Entry(f"{n}-1", b"item-%d" % (n // 3), 0, NewRecord(b"k", b"v" * 100)) for n in range(10)]

    assert len(cut(entries, more=True)) == 9, "the last item may go on in the outbox"
    assert len(cut(entries, more=False)) == 10
    large = [Entry(f"{n}-1", b"item-%d" % (n // 2), 0, NewRecord(b"k", b"v" * 250_000)) for n in range(6)]
    assert len(cut(large, more=False)) == 2


async def test_a_log_that_ends_before_what_was_applied_is_refused(world: World) -> None:
    async with world.router("router-0") as router:
        await router.verified()
        await world.until_told({await world.write(THREAD)})
    world.log.records[Partition(Topic.INBOUND, SHARD)] = []
    async with world.router("router-0") as router:
        error = await router.ended()
        assert _found(error, Contradiction)
        assert "--accept-log" in str(_found(error, Contradiction))


async def test_a_log_that_begins_after_the_next_item_is_refused(world: World) -> None:
    async with world.router("router-0") as router:
        await router.verified()
        await world.until_told({await world.write(THREAD)})
    await world.write(THREAD)
    await world.write(THREAD)
    world.log.trim(Partition(Topic.INBOUND, SHARD), 2)
    async with world.router("router-0") as router:
        assert _found(await router.ended(), Contradiction)


async def test_an_accepted_loss_is_listed_and_the_router_goes_on(world: World) -> None:
    async with world.router("router-0") as router:
        await router.verified()
        name = await accepted(world, router)
    place = Partition(Topic.INBOUND, SHARD)
    for _ in range(3):
        await world.write(THREAD, "lost to retention")
    world.log.trim(place, 3)
    bus = MemoryBus(world.log)
    async with world.board() as board:
        [gap] = await missing(bus)
        assert (gap.shard, gap.first, gap.last) == (SHARD, 1, 2)
        await accept_loss(bus, board, gap)
        await clear(board, await board.read_generation())
    assert await missing(bus) == []
    async with world.router("router-0") as router:
        await router.verified()
        await world.until_told({await world.write(THREAD, "on we go")})
        assert (await world.folded())[name]["owner"] == "ana"


# --- rule 8: refusal ------------------------------------------------------------------------------------------


async def test_an_unreadable_item_is_a_dead_letter_before_the_log_says_so(world: World) -> None:
    order: list[str] = []

    async def watch(step: str) -> None:
        if step.startswith("appended"):
            order.append(step.split()[1].split("/", maxsplit=1)[0])

    async with world.router("router-0", step=watch) as router:
        await router.verified()
        order.clear()
        offset = await world.put(THREAD, b"\x00 not an event", MessageReceived.type)
        after = await world.write(THREAD, "a neighbour")
        await world.until_told({after})

        [letter] = await world.story(Topic.DEAD_LETTERS)
        dead = Envelope.model_validate_json(letter.value).read()
        assert dead.source == f"inbound/{SHARD}/{offset}"  # type: ignore[attr-defined]  # a DeadLetter
        [refused] = [record for record in await world.story() if record.type == MessageRefused.type]
        assert Envelope.model_validate_json(refused.value).data["offset"] == offset
        assert order.index("dead-letters") < order.index("routing-events")


# --- duplicates -----------------------------------------------------------------------------------------------


async def test_a_filters_hit_waits_for_the_record_and_is_suppressed_only_by_its_word(world: World) -> None:
    async with world.router("router-0") as router:
        await router.verified()
        first = await world.write(THREAD, "one", provider_id="SM1")
        await world.until_told({first})
        prefix = router.board.keys.under(router.board.generation)
        # An hour later: the exact memory of operations is gone, the filter of days is not.
        await router.board.client.delete(f"{prefix}op:{first}")
        world.record.away = True
        assert await world.write(THREAD, "one", provider_id="SM1") == first
        after = await world.write(THREAD, "two")
        async with asyncio.timeout(10):
            while not world.record.asked:
                await asyncio.sleep(0.01)
        assert after not in {record.header(Header.MESSAGE) for record in await world.story()}, "the partition waits"

        world.record.known.add(first)
        world.record.away = False
        await world.until_told({after})
        counts = Counter(record.header(Header.MESSAGE) for record in await world.story())
        assert counts[first] == 1


async def test_an_append_without_an_answer_sends_the_relay_to_the_log(world: World) -> None:
    """It landed, the answer was lost: only the log can say, and it says so once."""
    lost = {"left": 1}

    async def lose(step: str) -> None:
        if step == f"appended {Topic.ROUTING}/{SHARD}" and armed.is_set() and lost["left"]:
            lost["left"] -= 1
            raise AppendUnknown("the answer was lost")

    armed = asyncio.Event()
    async with world.router("router-0", step=lose) as router:
        await router.verified()
        armed.set()
        messages = {await world.write(THREAD, "one"), await world.write(THREAD, "two")}
        await world.until_told(messages)

        assert lost["left"] == 0
        assert max(Counter(outbox_ids(await world.story())).values()) == 1


def _found(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    if isinstance(error, kind):
        return error
    if isinstance(error, BaseExceptionGroup):
        return next((found for inner in error.exceptions if (found := _found(inner, kind))), None)
    return None


def _versions_dense(story: list[Any]) -> bool:
    versions: dict[bytes, list[int]] = {}
    for record in story:
        if version := record.header(Header.VERSION):
            versions.setdefault(record.key, []).append(int(version))
    broken = {key: found for key, found in versions.items() if found != list(range(found[0], found[0] + len(found)))}
    assert not broken, broken
    return True


def _reply(conversation: str) -> bytes:
    return b'{"message":{"id":"' + conversation.encode() + b'"}}'
