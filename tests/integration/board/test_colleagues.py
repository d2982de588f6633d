"""Who is there, as people who pass work on see it."""

from __future__ import annotations

import pytest

from tests.integration.board.conftest import Floor
from trunkline.board import BoardClosed, moves
from trunkline.board.colleagues import Standing, present, standings
from trunkline.events import Presence
from trunkline.ids import new_id


async def test_room_and_presence_are_those_of_this_moment_and_who_left_is_not_there(floor: Floor) -> None:
    start = await floor.now()
    floor.travel(start)
    await floor.arrive("ana", capacity=3)
    await floor.arrive("bo", capacity=2, lease_ms=45_000)
    await floor.arrive("cy", capacity=1, lease_ms=90_000)
    await moves.set_presence(floor.board, operation=new_id(), agent="cy", presence=Presence.AWAY, reason="lunch")
    held = await floor.receive("sms|+1", weight=2)
    owner = (await floor.conversation(held.subject))["offered_to"]

    assert await present(floor.board) == {"ana", "bo", "cy"}
    found = await standings(floor.board, ["ana", "bo", "cy", "nobody"])
    assert found["cy"] == Standing(Presence.AWAY, "lunch", 1)
    assert {name: how.room for name, how in found.items()} == {"ana": 3, "bo": 2, "cy": 1} | {
        owner: {"ana": 1, "bo": 0}[owner]
    }

    await floor.tick(start + 45_001)  # the leases of ana and bo end; cy's does not
    assert await present(floor.board) == {"cy"}
    assert set(await standings(floor.board, ["ana", "bo", "cy"])) == {"cy"}


async def test_who_holds_more_than_a_lowered_capacity_has_no_room(floor: Floor) -> None:
    await floor.arrive("ana", capacity=2)
    await floor.owned("ana", "sms|+1", weight=2)

    await floor.arrive("ana", capacity=1, version=2)

    assert (await standings(floor.board, ["ana"]))["ana"].room == 0


async def test_nothing_is_said_of_a_board_that_is_not_verified(floor: Floor) -> None:
    await floor.board.client.delete(floor.board.keys.gate)

    with pytest.raises(BoardClosed):
        await present(floor.board)


async def test_no_id_can_part_the_fields_of_a_call(floor: Floor) -> None:
    with pytest.raises(ValueError, match="not an id"):
        await standings(floor.board, ["ana\nbo"])
