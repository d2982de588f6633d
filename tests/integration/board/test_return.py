"""Who drains, who ramps up: eligible for nothing, or without room until the next turn; and never longer than that."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.board.conftest import Floor, together
from trunkline.board import Answer, moves
from trunkline.board.looks import attendance
from trunkline.events import Presence, Profile
from trunkline.ids import new_id
from trunkline.requirements import requirement_id
from trunkline.testing.audit import audit

NEED = requirement_id("support", "sms", 1, {})
RAMP = "300000:2"
"""Five minutes, two offers a minute: one in 30 seconds."""


async def drain(floor: Floor, agent: str = "ana", *, draining: bool = True) -> Answer:
    return await moves.drain(floor.board, operation=new_id(), agent=agent, draining=draining, by="sue")


async def present(floor: Floor, agent: str, presence: Presence, ramp_up: str = "") -> Answer:
    return await moves.set_presence(floor.board, operation=new_id(), agent=agent, presence=presence, ramp_up=ramp_up)


async def arrive(floor: Floor, agent: str = "ana", *, capacity: int = 9, **options: Any) -> Answer:
    profile = Profile(agent=agent, name=agent, version=1, capacity=capacity, skills={}, queues=("*",))
    return await moves.arrive(
        floor.board, operation=new_id(), profile=profile, device="d1", lease_ms=3_600_000,
        presence=options.pop("presence", Presence.AVAILABLE), **options,
    )  # fmt: skip


async def status(floor: Floor, conversation: str) -> str:
    return (await floor.conversation(conversation))["status"]


async def sound(floor: Floor) -> None:
    assert await audit(floor.board.client, floor.board.keys.under(floor.board.generation)) == []


# --- drain ---------------------------------------------------------------------------------------------------


async def test_who_drains_keeps_what_they_have_and_is_offered_no_more(floor: Floor) -> None:
    await floor.arrive("ana", capacity=3)
    held = await floor.owned("ana", "a")
    open_offer = await floor.receive("b")

    answer = await drain(floor)

    assert (answer.code, answer.version, answer.also) == ("ok", "available", "1"), "presence is as they chose it"
    waiting = await floor.receive("c")
    assert await status(floor, waiting.subject) == "queued"
    assert (await floor.accept("ana", open_offer.subject)).ok, "what was offered before may be accepted"
    await floor.close("ana", held)
    assert await status(floor, waiting.subject) == "queued", "and nothing takes the place of what is closed"
    assert (await floor.agent("ana"))["presence"] == "available"
    await sound(floor)


async def test_who_takes_work_again_is_given_what_waits_in_the_same_step(floor: Floor) -> None:
    await floor.arrive("ana", capacity=1)
    await drain(floor)
    waiting = await floor.receive("a")

    await drain(floor, draining=False)

    assert (await floor.conversation(waiting.subject))["offered_to"] == "ana"
    await sound(floor)


async def test_going_away_and_coming_back_does_not_end_it_and_leaving_does(floor: Floor) -> None:
    await floor.arrive("ana")
    await drain(floor)
    await present(floor, "ana", Presence.AWAY)
    await present(floor, "ana", Presence.AVAILABLE)
    assert await status(floor, (await floor.receive("a")).subject) == "queued"

    await floor.tick(at_ms=await floor.now() + 46_000)
    assert (await floor.agent("ana")) == {}
    await floor.arrive("ana")

    assert (await floor.agent("ana")).get("draining") is None


async def test_on_a_rebuilt_board_a_device_says_that_its_agent_drains(floor: Floor) -> None:
    await floor.arrive("ana")
    await drain(floor)
    waiting = await floor.receive("a")
    await floor.rebuild()

    answer = await arrive(floor, draining=True)

    assert answer.also == "1"
    assert await status(floor, waiting.subject) == "queued"
    await sound(floor)


async def test_a_colleague_cannot_pass_work_to_who_drains_but_a_supervisor_can_give_it(floor: Floor) -> None:
    await floor.arrive("ana")
    conversation = await floor.owned("ana", "a")
    await floor.arrive("berk")
    await drain(floor, "berk")

    passed = await moves.transfer_to_agent(
        floor.board, operation=new_id(), agent="ana", conversation=conversation, to="berk", body=b"{}"
    )
    given = await moves.assign(
        floor.board, operation=new_id(), agent="sue", conversation=conversation, to="berk", body=b"{}"
    )

    assert (passed.code, given.code) == ("draining", "ok")


async def test_what_waits_for_one_agent_waits_no_longer_when_they_drain(floor: Floor) -> None:
    await floor.arrive("ana")
    await floor.owned("ana", "busy")
    only = requirement_id("support", "sms", 1, {"agent.ana": 1})
    waiting = await floor.receive("a", requirement=only, ladder=f"0>{only} 60000>{NEED}")
    await floor.arrive("berk")
    assert await status(floor, waiting.subject) == "queued", "for ana alone"

    await drain(floor)

    assert (await floor.conversation(waiting.subject))["offered_to"] == "berk"
    later = await floor.receive("b", requirement=only, ladder=f"0>{only} 60000>{NEED}")
    assert (await floor.conversation(later.subject))["requirement"] == NEED, "nor does what comes after"


async def test_a_drain_repeated_is_one_and_of_nobody_is_refused(floor: Floor) -> None:
    await floor.arrive("ana")
    operation = new_id()
    first, again = [
        await moves.drain(floor.board, operation=operation, agent="ana", draining=True, by="ana") for _ in range(2)
    ]

    assert (again.outbox, again.repeated, again.also) == (first.outbox, True, "1")
    assert (await drain(floor, "nobody")).code == "absent"
    assert (await floor.kinds()).count("agent.drain-changed") == 1


@pytest.mark.parametrize("drain_first", [True, False])
async def test_a_drain_that_meets_a_message_is_before_or_after_it(floor: Floor, *, drain_first: bool) -> None:
    await floor.arrive("ana")
    calls = [drain(floor), floor.receive("a")]
    answers = await together(*(calls if drain_first else calls[::-1]))
    conversation = next(answer.subject for answer in answers if "-" in answer.subject)

    assert await status(floor, conversation) == ("queued" if drain_first else "offered")
    await sound(floor)


async def test_those_who_drain_are_counted_apart(floor: Floor) -> None:
    for name in ("ana", "berk", "cem"):
        await floor.arrive(name)
    await present(floor, "berk", Presence.AWAY)
    await drain(floor)

    survey = await floor.board.call("survey")

    assert [int(figure) for figure in survey[3:7]] == [1, 1, 1, 1], "available, away, free room, draining"
    ana = next(one for one in await attendance(floor.board) if one.agent == "ana")
    assert (ana.draining, ana.room, ana.presence) == (True, 0, Presence.AVAILABLE)


# --- ramp-up -------------------------------------------------------------------------------------------------


async def minute_by_minute(floor: Floor, seconds: int) -> int:
    """Offers made in so many seconds of the clock, while there is always more than enough to offer."""
    made = 0
    for _ in range(seconds):
        floor.travel(int(floor.board.clock_ms) + 1_000)
        await floor.tick()
        made += (await floor.kinds()).count("conversation.offered")
    return made


async def crowd(floor: Floor, size: int) -> None:
    """Customers who wait, so patient that no offer runs out."""
    floor.travel(await floor.now())
    for number in range(size):
        await floor.receive(f"crowd {number}", limits="3600000:60000:30000:86400000:3")
    await floor.events()


async def test_who_arrives_is_offered_so_many_a_minute_and_then_all_there_is_room_for(floor: Floor) -> None:
    await crowd(floor, 20)

    await arrive(floor, capacity=20, ramp_up=RAMP)

    assert (await floor.kinds()).count("conversation.offered") == 1, "the first at once"
    await sound(floor)
    assert [await minute_by_minute(floor, 60) for _ in range(4)] == [2, 2, 2, 2]
    assert await minute_by_minute(floor, 60) == 20 - 9, "the fifth minute ends it: all that waits at once"
    assert "turn_at" not in await floor.agent("ana")
    assert "ramp_until" not in await floor.agent("ana")
    await sound(floor)


async def test_who_was_away_ramps_up_and_cannot_hasten_it_by_going_again(floor: Floor) -> None:
    await crowd(floor, 5)
    await arrive(floor, presence=Presence.AWAY)
    await present(floor, "ana", Presence.AVAILABLE, RAMP)
    assert (await floor.kinds()).count("conversation.offered") == 1

    for _ in range(3):
        await present(floor, "ana", Presence.AWAY)
        await present(floor, "ana", Presence.AVAILABLE, RAMP)

    assert (await floor.kinds()).count("conversation.offered") == 0
    assert await minute_by_minute(floor, 30) == 1


async def test_who_stays_available_does_not_ramp_up(floor: Floor) -> None:
    await arrive(floor)
    await present(floor, "ana", Presence.AVAILABLE, RAMP)

    assert "ramp_until" not in await floor.agent("ana")


async def test_until_their_turn_they_have_no_room_and_others_are_asked(floor: Floor) -> None:
    floor.travel(await floor.now())
    await arrive(floor, ramp_up=RAMP)
    await floor.receive("a")
    second = await floor.receive("b")
    assert await status(floor, second.subject) == "queued"

    await arrive(floor, "berk")

    assert (await floor.conversation(second.subject))["offered_to"] == "berk"
    conversation = await floor.conversation(second.subject)
    await floor.accept("berk", conversation["id"])
    passed = await moves.transfer_to_agent(
        floor.board, operation=new_id(), agent="berk", conversation=conversation["id"], to="ana", body=b"{}"
    )
    assert passed.code == "no-room"
    line = (await floor.board.call("stand", conversation["id"], "ana"))[2][0]
    assert int(line[8]) == int((await floor.agent("ana"))["turn_at"]), "when their next turn is"
    await sound(floor)


async def test_given_by_a_supervisor_or_begun_by_oneself_is_no_offer(floor: Floor) -> None:
    floor.travel(await floor.now())
    await arrive(floor, "berk")
    conversation = await floor.owned("berk", "a")
    await arrive(floor, ramp_up=RAMP)

    await moves.assign(floor.board, operation=new_id(), agent="sue", conversation=conversation, to="ana", body=b"{}")

    assert "turn_at" not in await floor.agent("ana")


async def test_who_leaves_while_ramping_up_leaves_no_turn_behind(floor: Floor) -> None:
    floor.travel(await floor.now())
    profile = Profile(agent="ana", name="ana", version=1, capacity=2, skills={}, queues=("*",))
    await moves.arrive(
        floor.board, operation=new_id(), profile=profile, device="d1", lease_ms=10_000, presence=Presence.AVAILABLE,
        ramp_up=RAMP,
    )  # fmt: skip
    await floor.receive("a")
    floor.travel(int(floor.board.clock_ms) + 31_000)

    await floor.tick()

    assert await floor.agent("ana") == {}
    await sound(floor)
