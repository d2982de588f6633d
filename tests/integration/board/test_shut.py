"""A shut queue: nobody is offered what waits in it, nothing loses its place, and it opens by hand or by the clock."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.board.conftest import SHARDS, Floor, together
from tests.integration.board.test_telling import asked, say, waits
from trunkline.board import Answer, looks, moves
from trunkline.board.rebuild import build
from trunkline.events import Presence, QueueOpened, QueueShut
from trunkline.ids import new_id, shard_of
from trunkline.requirements import requirement_id
from trunkline.testing.audit import audit

MINUTE = 60_000
LONG: dict[str, Any] = {"lease_ms": 600 * MINUTE}


async def shut(floor: Floor, until: int = 0, queue: str = "support", operation: str = "") -> Answer:
    body = QueueShut(queue=queue, by="sue", until=until).model_dump_json(exclude={"version", "operation"}).encode()
    return await moves.shut(
        floor.board, operation=operation or new_id(), agent="sue", queue=queue, until=until, body=body
    )


async def unshut(floor: Floor, queue: str = "support") -> Answer:
    body = QueueOpened(queue=queue, by="sue").model_dump_json(exclude={"version", "operation"}).encode()
    return await moves.unshut(floor.board, operation=new_id(), agent="sue", queue=queue, body=body)


async def sound(floor: Floor) -> None:
    assert await audit(floor.board.client, floor.board.keys.under(floor.board.generation)) == []


async def test_nobody_is_offered_it_until_it_is_opened_and_then_the_first_in_line_at_once(floor: Floor) -> None:
    assert (await shut(floor)).ok
    await floor.arrive("ana", **LONG)
    first, second = await waits(floor, "sms|+1"), await waits(floor, "sms|+2")
    await sound(floor)
    before = await floor.conversation(first)
    assert before["status"] == "queued"

    assert (await unshut(floor)).ok

    after = await floor.conversation(first)
    assert (after["offered_to"], after["queued_at"], after["due"]) == ("ana", before["queued_at"], before["due"])
    assert (await floor.conversation(second))["status"] == "queued"
    await sound(floor)


@pytest.mark.parametrize("way", ["arrives", "comes back", "learns", "has room again"])
async def test_whoever_becomes_free_meanwhile_is_offered_other_work_only(floor: Floor, way: str) -> None:
    if way != "arrives":
        presence = Presence.AWAY if way == "comes back" else Presence.AVAILABLE
        queues = ("sales",) if way == "learns" else ("*",)
        await floor.arrive("ana", presence=presence, queues=queues, **LONG)
    busy = await floor.owned("ana", "sms|+9") if way == "has room again" else ""
    assert (await shut(floor)).ok
    waiting = await waits(floor)
    match way:
        case "arrives":
            await floor.arrive("ana", **LONG)
        case "comes back":
            who: dict[str, Any] = {"operation": new_id(), "agent": "ana"}
            await moves.set_presence(floor.board, presence=Presence.AVAILABLE, **who)
        case "learns":
            await floor.arrive("ana", version=2, **LONG)
        case _:
            await floor.close("ana", busy)
    assert (await floor.conversation(waiting))["status"] == "queued"
    await sound(floor)
    elsewhere = requirement_id("sales", "sms", 1, {})
    other = await floor.receive("sms|+5", requirement=elsewhere)
    assert (await floor.conversation(other.subject))["offered_to"] == "ana"


async def test_its_time_opens_it_and_not_before(floor: Floor) -> None:
    await floor.arrive("ana", **LONG)
    now = await floor.now()
    assert (await shut(floor, now + MINUTE)).ok
    name = await waits(floor)
    assert [one.timestamp() for one in (await looks.shut_queues(floor.board)).values() if one] == [
        (now + MINUTE) / 1_000
    ]
    await floor.tick(now + MINUTE - 1)
    assert (await floor.conversation(name))["status"] == "queued"
    await floor.tick(now + MINUTE)
    assert (await floor.conversation(name))["offered_to"] == "ana"
    assert await looks.shut_queues(floor.board) == {}
    assert "queue.opened" in await floor.kinds()


async def test_shut_again_it_is_shut_until_the_later_word(floor: Floor) -> None:
    now = await floor.now()
    assert (await shut(floor, now + MINUTE)).ok
    assert (await shut(floor)).ok
    await floor.tick(now + 2 * MINUTE)
    assert await looks.shut_queues(floor.board) == {"support": None}
    assert (await shut(floor, now - 1)).code == "past"


async def test_a_repeated_word_is_done_once_and_an_open_queue_cannot_be_opened(floor: Floor) -> None:
    operation = new_id()
    first, again = await shut(floor, operation=operation), await shut(floor, operation=operation)
    assert (again.outbox, again.repeated) == (first.outbox, True)
    assert await floor.kinds() == ["queue.shut"]
    assert (await unshut(floor)).ok
    assert (await unshut(floor)).code == "gone"


async def test_who_waited_and_who_comes_is_told_once(floor: Floor) -> None:
    names = [await waits(floor, f"sms|+{n}", say="", due=n) for n in range(3)]
    assert (await shut(floor)).ok
    came = await waits(floor, "sms|+8")
    await asked(floor)  # the first tick finds who waited
    found = await asked(floor, await floor.now() + 2_100)
    assert set(found) == {*names, came}
    assert {words.partition(":")[0] for words in found.values()} == {"shut"}, "not that somebody answers soon"
    for name, words in found.items():
        assert (await say(floor, name, words)).ok
    assert await asked(floor, await floor.now() + 10 * MINUTE) == {}
    await sound(floor)


async def test_what_comes_back_into_a_shut_queue_is_told(floor: Floor) -> None:
    await floor.arrive("ana", **LONG)
    name = await waits(floor, say="")
    assert (await shut(floor)).ok
    await floor.decline("ana", name)
    assert list(await asked(floor, await floor.now() + 30_000)) == [name]


async def test_an_offer_that_was_open_may_be_accepted(floor: Floor) -> None:
    await floor.arrive("ana", **LONG)
    name = await waits(floor)
    shutting, accepted = await together(shut(floor), floor.accept("ana", name))
    assert (shutting.ok, accepted.ok) == (True, True)
    assert (await floor.conversation(name))["owner"] == "ana"
    await sound(floor)


@pytest.mark.parametrize("shut_first", [True, False])
async def test_shut_and_claimed_in_one_call_it_is_as_whichever_came_first_says(floor: Floor, shut_first: bool) -> None:
    await floor.arrive("ana", **LONG)
    body = QueueShut(queue="support", by="sue").model_dump_json(exclude={"version", "operation"})
    place = f"{shard_of('support', SHARDS)}-support"
    calls = [("shut", new_id(), "sue", place, "0", body), floor.receiving("sms|+1")]
    answers = await together(*(floor.board.submit(*call) for call in (calls if shut_first else calls[::-1])))
    name = answers[1 if shut_first else 0][4].decode()
    assert (await floor.conversation(name))["status"] == ("queued" if shut_first else "offered")
    await unshut(floor)
    assert (await floor.conversation(name))["offered_to"] == "ana"
    await sound(floor)


async def test_shut_and_transferred_to_in_one_call_it_waits_there(floor: Floor) -> None:
    await floor.arrive("ana", **LONG)
    await floor.arrive("berk", **LONG)
    name = await floor.owned("ana", "sms|+1")
    owner = (await floor.conversation(name))["owner"]
    needs = requirement_id("sales", "sms", 1, {})
    _, moved = await together(
        shut(floor, queue="sales"),
        moves.transfer_to_queue(
            floor.board, operation=new_id(), agent=owner, conversation=name, queue="sales", requirement=needs, weight=1,
            limits="20000:60000:30000:0:3", body=b"{}",
        ),
    )  # fmt: skip
    assert moved.ok
    state = await floor.conversation(name)
    assert (state["status"], state["to_say"].partition(":")[0]) == ("queued", "shut")
    await sound(floor)


async def test_a_transfer_to_a_person_goes_through(floor: Floor) -> None:
    """A shut queue offers nothing; people may still pass their work on."""
    await floor.arrive("ana", **LONG)
    name = await floor.owned("ana", "sms|+1")
    await floor.arrive("berk", **LONG)
    _, moved = await together(
        shut(floor),
        moves.transfer_to_agent(floor.board, operation=new_id(), agent="ana", conversation=name, to="berk", body=b"{}"),
    )
    assert moved.ok
    assert (await floor.accept("berk", name)).ok
    await sound(floor)


async def test_what_widens_meanwhile_waits_on_at_its_new_place(floor: Floor) -> None:
    await floor.arrive("ana", skills={"vip": 1}, **LONG)
    strict, lower = (requirement_id("support", "sms", 1, {"vip": level}) for level in (5, 1))
    name = await waits(floor, requirement=strict, ladder=f"0>{strict} {MINUTE}>{lower}", say="")
    assert (await shut(floor)).ok
    await floor.tick(int((await floor.conversation(name))["queued_at"]) + MINUTE)
    state = await floor.conversation(name)
    assert (state["requirement"], state["status"]) == (lower, "queued")
    await sound(floor)
    await unshut(floor)
    assert (await floor.conversation(name))["offered_to"] == "ana"


async def test_a_word_repeated_after_a_rebuild_does_not_shut_what_was_opened_since(floor: Floor) -> None:
    operation = new_id()
    first = await shut(floor, operation=operation)
    assert (await unshut(floor)).ok
    folds = await floor.folds()
    floor.relayed = {shard: fold.outbox for shard, fold in folds.items()}
    await floor.rebuild(folds)

    again = await shut(floor, operation=operation)

    assert (again.outbox, again.repeated) == (first.outbox, True)
    assert await looks.shut_queues(floor.board) == {}
    assert await floor.kinds() == []


@pytest.mark.parametrize("until", [0, MINUTE])
async def test_a_rebuilt_board_has_it_shut_and_tells_who_was_not_told(floor: Floor, until: int) -> None:
    told, untold = await waits(floor, "sms|+1", say=""), await waits(floor, "sms|+2", say="")
    now = await floor.now()
    assert (await shut(floor, now + until if until else 0)).ok
    await asked(floor)
    words = (await asked(floor, await floor.now() + 2_100))[told]
    assert (await say(floor, told, words)).ok
    folds = await floor.folds()
    floor.relayed = {shard: fold.outbox for shard, fold in folds.items()}

    await floor.rebuild(folds)

    assert list(await looks.shut_queues(floor.board)) == ["support"]
    await floor.arrive("ana", **LONG)
    assert (await floor.conversation(untold))["status"] == "queued"
    codes = {name: (await say(floor, name, words)).code for name, words in (await asked(floor)).items()}
    assert codes.pop(untold) == "ok"
    assert set(codes.values()) <= {"unsaid"}
    await sound(floor)
    if until:
        await floor.tick(now + until + 1)
        assert await looks.shut_queues(floor.board) == {}


async def test_a_checkpoint_keeps_what_is_shut(floor: Floor) -> None:
    await shut(floor)
    folds = {shard: type(fold).load(fold.dump(0)) for shard, fold in (await floor.folds()).items()}
    assert {queue: until for fold in folds.values() for queue, until in fold.shut.items()} == {"support": 0}
    await build(floor.board, "3-c", folds, now_ms=await floor.now())
    assert await floor.board.client.hgetall(floor.board.keys.under("3-c") + "shut") == {b"support": b"0"}
    assert len(folds) == SHARDS
