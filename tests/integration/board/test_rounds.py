"""What a queue's `offer_to` and `auto_accept` promise (docs/routing.md, Offers)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson
import pytest

from services.router.observe import observe
from tests.integration.board.conftest import LIMITS, Floor, short, together
from tests.integration.board.outcomes import Outcomes
from trunkline.board import Answer, moves
from trunkline.events import Header, Presence, asked_of
from trunkline.ids import new_id
from trunkline.index import PRESETS
from trunkline.metrics import OFFERS
from trunkline.requirements import requirement_id

TO_THREE, GIVEN = f"{LIMITS}:3", f"{LIMITS}:0"
THREAD = "sms|+1"


async def asked(floor: Floor, name: str) -> tuple[str, ...]:
    """Who is asked, the best first."""
    return asked_of((await floor.conversation(name))["offered_to"])


async def round_of(floor: Floor, *agents: str, **options: Any) -> str:
    """A conversation offered to all of these at once, who arrived one after the other."""
    for agent in agents:
        await floor.arrive(agent)
        floor.travel(await floor.now() if not floor.board.clock_ms else int(floor.board.clock_ms) + 1_000)
    return (await floor.receive(THREAD, limits=TO_THREE, **options)).subject


async def transfer(floor: Floor, agent: str, conversation: str, limits: str) -> Answer:
    return await moves.transfer_to_queue(
        floor.board, operation=new_id(), agent=agent, conversation=conversation, queue="support", weight=1,
        requirement=requirement_id("support", "sms", 1, {}), limits=limits, body=b"{}",
    )  # fmt: skip


async def told(floor: Floor, agent: str) -> list[tuple[str, dict[str, Any]]]:
    """The events of conversations that this agent hears: kind and state."""
    await floor.events()
    return [
        (short(entry), orjson.loads(entry.record.value)["data"]["state"])
        for story in floor.story.values()
        for entry in story
        if agent in dict(entry.record.headers).get(Header.AGENTS, b"").decode().split(",")
        and not short(entry).startswith("agent.")
    ]


async def ended(floor: Floor) -> dict[str, str]:
    """How the first offer of the first conversation ended, by agent."""
    await floor.events()
    outcomes = Outcomes()
    for story in floor.story.values():
        outcomes.fold(story)
    assert not outcomes.problems
    return {agent: outcome for (_, fence, agent), outcome in outcomes.ended.items() if fence == 1}


# --- several at once --------------------------------------------------------------------------------------------


async def test_it_is_offered_to_the_best_with_room_so_many_at_once(floor: Floor) -> None:
    for agent in ("ana", "bo", "cy", "dee"):
        await floor.arrive(agent)
        floor.travel(int(floor.board.clock_ms or await floor.now()) + 1_000)

    opened = await floor.receive(THREAD, limits=TO_THREE)

    assert await asked(floor, opened.subject) == ("ana", "bo", "cy"), "the longest idle, in that order"
    assert [int((await floor.agent(agent))["load"]) for agent in ("ana", "bo", "cy", "dee")] == [1, 1, 1, 0]


async def test_the_first_who_accepts_has_it_and_the_others_hear_that_it_is_taken(floor: Floor) -> None:
    name = await round_of(floor, "ana", "bo", "cy")

    won, *lost = await together(*(floor.accept(agent, name, 1) for agent in ("bo", "ana", "cy")))

    assert won.ok
    assert [answer.code for answer in lost] == ["taken", "taken"]
    assert (await floor.conversation(name))["owner"] == "bo"
    assert await ended(floor) == {"bo": "accepted", "ana": "rescinded/taken", "cy": "rescinded/taken"}
    kind, state = (await told(floor, "ana"))[-1]
    assert (kind, state["reason"], state["offered_to"]) == ("offer.rescinded", "taken", "bo")
    assert (await floor.conversation(name))["reason"] == "", "the winner was not rescinded"


async def test_the_losers_room_goes_to_what_waits(floor: Floor) -> None:
    name = await round_of(floor, "ana", "bo")
    waiting = await floor.receive("sms|+2")
    assert await asked(floor, waiting.subject) == ()

    await floor.accept("bo", name)

    assert await asked(floor, waiting.subject) == ("ana",)


@pytest.mark.parametrize("policy", ["longest-idle", "round-robin", "index"])
async def test_who_was_not_quick_enough_is_next_all_the_same(floor: Floor, policy: str) -> None:
    """To be asked is no work: the losers keep their place in the order, who answered moves to its end."""
    needs = requirement_id("support", "sms", 1, {}, policy=PRESETS[policy])
    name = await round_of(floor, "ana", "bo", "cy", "dee", requirement=needs)

    await floor.decline("ana", name)
    await floor.accept("cy", name)

    waiting = [await floor.receive(f"sms|+{n}", requirement=needs) for n in (2, 3, 4)]
    assert [await asked(floor, one.subject) for one in waiting] == [("bo",), ("dee",), ("ana",)]


async def test_who_declines_is_out_of_it_and_the_others_are_still_asked(floor: Floor) -> None:
    name = await round_of(floor, "ana", "bo")
    await floor.arrive("cy")

    assert (await floor.decline("ana", name)).ok

    assert await asked(floor, name) == ("bo",), "nobody new is asked before all have answered"
    assert (await floor.accept("ana", name)).code == "gone"
    assert (await floor.decline("bo", name)).ok
    assert await asked(floor, name) == ("cy",), "those who declined are not asked again"


async def test_the_deadline_ends_it_for_all_who_are_left_and_only_who_saw_it_missed_it(floor: Floor) -> None:
    name = await round_of(floor, "ana", "bo", "cy")
    await floor.decline("cy", name)
    for agent in ("ana", "ana"):  # each time the card comes to the screen
        await moves.shown(floor.board, agent=agent, conversation=name, fence=1)

    await floor.tick(int(floor.board.clock_ms) + 20_000)

    assert await ended(floor) == {"cy": "declined/busy", "ana": "expired/expired", "bo": "expired/expired"}
    assert [(await floor.agent(agent))["missed"] for agent in ("ana", "bo", "cy")] == ["1", "0", "0"]


@pytest.mark.parametrize("how", ["away", "left"])
async def test_who_goes_is_out_of_it(floor: Floor, how: str) -> None:
    name = await round_of(floor, "ana", "bo")

    if how == "away":
        await moves.set_presence(floor.board, operation=new_id(), agent="ana", presence=Presence.AWAY)
    else:
        await moves.leave(floor.board, agent="ana", device="d1", grace_ms=0)
        await floor.tick(int(floor.board.clock_ms) + 1)

    assert await asked(floor, name) == ("bo",)
    assert (await floor.accept("bo", name)).ok
    assert await ended(floor) == {"ana": f"rescinded/{how}", "bo": "accepted"}


async def test_who_goes_away_before_they_answer_does_not_keep_a_customer_waiting(floor: Floor) -> None:
    await floor.arrive("ana")
    name = (await floor.receive(THREAD)).subject
    await floor.arrive("bo")

    await moves.set_presence(floor.board, operation=new_id(), agent="ana", presence=Presence.AWAY)

    assert await asked(floor, name) == ("bo",)


async def test_what_a_colleague_passes_on_is_offered_to_that_colleague_alone(floor: Floor) -> None:
    name = await round_of(floor, "ana")
    await floor.accept("ana", name)
    for agent in ("bo", "cy"):
        await floor.arrive(agent)

    await moves.transfer_to_agent(floor.board, operation=new_id(), agent="ana", conversation=name, to="cy", body=b"{}")

    assert await asked(floor, name) == ("cy",)


async def test_a_rebuilt_board_takes_it_back_from_all_and_asks_anew(floor: Floor) -> None:
    name = await round_of(floor, "ana", "bo")
    await floor.rebuild()
    for agent in ("ana", "bo"):
        await floor.arrive(agent)
    assert (await floor.accept("ana", name, 1)).code == "late"

    await floor.tick(int(floor.board.clock_ms) + 1)

    assert await ended(floor) == {"ana": "rescinded/rebuilt", "bo": "rescinded/rebuilt"}
    assert set(await asked(floor, name)) == {"ana", "bo"}
    assert (await floor.accept("bo", name)).ok


async def test_metrics_count_each_agent_who_was_asked_and_why_an_offer_was_taken_back(floor: Floor) -> None:
    before = offers_counted()
    name = await round_of(floor, "ana", "bo", "cy")
    await floor.decline("cy", name)
    await floor.accept("bo", name)
    second = (await floor.receive("sms|+2", limits=TO_THREE)).subject  # to ana and cy
    await floor.tick(int(floor.board.clock_ms) + 20_000)
    await moves.assign(floor.board, operation=new_id(), agent="sue", conversation=second, to="bo", body=b"{}")
    await floor.receive("sms|+3", limits=GIVEN)

    observe(await floor.events())

    assert offers_counted() - before == {
        ("made", ""): 7, ("declined", ""): 1, ("accepted", ""): 1, ("rescinded", "taken"): 1, ("expired", ""): 2,
        ("rescinded", "assigned"): 2, ("auto-accepted", ""): 1,
    }  # fmt: skip


def offers_counted() -> Counter[tuple[str, str]]:
    """Outcome and reason → how many, of all queues."""
    counted: Counter[tuple[str, str]] = Counter()
    for metric in OFFERS.collect():
        for one in metric.samples:
            if one.name.endswith("_total"):
                counted[one.labels["outcome"], one.labels["reason"]] += int(one.value)
    return counted


# --- nobody is asked --------------------------------------------------------------------------------------------


async def test_a_queue_that_asks_nobody_gives_it_with_one_event(floor: Floor) -> None:
    await floor.arrive("ana")
    opened = await floor.receive(THREAD, limits=GIVEN)

    state = await floor.conversation(opened.subject)
    assert (state["status"], state["owner"], state["offered_to"]) == ("active", "ana", "")
    [(kind, said)] = await told(floor, "ana")
    assert (kind, said["version"], said["status"]) == ("offer.auto-accepted", 2, "active")
    entry = next(one for story in floor.story.values() for one in story if short(one) == kind)
    details = orjson.loads(entry.record.value)["data"]["details"]
    assert details["best"][0]["agent"] == "ana", "why it is hers is in the same event"


async def test_what_is_given_waits_for_room_and_comes_as_it_is_free(floor: Floor) -> None:
    await floor.arrive("ana")
    first = (await floor.receive(THREAD, limits=GIVEN)).subject
    second = (await floor.receive("sms|+2", limits=GIVEN)).subject
    assert (await floor.conversation(second))["status"] == "queued"

    await floor.close("ana", first)

    assert (await floor.conversation(second))["owner"] == "ana"


async def test_passed_on_to_a_queue_that_asks_nobody_it_is_anothers_at_once(floor: Floor) -> None:
    await floor.arrive("ana")
    name = await floor.owned("ana", THREAD)
    await floor.arrive("bo")

    assert (await transfer(floor, "ana", name, GIVEN)).ok

    assert (await floor.conversation(name))["owner"] == "bo"


async def test_nothing_that_was_given_can_be_missed_and_its_lost_owner_has_the_grace(floor: Floor) -> None:
    await floor.arrive("ana")
    name = (await floor.receive(THREAD, limits=GIVEN)).subject
    begun = await floor.now()

    await floor.tick(begun + 30_000)
    assert (await floor.agent("ana"))["missed"] == "0"
    await floor.tick(begun + 46_000)  # her lease is over
    assert (await floor.conversation(name))["owner"] == "ana"
    floor.travel(begun + 46_000 + 121_000)
    await floor.arrive("bo")
    await floor.tick()

    assert (await floor.conversation(name))["owner"] == "bo"


# --- what declines leave behind -----------------------------------------------------------------------------------


async def test_who_declined_is_asked_again_also_when_the_others_offer_was_open_meanwhile(floor: Floor) -> None:
    """Ana declines; when she might be asked again it is on Bo's screen, and Bo never answers."""
    limits = "20000:10000:30000:86400000:1"
    floor.travel(await floor.now())
    for agent in ("ana", "bo"):
        await floor.arrive(agent, lease_ms=600_000)
    name = (await floor.receive(THREAD, limits=limits)).subject
    (first,) = await asked(floor, name)
    await floor.decline(first, name)
    (second,) = await asked(floor, name)
    await moves.shown(floor.board, agent=second, conversation=name, fence=2)
    for _ in range(4):
        floor.travel(int(floor.board.clock_ms) + 10_000)
        await floor.tick()

    assert (await floor.agent(second))["presence"] == "away"
    assert await asked(floor, name) == (first,)
