"""Clocks through a real router: it tells the board their calendars, also one that lost them, and counts their ends."""

from __future__ import annotations

import asyncio
from typing import Any

from prometheus_client import REGISTRY

from tests.integration.router.rig import Router, World, arrive
from trunkline.board import moves
from trunkline.ids import new_id

THREAD = "sms-main|tel:+5"


def ended(clock: str, outcome: str) -> float:
    labels = {"queue": "promised", "clock": clock, "outcome": outcome}
    return REGISTRY.get_sample_value("trunkline_clocks_total", labels) or 0.0


async def promised(world: World, thread: str = THREAD) -> dict[str, Any]:
    """The state of a conversation that was promised something."""
    await world.until_told({await world.write(thread, "at once")})
    (state,) = (one for one in (await world.folded()).values() if one["thread"] == thread)
    return state


async def forget_hours(router: Router) -> None:
    board = router.board
    assert await board.client.delete(board.keys.calendars, board.keys.hours("always"), board.keys.open("always")) == 3


async def test_clocks_are_reckoned_from_the_first_message_on_and_on_a_rebuilt_board(world: World) -> None:
    async with world.router("router-0") as router:
        await router.verified()
        state = await promised(world)
        assert state["first_reply_by"] - state["opened_at"] == 60_000
        assert state["due"] == state["first_reply_by"], "sooner than its target"
        assert state["resolve_by"] - state["opened_at"] == 3_600_000

        await world.wipe()
        again = await promised(world, "sms-main|tel:+6")
        assert again["first_reply_by"] - again["opened_at"] == 60_000


async def test_a_calendar_the_board_lost_is_told_again_before_the_message_is_applied(world: World) -> None:
    async with world.router("router-0") as router:
        await router.verified()
        await forget_hours(router)

        state = await promised(world)

        assert state["first_reply_by"] - state["opened_at"] == 60_000


async def test_each_clock_that_ends_is_counted_once(world: World) -> None:
    before = {clock: ended(clock, "met") for clock in ("first_reply", "resolution")}
    async with world.router("router-0") as router, world.board() as board:
        await router.verified()
        board.generation = router.board.generation
        await arrive(board, "ana")
        state = await promised(world)
        who: dict[str, str] = {"agent": "ana", "conversation": state["id"]}
        assert (await moves.accept(board, operation=new_id(), fence=1, **who)).ok

        for _ in range(2):
            assert (await moves.reply(board, operation=new_id(), body=b'{"message":{}}', **who)).ok
        assert (await moves.close(board, operation=new_id(), body=b'{"code":"","note":""}', **who)).ok
        async with asyncio.timeout(20):
            while (await world.folded())[state["id"]]["status"] != "closed":
                await asyncio.sleep(0.02)

    assert {clock: ended(clock, "met") - before[clock] for clock in before} == {"first_reply": 1, "resolution": 1}
