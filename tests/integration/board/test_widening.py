"""Waiting work asks for less as time goes by: on time, while it waits only, and never for two agents."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.board.conftest import Floor, together
from trunkline.board import looks, moves
from trunkline.ids import new_id
from trunkline.requirements import requirement_id

MINUTE = 60_000
STRICT: dict[str, int] = {"lang.lv": 3}
LOWER: dict[str, int] = {"lang.lv": 1}
ANYBODY: dict[str, int] = {}
SETS = [requirement_id("support", "sms", 1, skills) for skills in (STRICT, LOWER, ANYBODY)]
LADDER = f"0>{SETS[0]} {MINUTE}>{SETS[1]} {3 * MINUTE}>{SETS[2]}"
LONG: dict[str, Any] = {"lease_ms": 600 * MINUTE}


async def _waits(floor: Floor, thread: str = "sms|+1") -> str:
    return (await floor.receive(thread, skills=STRICT, ladder=LADDER)).subject


async def _tick_after(floor: Floor, name: str, ms: int) -> None:
    await floor.tick(int((await floor.conversation(name))["queued_at"]) + ms)


async def test_each_step_is_taken_at_its_time_and_leads_to_whom_it_lets_in(floor: Floor) -> None:
    await floor.arrive("ben", skills={"lang.lv": 1}, **LONG)
    name = await _waits(floor)
    await floor.kinds()

    await _tick_after(floor, name, MINUTE - 1)
    assert (await floor.conversation(name))["status"] == "queued"
    assert await floor.kinds() == []

    await _tick_after(floor, name, MINUTE)
    state = await floor.conversation(name)
    assert (state["offered_to"], state["requirement"], state["rung"]) == ("ben", SETS[1], "1")
    assert await floor.kinds() == ["conversation.widened", "conversation.offered"]


async def test_who_serves_a_queue_that_was_added_will_do_and_it_is_counted_where_it_waits(floor: Floor) -> None:
    await floor.arrive("sal", queues=("sales",), **LONG)
    wider = requirement_id("support", "sms", 1, {}, also=["sales"])
    name = (await floor.receive("sms|+1", ladder=f"0>{SETS[2]} {MINUTE}>{wider}")).subject
    await floor.receive("sms|+2", ladder=f"0>{SETS[2]} {MINUTE}>{wider}")
    assert (await floor.conversation(name))["status"] == "queued"

    await _tick_after(floor, name, 2 * MINUTE)

    assert (await floor.conversation(name))["offered_to"] == "sal"
    lines = {(line.queues, line.waiting, line.eligible) for line in await looks.waiting(floor.board) if line.waiting}
    assert lines == {(("support", "sales"), 1, 1)}


async def test_an_offer_stops_the_climb_and_what_came_due_meanwhile_is_made_up(floor: Floor) -> None:
    await floor.arrive("ana", skills={"lang.lv": 5}, **LONG)
    await floor.arrive("cy", **LONG)
    patient = f"{9 * MINUTE}:{9 * MINUTE}:0:0:3"
    name = (await floor.receive("sms|+1", skills=STRICT, ladder=LADDER, limits=patient)).subject
    floor.travel(int((await floor.conversation(name))["queued_at"]) + 4 * MINUTE)
    await floor.tick()
    state = await floor.conversation(name)
    assert (state["offered_to"], state["rung"]) == ("ana", "0")

    await floor.kinds()  # no agent's move is taken while the log is minutes behind
    assert (await floor.decline("ana", name)).ok
    await floor.tick()  # one rung a tick: each is an event of its own
    await floor.tick()

    state = await floor.conversation(name)
    assert (state["offered_to"], state["rung"], state["widen_at"]) == ("cy", "2", "0")


async def test_while_somebody_has_it_nothing_widens(floor: Floor) -> None:
    await floor.arrive("ana", skills={"lang.lv": 5}, **LONG)
    name = await _waits(floor)
    await floor.accept("ana", name)

    await _tick_after(floor, name, 10 * MINUTE)

    state = await floor.conversation(name)
    assert (state["owner"], state["requirement"], state["rung"]) == ("ana", SETS[0], "0")


@pytest.mark.parametrize("how", ["snoozed", "transferred", "lost"])
async def test_who_comes_back_from_an_agent_asks_for_all_again(floor: Floor, how: str) -> None:
    await floor.arrive("ben", skills={"lang.lv": 1}, lease_ms=2 * MINUTE)
    name = await _waits(floor)
    await _tick_after(floor, name, MINUTE)
    await floor.accept("ben", name)
    now = await floor.now()

    if how == "snoozed":
        await moves.snooze(
            floor.board, operation=new_id(), agent="ben", conversation=name, wake_at=now + MINUTE, body=b"{}"
        )
        later = now + MINUTE
    elif how == "transferred":
        await moves.transfer_to_queue(
            floor.board, operation=new_id(), agent="ben", conversation=name, queue="support", requirement=SETS[0],
            weight=1, limits=(await floor.conversation(name))["limits"], ladder=LADDER, body=b"{}",
        )  # fmt: skip
        later = now
    else:
        await floor.tick(now + 5 * MINUTE)  # the lease is over, and then the owner's grace
        later = now + 10 * MINUTE
    await floor.tick(later)

    state = await floor.conversation(name)
    assert (state["status"], state["requirement"], state["rung"]) == ("queued", SETS[0], "0")
    assert int(state["widen_at"]) == pytest.approx(later + MINUTE, abs=5_000)


async def test_a_transfer_asks_for_what_was_asked_before_anything_widened(floor: Floor) -> None:
    name = await _waits(floor)
    await _tick_after(floor, name, MINUTE)

    assert (await floor.board.call("facts", name))[6].decode() == SETS[0]


async def test_a_rebuilt_board_goes_on_where_the_climb_was(floor: Floor) -> None:
    name = await _waits(floor)
    await _tick_after(floor, name, MINUTE)
    await floor.rebuild()
    await floor.arrive("cy", **LONG)
    assert (await floor.conversation(name))["requirement"] == SETS[1]

    await _tick_after(floor, name, 3 * MINUTE)

    assert (await floor.conversation(name))["offered_to"] == "cy"


async def test_a_step_and_an_arrival_at_once_make_one_offer(floor: Floor) -> None:
    await floor.arrive("ben", skills={"lang.lv": 1}, **LONG)
    names = [await _waits(floor, f"sms|+{n}") for n in range(6)]
    floor.travel(int((await floor.conversation(names[-1]))["queued_at"]) + MINUTE)

    await together(
        floor.arrive("ana", skills={"lang.lv": 5}, capacity=6, **LONG),
        *(floor.tick() for _ in range(3)),
        floor.arrive("eva", skills={"lang.lv": 2}, capacity=2, **LONG),
    )

    taken = [state["offered_to"] for name in names if (state := await floor.conversation(name))["status"] == "offered"]
    for who in ("ana", "ben", "eva"):
        load = int((await floor.agent(who))["load"])
        assert load == taken.count(who) <= int((await floor.agent(who))["capacity"])
    assert len(taken) == len(names), "nothing waits while somebody who may take it has room"


async def test_a_ladder_nobody_can_read_is_refused_with_its_message(floor: Floor) -> None:
    answer = await floor.board.submit(*floor.receiving("sms|+1", ladder="0>support|sms|1| soon>support|sms|1|"))

    assert answer[0] == b"refused"
    assert "message.refused" in await floor.kinds()
