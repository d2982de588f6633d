"""What users of other routers complain about, one test each: it cannot happen here.

The complaints are collected from public issue trackers; each test says its own. Those of messages (twice, out of order,
in two conversations), of mail, of clients and of metrics are held elsewhere.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.integration.board.conftest import Floor
from trunkline.board import hash_of, moves
from trunkline.events import Presence, Profile
from trunkline.ids import new_id
from trunkline.index import PRESETS
from trunkline.requirements import Room, requirement_id

SECOND = 1_000
LATVIAN = requirement_id("support", "sms", 1, {"lang.lv": 3})


async def offered_to(floor: Floor, conversation: str) -> str:
    return (await floor.conversation(conversation))["offered_to"]


@pytest.mark.parametrize("change", ["closes", "arrives", "available", "learns", "more capacity", "serves the queue"])
async def test_waiting_work_is_not_picked_up_when_somebody_could_take_it(floor: Floor, change: str) -> None:
    """It is offered in the same step as the change, whatever the change was."""
    skills, queues, capacity = {"lang.lv": 5}, ("support",), 1
    held = ""
    if change == "learns":
        skills = {"lang.lv": 2}
    elif change == "serves the queue":
        queues = ("sales",)
    if change != "arrives":
        away = Presence.AWAY if change == "available" else Presence.AVAILABLE
        await floor.arrive("ana", skills=skills, queues=queues, presence=away)
    if change in ("closes", "more capacity"):
        held = await floor.owned("ana", "t0", requirement=LATVIAN)
    waiting = (await floor.receive("t1", requirement=LATVIAN)).subject
    assert await offered_to(floor, waiting) == ""

    if change == "closes":
        await floor.close("ana", held)
    elif change == "arrives":
        await floor.arrive("ana", skills=skills, queues=queues)
    elif change == "available":
        await moves.set_presence(
            floor.board, operation=new_id(), agent="ana", presence=Presence.AVAILABLE, reason=""
        )  # fmt: skip
    else:
        capacity = 2 if change == "more capacity" else 1
        profile = Profile(
            agent="ana", name="ana", version=2, capacity=capacity, skills={"lang.lv": 5}, queues=("support",)
        )
        await moves.set_profile(floor.board, operation=new_id(), profile=profile)

    assert await offered_to(floor, waiting) == "ana"


async def test_work_stays_with_or_returns_to_somebody_who_is_gone(floor: Floor) -> None:
    floor.travel(now := await floor.now())
    await floor.arrive("ana", lease_ms=10 * SECOND)
    name = await floor.owned("ana", "t1")
    queued_at = (await floor.conversation(name))["queued_at"]
    await floor.events()
    await floor.tick(at_ms=now + 11 * SECOND)
    await floor.tick(at_ms=now + 140 * SECOND)
    assert (await floor.conversation(name))["status"] == "queued"

    floor.travel(now + 141 * SECOND)
    await floor.arrive("berk")

    assert await offered_to(floor, name) == "berk"
    assert (await floor.conversation(name))["queued_at"] == queued_at, "with the age it had"


async def test_everything_is_pushed_at_once_without_a_limit(floor: Floor) -> None:
    await floor.arrive("ana", capacity=4)
    chat = requirement_id("support", "webchat", Room(1, most=2), {})
    names = [(await floor.receive(f"chat{n}", requirement=chat)).subject for n in range(5)]
    names += [(await floor.receive(f"sms{n}")).subject for n in range(5)]

    given = Counter([await offered_to(floor, name) for name in names])

    assert given == {"ana": 4, "": 6}
    assert int((await floor.agent("ana"))["in:webchat"]) == 2


@pytest.mark.parametrize("policy", ["round-robin", "longest-idle", "least-loaded", "index"])
async def test_round_robin_is_uneven(floor: Floor, policy: str) -> None:
    """Among equal agents and short work each policy gives everybody the same share, whoever finishes first."""
    floor.travel(now := await floor.now())
    needs = requirement_id("support", "sms", 1, {}, policy=PRESETS[policy])
    agents = ("ana", "berk", "cem", "dace")
    for agent in agents:
        await floor.arrive(agent, lease_ms=10**8)
    given: Counter[str] = Counter()
    for n in range(40):
        floor.travel(now + (n + 1) * SECOND)
        name = (await floor.receive(f"t{n}", requirement=needs)).subject
        agent = await offered_to(floor, name)
        given[agent] += 1
        await floor.accept(agent, name)
        await floor.close(agent, name)
        await floor.events()

    assert given == dict.fromkeys(agents, 10)


async def test_a_transfer_does_not_ask_for_the_skill(floor: Floor) -> None:
    await floor.arrive("ana")
    name = await floor.owned("ana", "t1")
    await floor.arrive("berk")
    await floor.arrive("dace", skills={"lang.lv": 4})

    moved = await moves.transfer_to_queue(
        floor.board, operation=new_id(), agent="ana", conversation=name, queue="support", requirement=LATVIAN, weight=1,
        limits="20000:60000:30000:86400000:3", body=b"{}",
    )  # fmt: skip

    assert moved.ok
    assert await offered_to(floor, name) == "dace"


async def test_a_second_device_turns_away_into_available(floor: Floor) -> None:
    await floor.arrive("ana", device="desktop")
    await moves.set_presence(floor.board, operation=new_id(), agent="ana", presence=Presence.AWAY, reason="lunch")

    answer = await floor.arrive("ana", device="phone")
    waiting = (await floor.receive("t1")).subject

    assert (await floor.agent("ana"))["presence"] == answer.version == "away"
    assert await offered_to(floor, waiting) == ""


async def test_an_old_device_that_goes_makes_the_other_one_offline(floor: Floor) -> None:
    floor.travel(now := await floor.now())
    await floor.arrive("ana", device="desktop", lease_ms=10 * SECOND)
    await floor.arrive("ana", device="phone", lease_ms=100 * SECOND)

    await floor.tick(at_ms=now + 11 * SECOND)

    assert (await floor.agent("ana"))["presence"] == "available"


async def test_limits_are_miscounted_after_declines_misses_and_transfers(floor: Floor) -> None:
    floor.travel(now := await floor.now())
    await floor.arrive("ana", capacity=2, lease_ms=10**8)
    first = (await floor.receive("t1")).subject
    await floor.decline("ana", first)
    second = (await floor.receive("t2")).subject
    await floor.events()
    await floor.tick(at_ms=now + 21 * SECOND)  # missed, and offered again
    third = await floor.owned("ana", "t3")
    await floor.arrive("berk", capacity=1, lease_ms=10**8)
    await moves.transfer_to_agent(
        floor.board, operation=new_id(), agent="ana", conversation=third, to="berk", body=b"{}"
    )  # fmt: skip
    await floor.decline("berk", third)

    held = (await floor.board.call("holding", "ana"))[1]

    assert int((await floor.agent("ana"))["load"]) == len(held) == 2
    assert (await floor.conversation(third))["owner"] == "ana"
    assert second in {hash_of(flat)["id"] for flat in held}


async def test_a_transfer_to_a_full_queue_fails_or_leaves_the_old_agent_in(floor: Floor) -> None:
    await floor.arrive("ana", queues=("support",))
    await floor.arrive("berk", queues=("sales",))
    sales = requirement_id("sales", "sms", 1, {})
    await floor.owned("berk", "busy", requirement=sales)
    name = await floor.owned("ana", "t1")

    moved = await moves.transfer_to_queue(
        floor.board, operation=new_id(), agent="ana", conversation=name, queue="sales", requirement=sales, weight=1,
        limits="20000:60000:30000:86400000:3", body=b"{}",
    )  # fmt: skip

    state = await floor.conversation(name)
    assert moved.ok
    assert (state["status"], state["queue"], state["owner"]) == ("queued", "sales", "")
    assert (await floor.agent("ana"))["load"] == "0"


async def test_it_is_assigned_to_somebody_without_the_right_to_answer(floor: Floor) -> None:
    await floor.arrive("ana", queues=("sales",), skills={"lang.lv": 9})

    name = (await floor.receive("t1", requirement=LATVIAN)).subject

    assert await offered_to(floor, name) == ""
