"""Which agent is taken first: the queue's policy, and the same index on the board as in Python."""

from __future__ import annotations

import pytest

from tests.integration.board.conftest import Floor
from trunkline.index import PRESETS, Candidate, Policy, index, policy_of, proficiency
from trunkline.requirements import (
    policy_of_requirement,
    prefers_of,
    requirement_id,
    skills_of,
)  # fmt: skip

SECOND, MINUTE = 1_000, 60_000
NOON = 1_767_268_800_000


def needs(name: str = "index", *, prefers: dict[str, int] | None = None, **skills: int) -> str:
    """A requirement set of this policy."""
    return requirement_id("support", "sms", 1, skills, prefers=prefers or {}, policy=PRESETS[name])


async def chosen(floor: Floor, thread: str, requirement: str) -> str:
    """Who is offered a new conversation that requires this."""
    opened = await floor.receive(thread, requirement=requirement)
    return (await floor.conversation(opened.subject))["offered_to"]


async def test_longest_idle_takes_who_gave_back_work_before_the_others(floor: Floor) -> None:
    floor.travel(NOON)
    await floor.arrive("ana", capacity=2)
    busy = await floor.owned("ana", "t1", requirement=needs("longest-idle"))
    floor.travel(NOON + SECOND)
    await floor.arrive("berk", capacity=2)
    floor.travel(NOON + 2 * SECOND)
    await floor.close("ana", busy)  # gave back work last, was given it first

    assert await chosen(floor, "t2", needs("longest-idle")) == "berk"


async def test_round_robin_takes_who_was_given_work_before_the_others(floor: Floor) -> None:
    floor.travel(NOON)
    await floor.arrive("ana", capacity=2)
    busy = await floor.owned("ana", "t1", requirement=needs("round-robin"))
    floor.travel(NOON + SECOND)
    await floor.arrive("berk", capacity=2)
    floor.travel(NOON + 2 * SECOND)
    await floor.close("ana", busy)

    assert await chosen(floor, "t2", needs("round-robin")) == "ana"


async def test_least_loaded_takes_the_smaller_share_of_capacity(floor: Floor) -> None:
    floor.travel(NOON)
    await floor.arrive("ana", capacity=2)
    first = await chosen(floor, "t1", needs("least-loaded"))
    floor.travel(NOON + SECOND)
    await floor.arrive("berk", capacity=10)
    second = await chosen(floor, "t2", needs("least-loaded"))
    third = await chosen(floor, "t3", needs("least-loaded"))

    assert [first, second, third] == ["ana", "berk", "berk"]


async def test_best_skilled_takes_the_higher_level_however_long_others_wait(floor: Floor) -> None:
    floor.travel(NOON)
    await floor.arrive("ana", skills={"vip": 4})
    floor.travel(NOON + 60 * MINUTE)
    await floor.arrive("berk", skills={"vip": 5})

    assert await chosen(floor, "t1", needs("best-skilled", vip=3)) == "berk"


async def test_a_preferred_skill_is_no_condition_but_makes_the_better_agent(floor: Floor) -> None:
    floor.travel(NOON)
    await floor.arrive("ana", skills={"vip": 5})
    await floor.arrive("berk", skills={"vip": 5, "golf": 8})
    wanted = needs("best-skilled", vip=3, prefers={"golf": 1})

    assert await chosen(floor, "t1", wanted) == "berk"
    assert await chosen(floor, "t2", wanted) == "ana"


async def test_the_index_keeps_the_generalist_for_other_work(floor: Floor) -> None:
    floor.travel(NOON)
    await floor.arrive("ana", skills={"vip": 5})
    await floor.arrive("berk", skills={"vip": 5})
    await floor.board.call("flex", "ana", "1.5", "berk", "0.5")

    assert await chosen(floor, "t1", needs(vip=3)) == "berk"


async def test_flexibility_told_later_reorders_who_is_free_already(floor: Floor) -> None:
    floor.travel(NOON)
    opened = await floor.receive("t0", requirement=needs(vip=3))
    await floor.arrive("ana", skills={"vip": 5}, capacity=2)
    assert (await floor.conversation(opened.subject))["offered_to"] == "ana"
    await floor.arrive("berk", skills={"vip": 5}, capacity=2)
    await floor.board.call("flex", "berk", "9")

    assert await chosen(floor, "t1", needs(vip=3)) == "ana"


@pytest.mark.parametrize("name", PRESETS)
async def test_the_board_reckons_what_python_does(floor: Floor, name: str) -> None:
    wanted = needs(name, prefers={"golf": 2}, vip=1)
    levels = {"ana": {"vip": 3, "golf": 7}, "berk": {"vip": 9}, "cem": {"vip": 4, "golf": 1}}
    for number, (agent, skills) in enumerate(levels.items()):
        floor.travel(NOON + number * 321)
        await floor.arrive(agent, skills=skills, capacity=3)
    await floor.board.call("flex", "ana", "0.3333", "berk", "1.25")
    floor.travel(NOON + 2_001)
    await floor.owned("berk", "t1", requirement=requirement_id("support", "sms", 1, {"vip": 9}))
    floor.travel(NOON + 3_000)
    await floor.receive("t2", requirement=wanted)

    for agent, skills in levels.items():
        kept = await floor.agent(agent)
        standing = Candidate(
            load=int(kept["load"]), capacity=int(kept["capacity"]), idle_since=int(kept["idle_since"]),
            assigned_at=int(kept["assigned_at"]), flexibility=float(kept.get("flexibility", 0)),
        )  # fmt: skip
        skilled = proficiency(skills, {"vip": 1}, {"golf": 2})
        assert await floor.rank(agent, wanted) == index(PRESETS[name], standing, skilled), agent


