"""What comes back: reopened for its last agent first, new after that; and escalated with its reason and age."""

from __future__ import annotations

import orjson
import pytest

from tests.integration.board.conftest import LIMITS, Floor, short
from trunkline.board import moves
from trunkline.events import Presence
from trunkline.ids import new_id
from trunkline.requirements import requirement_id

LEASE = 7 * 86_400_000
DAY = 86_400_000  # LIMITS lets what was closed be reopened so long


async def closed_by_ana(floor: Floor) -> str:
    """A conversation that Ana had last; Berk has waited for work for longer than she."""
    floor.travel(now := await floor.now())
    await floor.arrive("berk", lease_ms=LEASE, presence=Presence.AWAY)
    floor.travel(now + 1_000)
    await floor.arrive("ana", lease_ms=LEASE)
    name = await floor.owned("ana", "sms|+1")
    await floor.close("ana", name)
    await moves.set_presence(floor.board, operation=new_id(), agent="berk", presence=Presence.AVAILABLE)
    return name


async def test_what_is_reopened_goes_to_its_last_agent_first(floor: Floor) -> None:
    name = await closed_by_ana(floor)

    again = await floor.receive("sms|+1")

    assert (again.subject, (await floor.conversation(name))["offered_to"]) == (name, "ana")


async def test_who_has_no_room_is_not_waited_for(floor: Floor) -> None:
    name = await closed_by_ana(floor)
    busy = (await floor.receive("sms|+2")).subject
    assert (await floor.conversation(busy))["offered_to"] == "berk", "has waited for longest"
    busier = (await floor.receive("sms|+3")).subject
    assert (await floor.conversation(busier))["offered_to"] == "ana"
    await floor.accept("berk", busy)
    await floor.close("berk", busy)

    await floor.receive("sms|+1")

    assert (await floor.conversation(name))["offered_to"] == "berk"


async def test_after_that_it_is_a_new_conversation_and_goes_to_who_is_first(floor: Floor) -> None:
    name = await closed_by_ana(floor)
    floor.travel(int((await floor.conversation(name))["closed_at"]) + DAY + 1)

    again = await floor.receive("sms|+1")

    assert again.subject != name
    assert (await floor.conversation(again.subject))["offered_to"] == "berk"


@pytest.mark.parametrize("to", ["senior", "specialist", "supervisor"])
async def test_an_escalation_is_one_move_and_keeps_its_reason_and_age(floor: Floor, to: str) -> None:
    floor.travel(now := await floor.now())
    await floor.arrive("ana", lease_ms=LEASE)
    name = await floor.owned("ana", "sms|+1")
    before = await floor.conversation(name)
    needs = {
        "senior": requirement_id("support", "sms", 1, {"senior": 3}),
        "specialist": requirement_id("billing", "sms", 1, {"refunds": 5}),
        "supervisor": requirement_id("role.supervisor", "sms", 1, {}),
    }[to]
    await floor.events()
    floor.travel(now + 30_000)

    answer = await moves.transfer_to_queue(
        floor.board, operation=new_id(), agent="ana", conversation=name, queue="support", requirement=needs, weight=1,
        limits=LIMITS, body=b'{"sender":"ana","to_queue":"support","note":"third complaint","escalation":true}',
        reason="escalation",
    )  # fmt: skip

    assert answer.ok
    (entry,) = await floor.events()
    data = orjson.loads(entry.record.value)["data"]
    assert (short(entry), data["details"]["escalation"], data["details"]["note"]) == (
        "conversation.transferred", True, "third complaint",
    )  # fmt: skip
    waits = await floor.conversation(name)
    assert (waits["status"], waits["reason"], waits["owner"]) == ("queued", "escalation", "")
    assert [waits[at] for at in ("queued_at", "due")] == [before[at] for at in ("queued_at", "due")]
    await floor.arrive(
        "sue", skills={"senior": 4, "refunds": 6}, queues=("support", "billing", "role.supervisor"), lease_ms=LEASE
    )
    assert (await floor.conversation(name))["offered_to"] == "sue"
