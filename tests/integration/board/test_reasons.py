"""Why this agent and none of the others: counted for each offer, and told agent by agent for the present moment."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.integration.board.conftest import Floor, together
from trunkline.board import hash_of, moves
from trunkline.events import ConversationOffered, Presence, Profile
from trunkline.ids import new_id
from trunkline.index import PRESETS
from trunkline.requirements import requirement_id

NEEDS = requirement_id("support", "sms", 1, {"lang.lv": 3}, policy=PRESETS["best-skilled"])


async def offered(floor: Floor) -> list[Any]:
    """The details of the offers made since the last look."""
    found = [orjson.loads(entry.record.value) for entry in await floor.events()]
    return [
        ConversationOffered.model_validate(one["data"]).details
        for one in found
        if one["type"] == ConversationOffered.type
    ]


async def test_each_agent_is_counted_for_the_first_reason_only(floor: Floor) -> None:
    await floor.arrive("other-queue", queues=("sales",), skills={"lang.lv": 9})
    await floor.arrive("no-skill")
    await floor.arrive("no-level", skills={"lang.lv": 2})
    await floor.arrive("away", skills={"lang.lv": 5}, presence=Presence.AWAY)
    await floor.arrive("full", skills={"lang.lv": 9})
    await floor.receive("t0", requirement=NEEDS)
    await floor.arrive("second", skills={"lang.lv": 3})
    await floor.arrive("best", skills={"lang.lv": 7})
    await offered(floor)

    await floor.receive("t1", requirement=NEEDS)

    [details] = await offered(floor)
    assert details.passed_over.model_dump() == {
        "permission": 1, "skill": 1, "level": 1, "presence": 1, "draining": 0, "ramping": 0, "room": 1, "declined": 0,
    }  # fmt: skip
    assert details.present == 7
    assert details.requirement == NEEDS
    assert [ranked.agent for ranked in details.best] == ["best", "second"]
    assert details.parts.skill == pytest.approx(-0.7)
    assert details.best[0].index == pytest.approx(sum(details.parts.model_dump().values()), abs=1e-3)


async def test_who_declined_is_said_and_how_long_it_waited(floor: Floor) -> None:
    now = await floor.now()
    floor.travel(now)
    await floor.arrive("ana", skills={"lang.lv": 9}, capacity=2)
    opened = await floor.receive("t1", requirement=NEEDS)
    await floor.decline("ana", opened.subject)
    await offered(floor)
    floor.travel(now + 4_000)
    await floor.arrive("berk", skills={"lang.lv": 3})

    [details] = await offered(floor)

    assert (details.passed_over.declined, details.waited_ms) == (1, 4_000)


async def test_the_rules_that_decided_are_part_of_each_offer(floor: Floor) -> None:
    await floor.arrive("ana", skills={"lang.lv": 9})
    await floor.receive("t1", requirement=NEEDS, rules="a1b2c3d4e5f6:latvian,vip")

    assert [details.rules for details in await offered(floor)] == ["a1b2c3d4e5f6:latvian,vip"]


async def test_a_transfer_to_a_person_is_given_and_not_compared(floor: Floor) -> None:
    await floor.arrive("ana", skills={"lang.lv": 9})
    await floor.arrive("berk")
    name = await floor.owned("ana", "t1", requirement=NEEDS)
    await offered(floor)
    moved = await moves.transfer_to_agent(
        floor.board, operation=new_id(), agent="ana", conversation=name, to="berk", body=b"{}"
    )
    assert moved.ok

    [details] = await offered(floor)

    assert details.parts is None
    assert details.passed_over.skill == 1


async def test_a_decision_stays_small_with_many_agents_and_long_names(floor: Floor) -> None:
    skills = {f"group{n}.some-skill-with-a-name": 3 for n in range(8)}
    wanted = requirement_id("support", "sms", 1, skills, prefers={"vip": 9}, policy=PRESETS["least-loaded"])
    for n in range(12):
        await floor.arrive(f"{n:02}" + "a" * 34, skills=skills)
    await floor.events()

    await floor.receive("t1", requirement=wanted, rules="a1b2c3d4e5f6:" + ",".join(f"rule-{n}" for n in range(60)))

    [event] = [e for e in await floor.events() if b"offered" in e.record.headers[0][1]]
    details = orjson.loads(event.record.value)["data"]["details"]
    assert len(details["best"]) == 6
    assert len(orjson.dumps(details)) <= 2_048


async def test_counts_follow_who_comes_changes_and_goes(floor: Floor) -> None:
    await floor.receive("t0", requirement=NEEDS)
    await floor.arrive("ana", skills={"lang.lv": 9})
    await floor.arrive("berk", skills={"lang.lv": 1})
    later = Profile(agent="berk", name="berk", version=2, capacity=1, skills={"lang.lv": 4}, queues=("*",))
    await moves.set_profile(floor.board, operation=new_id(), profile=later)
    await offered(floor)
    await floor.receive("t1", requirement=NEEDS)
    [details] = await offered(floor)
    assert (details.present, details.passed_over.level, details.passed_over.room) == (2, 0, 1)

    await floor.tick(at_ms=await floor.now() + 46_000)

    counted = await floor.board.client.hgetall(f"{floor.board.keys.under(floor.board.generation)}n:{NEEDS}")
    assert {int(number) for number in counted.values()} == {0}


async def test_who_comes_within_the_same_call_is_counted(floor: Floor) -> None:
    await together(
        floor.arrive("ana", skills={"lang.lv": 5}), floor.receive("t1", requirement=NEEDS),
        floor.arrive("berk", skills={"lang.lv": 5}), floor.arrive("cem", skills={"lang.lv": 5}),
        floor.receive("t2", requirement=NEEDS),
    )  # fmt: skip

    first, second = await offered(floor)

    assert (first.present, first.passed_over.room) == (1, 0)
    assert (second.present, second.passed_over.room) == (3, 1)


async def test_the_present_moment_says_of_every_agent_how_they_stand(floor: Floor) -> None:
    wider = requirement_id("support", "sms", 1, {"lang.lv": 1}, policy=PRESETS["best-skilled"])
    await floor.arrive("no-level", skills={"lang.lv": 2})
    await floor.arrive("away", skills={"lang.lv": 5}, presence=Presence.AWAY)
    opened = await floor.receive("t1", requirement=NEEDS, ladder=f"0>{NEEDS} 60000>{wider}")

    _, state, lines, *_ = await floor.board.call("stand", opened.subject, "no-level", "away", "gone")

    assert hash_of(state)["status"] == "queued"
    said = {line[0].decode(): [int(line[2]), *map(int, line[9:])] for line in lines}
    assert said == {"no-level": [2, 2, 3], "away": [3, 3, 3]}
