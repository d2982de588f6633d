"""Who had the contact last is asked alone at first, but only as long as they are there."""

from __future__ import annotations

import pytest

from tests.integration.board.conftest import Floor
from trunkline.board import moves
from trunkline.events import Presence
from trunkline.ids import new_id
from trunkline.requirements import ONLY, SUPERVISORS, requirement_id

ALONE = requirement_id("support", "sms", 1, {ONLY + "ana": 1, "vip": 2})
ANYBODY = requirement_id("support", "sms", 1, {"vip": 2})
WIDER = requirement_id("support", "sms", 1, {}, also=[SUPERVISORS])
LADDER = f"0>{ALONE} 30000>{ANYBODY} 90000>{WIDER}"


async def waits(floor: Floor, thread: str = "t1") -> str:
    return (await floor.receive(thread, requirement=ALONE, ladder=LADDER)).subject


async def where(floor: Floor, name: str) -> tuple[str, str]:
    """Whom it is offered to, and what it asks for."""
    c = await floor.conversation(name)
    return c["offered_to"], c["requirement"]


async def ana_is_busy(floor: Floor) -> str:
    """Ana, with the skill and one conversation, and berk, idle, with the skill as well."""
    await floor.arrive("ana", skills={"vip": 3})
    held = await floor.owned("ana", "busy")
    await floor.arrive("berk", skills={"vip": 9})
    return held


async def test_it_waits_for_the_last_agent_though_another_is_free(floor: Floor) -> None:
    held = await ana_is_busy(floor)
    name = await waits(floor)
    assert await where(floor, name) == ("", ALONE)

    await floor.close("ana", held)

    assert await where(floor, name) == ("ana", ALONE)


async def test_when_the_time_is_over_anybody_will_do_and_the_next_step_is_where_it_was(floor: Floor) -> None:
    await ana_is_busy(floor)
    floor.travel(now := await floor.now())
    name = await waits(floor)

    await floor.tick(at_ms=now + 30_000)

    assert await where(floor, name) == ("berk", ANYBODY)
    assert int((await floor.conversation(name))["widen_at"]) == now + 90_000


async def test_nobody_waits_for_who_is_not_there(floor: Floor) -> None:
    await floor.arrive("berk", skills={"vip": 9})
    floor.travel(now := await floor.now())

    name = await waits(floor)

    assert await where(floor, name) == ("berk", ANYBODY)
    assert int((await floor.conversation(name))["widen_at"]) == now + 90_000, "the steps count from the same time"


@pytest.mark.parametrize("how", ["away", "gone"])
async def test_who_leaves_meanwhile_is_waited_for_no_more(floor: Floor, how: str) -> None:
    await ana_is_busy(floor)
    floor.travel(now := await floor.now())
    name = await waits(floor)
    if how == "away":
        await moves.set_presence(floor.board, operation=new_id(), agent="ana", presence=Presence.AWAY, reason="")
    else:
        await floor.arrive("berk", skills={"vip": 9}, lease_ms=300_000)
        await floor.events()
        await floor.tick(at_ms=now + 29_999)
        assert await where(floor, name) == ("", ALONE), "not before ana is gone"
        await floor.board.call("leave", "ana", "d1", "1")
        await floor.tick(at_ms=now + 2)
    assert await where(floor, name) == ("berk", ANYBODY)


async def test_a_supervisor_will_do_from_the_step_that_says_so(floor: Floor) -> None:
    await floor.arrive("sue", queues=("sales", SUPERVISORS), lease_ms=300_000)
    floor.travel(now := await floor.now())
    name = await waits(floor)
    assert await where(floor, name) == ("", ANYBODY)

    await floor.tick(at_ms=now + 90_000)

    assert await where(floor, name) == ("sue", WIDER)
