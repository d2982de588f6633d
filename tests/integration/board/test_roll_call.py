"""Desks are called to a new board, and one whose arrival breaks keeps nobody else from it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from structlog.testing import capture_logs

from services.agents.presence import Attendance, Times
from services.agents.repository import Agent
from services.agents.repository.roster import Role
from services.agents.roll import Roll
from tests.integration.board.conftest import Floor
from trunkline.board.colleagues import present


def _attendance(floor: Floor, agent: str) -> Attendance:
    now = datetime.now(UTC)
    person = Agent(id=agent, login=agent, name=agent, role=Role.AGENT, version=1, created_at=now, updated_at=now)
    return Attendance(floor.board, person, f"device-of-{agent}", Times())


async def _until_here(floor: Floor, *agents: str) -> None:
    async with asyncio.timeout(10):
        while not set(agents) <= set(await present(floor.board)):
            await asyncio.sleep(0.02)


async def test_a_broken_arrival_ends_neither_the_roll_nor_the_arrival_of_the_others(floor: Floor) -> None:
    roll, looks = Roll(floor.board), asyncio.Event()
    read_generation = floor.board.read_generation

    async def looked() -> str:
        found = await read_generation()
        looks.set()
        return found

    floor.board.read_generation = looked  # type: ignore[method-assign]  # to know that the first board was seen
    for agent in ("ana", "bo", "cy"):
        roll.join(_attendance(floor, agent))
    with capture_logs() as logs:
        calling = asyncio.create_task(roll.run())
        await asyncio.wait_for(looks.wait(), 10)
        for generation in ("2-b", "3-c"):
            await floor.board.client.delete(floor.board.keys.generation)
            broken = f"{floor.board.keys.under(generation)}a:bo"
            await floor.board.client.set(broken, "no hash: every move that reads this agent breaks")
            await floor.open(generation)
            await _until_here(floor, "ana", "cy")
        assert not calling.done()
        calling.cancel()

    failed = [each for each in logs if each["event"] == "roll_call_failed"]
    assert [(each["agent"], each["generation"]) for each in failed] == [("bo", "2-b"), ("bo", "3-c")]