@pytest.mark.parametrize(("earlier_s", "first"), [(119, "suits"), (121, "older")])
async def test_who_becomes_free_takes_what_suits_a_little_before_its_time(
    floor: Floor, earlier_s: int, first: str
) -> None:
    fit = Policy(fit=4)  # minutes at full proficiency: level 8 against level 3 is 0.5 of it, two minutes
    older, suits = (requirement_id("support", "sms", 1, {skill: 1}, policy=fit) for skill in ("golf", "vip"))
    floor.travel(NOON)
    waits = {"older": await floor.receive("t1", requirement=older)}
    floor.travel(NOON + earlier_s * SECOND)
    waits["suits"] = await floor.receive("t2", requirement=suits)

    await floor.arrive("ana", skills={"golf": 3, "vip": 8})

    held = {name: (await floor.conversation(one.subject))["offered_to"] for name, one in waits.items()}
    assert held == {"older": "", "suits": ""} | {first: "ana"}


async def test_of_equal_due_time_the_lower_id_is_served_first(floor: Floor) -> None:
    floor.travel(NOON)
    waiting = [await floor.receive(f"t{n}", requirement=needs(vip=1 + n % 3)) for n in range(12)]
    for n in range(12):
        await floor.arrive(f"agent{n:02}", skills={"vip": 9})
        held = await floor.agent(f"agent{n:02}")
        assert held["load"] == "1"
    offered = [(await floor.conversation(one.subject))["offered_to"] for one in waiting]

    assert [agent for _, agent in sorted(zip([one.subject for one in waiting], offered, strict=True))] == sorted(
        offered
    )


async def test_a_requirement_set_that_nothing_needs_is_let_go_and_comes_back(floor: Floor) -> None:
    floor.travel(NOON)
    await floor.arrive("ana", skills={"vip": 5}, lease_ms=10**9)
    await floor.owned("ana", "t1", requirement=needs(vip=3))
    waiting = await floor.receive("t2", requirement=needs(vip=4))
    floor.travel(NOON + 61 * MINUTE)
    for _ in range(2):
        await floor.board.call("sweep", "0", str(floor.terms[0]))

    assert await floor.requirements() == [needs(vip=4)], "what waits is kept, what nobody needs is not"
    assert await floor.satisfied("ana") == [needs(vip=4)]
    await floor.arrive("berk", skills={"vip": 3}, lease_ms=10**9)
    assert await chosen(floor, "t3", needs(vip=3)) == "berk"
    assert (await floor.conversation(waiting.subject))["status"] == "queued"


async def test_a_board_of_another_layout_is_stale(floor: Floor) -> None:
    info = await floor.board.client.info("replication")
    layout = f"{floor.board.keys.under(floor.board.generation)}layout"
    await floor.board.client.set(layout, "1")

    answer = await floor.board.submit("verify", "0", "1", floor.relayed[0], info["master_replid"], "2")

    assert answer == [b"lost"]


async def test_a_gate_opened_by_another_version_is_shut(floor: Floor) -> None:
    gate = (await floor.board.client.get(floor.board.keys.gate)).decode()
    generation, _, replication = gate.split("|")
    await floor.board.client.set(floor.board.keys.gate, f"{generation}|{replication}")

    assert (await floor.board.submit("present"))[0] == b"closed"
    assert not await floor.board.is_open()


def test_a_requirement_set_says_what_it_prefers_and_by_which_policy() -> None:
    own = Policy(skill=1.5, turn=0.25)
    text = requirement_id("support", "sms", 2, {"vip": 3}, prefers={"golf": 4}, policy=own)

    assert text == "support|sms|2|vip:3|golf:4|1.5:0:0:0:0.25:0"
    assert (skills_of(text), prefers_of(text), policy_of_requirement(text)) == ({"vip": 3}, {"golf": 4}, own)


def test_a_policy_named_before_fit_was_there_is_read() -> None:
    assert policy_of("1.5:0:0:0:0.25") == Policy(skill=1.5, turn=0.25)


@pytest.mark.parametrize("name", PRESETS)
def test_every_policy_survives_being_part_of_a_name(name: str) -> None:
    text = requirement_id("support", "sms", 1, {}, policy=PRESETS[name])

    assert policy_of_requirement(text) == PRESETS[name] == policy_of(PRESETS[name].weights)
    assert text == ("support|sms|1|" if name == "index" else f"support|sms|1|||{PRESETS[name].text}")
