"""What nobody of the roster could ever take: on the supervisor's page, in the metric, told to who edits the roster."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import AsyncExitStack
from typing import Any

import pytest

from services.agents.reach import Reach
from services.agents.unroutable import reckon
from tests.integration.agents.rig import Person, desk, inner, somebody
from tests.integration.agents.test_agents_passing import done, owned
from trunkline import metrics
from trunkline.board import BoardClosed
from trunkline.testing.deployment import Deployment

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


async def waits_for(admin: Person, skill: str) -> dict[str, Any]:
    """The line of the floor for what asks for this skill."""
    async with asyncio.timeout(15):
        while True:
            _, floor = await admin.call("GET", "/api/v1/live")
            for queue in floor["queues"]:
                for need in queue["needs"]:
                    if skill in need["skills"] and need["waiting"]:
                        return {**need, "unroutable": queue["unroutable"]}
            await asyncio.sleep(0.05)


async def edited(admin: Person, person: Person, **fields: Any) -> dict[str, Any]:
    """The answer to an edit of the roster."""
    where = f"/api/v1/agents/{person.me['id']}"
    _, now = await admin.call("GET", where)
    status, told = await admin.call("PATCH", where, headers={"If-Match": str(now["version"])}, json=fields)
    assert status == 200, told
    return told


async def test_an_edit_that_strands_what_waits_is_made_and_warned_of_and_shown_until_it_is_mended(
    system: Deployment, admin: Person
) -> None:
    skill = "rare"  # no other test hires anybody who has it
    async with AsyncExitStack() as stack:
        ana = await stack.enter_async_context(somebody(system))
        expert = await stack.enter_async_context(somebody(system, hired=True, skills={skill: 5}))
        mine = await stack.enter_async_context(desk(ana))
        name = await owned(system, ana, mine)
        await done(ana, name, "transfer", to_skill=skill, level=5)

        before = await waits_for(admin, skill)
        assert (before["eligible"], before["roster_able"], before["roster_lacks"]) == (0, 1, {})
        renamed = await edited(admin, expert, name="Ilze")
        told = await edited(admin, expert, skills={skill: 4})
        after = await waits_for(admin, skill)

        assert renamed["strands"] == []
        assert told["skills"] == {skill: 4}
        assert told["strands"] == [{"queue": "support", "skills": {skill: 5}, "waiting": 1}]
        assert (after["roster_able"], after["roster_lacks"]) == (0, {skill: 5})
        assert after["unroutable"] >= 1

        async with inner(system) as it:
            reach, shown = Reach(it.repository), set[str]()
            with contextlib.suppress(BoardClosed):  # the first call of a process learns the board's generation
                await reckon(it.board, reach, shown)
            stuck = await reckon(it.board, reach, shown)
            assert metrics.UNROUTABLE.labels("support")._value.get() == stuck >= 1

            assert (await edited(admin, expert, skills={skill: 5}))["strands"] == []
            reach.forget()  # the edit was another process's: else it is seen in ten seconds
            assert await reckon(it.board, reach, shown) == stuck - 1
            assert metrics.UNROUTABLE.labels("support")._value.get() == stuck - 1

        assert (await edited(admin, expert, disabled=True))["strands"] != []
        assert (await waits_for(admin, skill))["roster_able"] == 0
        await done(admin, name, "assign", to_agent=ana.me["id"])
        await done(ana, name, "close", code="", note="")
