"""Room that another's move gives back: who was offered a transfer is given the next work when it is taken back."""

from __future__ import annotations

from tests.integration.board.conftest import LIMITS, Floor
from trunkline.board import moves
from trunkline.ids import new_id
from trunkline.requirements import requirement_id
from trunkline.testing.audit import audit


async def _offered_by_a_sender(floor: Floor) -> tuple[str, str]:
    """What ana owns and offers to berk, and what waits for berk alone."""
    await floor.arrive("ana")
    conversation = await floor.owned("ana", "sms-main|tel:+1")
    await floor.arrive("berk", skills={"vip": 5})
    passed = await moves.transfer_to_agent(
        floor.board, operation=new_id(), agent="ana", conversation=conversation, to="berk", body=b"{}"
    )
    assert passed.ok, passed
    waiting = (await floor.receive("sms-main|tel:+2", skills={"vip": 3})).subject
    assert (await floor.conversation(waiting))["status"] == "queued"
    return conversation, waiting


async def _given_to_berk(floor: Floor, waiting: str) -> None:
    assert (await floor.conversation(waiting))["offered_to"] == "berk"
    assert await audit(floor.board.client, floor.board.keys.under(floor.board.generation)) == []


async def test_the_sender_closes_it(floor: Floor) -> None:
    conversation, waiting = await _offered_by_a_sender(floor)

    assert (await floor.close("ana", conversation)).ok

    await _given_to_berk(floor, waiting)


async def test_the_sender_passes_it_to_a_queue_instead(floor: Floor) -> None:
    conversation, waiting = await _offered_by_a_sender(floor)

    passed = await moves.transfer_to_queue(
        floor.board, operation=new_id(), agent="ana", conversation=conversation, queue="sales",
        requirement=requirement_id("sales", "sms", 1, {"nobody": 9}), weight=1, limits=LIMITS, body=b"{}",
    )  # fmt: skip

    assert passed.ok, passed
    await _given_to_berk(floor, waiting)
