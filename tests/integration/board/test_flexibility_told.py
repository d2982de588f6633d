"""The floor as it is gives each agent's flexibility, and the board is told."""

from __future__ import annotations

import pytest

from services.router.flexibility import reckon
from tests.integration.board.conftest import Floor
from trunkline.flexibility import Loads


async def test_what_is_at_work_and_what_waits_make_the_flexibility_of_who_could_do_it(floor: Floor) -> None:
    await floor.arrive("ana", skills={"lang.tr": 5})
    await floor.arrive("berk", skills={"lang.tr": 5, "lang.lv": 5})
    await floor.owned("ana", "t1", skills={"lang.tr": 3})
    await floor.owned("berk", "t2", skills={"lang.lv": 3})
    await floor.receive("t3", skills={"lang.lv": 3})

    told = await reckon(floor.board, Loads(), after_s=60)

    assert told == 2
    assert float((await floor.agent("ana"))["flexibility"]) == pytest.approx(1 / 2)
    assert float((await floor.agent("berk"))["flexibility"]) == pytest.approx(1 / 2 + 2 / 1)


async def test_reckoned_again_with_nothing_new_the_board_is_told_nothing(floor: Floor) -> None:
    loads = Loads()
    await floor.arrive("ana", skills={"lang.tr": 5})
    await floor.owned("ana", "t1", skills={"lang.tr": 3})
    await reckon(floor.board, loads, after_s=60)

    assert await reckon(floor.board, loads, after_s=60) == 0


async def test_an_agent_who_left_meanwhile_is_not_brought_back(floor: Floor) -> None:
    await floor.arrive("ana")
    await floor.tick(at_ms=await floor.now() + 60_000)

    await floor.board.call("flex", "ana", "1.0")

    assert await floor.agent("ana") == {}
