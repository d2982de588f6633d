"""What was promised and is over: the Live page names it, and "why?" says by which promise it is due."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.integration.agents.rig import desk, somebody
from tests.integration.agents.test_agents_explain import until
from tests.integration.agents.test_agents_passing import done, owned
from trunkline.testing.deployment import Deployment

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


async def test_a_promise_that_is_over_is_on_the_live_page_and_says_why_it_is_due(system: Deployment) -> None:
    async with AsyncExitStack() as stack:
        ana = await stack.enter_async_context(somebody(system))
        sue = await stack.enter_async_context(somebody(system, role="supervisor", queues=("none",)))
        name = await owned(system, ana, await stack.enter_async_context(desk(ana)))
        await done(ana, name, "transfer", to_queue="promised")

        async def late() -> Any:
            _, told = await sue.call("GET", "/api/v1/live")
            return next((one for one in told["late"]["first"] if one["conversation"] == name), None)

        async with asyncio.timeout(15):
            while not (found := await late()):
                await asyncio.sleep(0.1)
        assert (found["queue"], found["owner"], found["clock"]) == ("promised", "", "first_reply")
        told = await until(sue, name, lambda it: it["now"] is not None)
        assert told["now"]["due_by"] == "first_reply"
        assert told["now"]["due_in_s"] < 0


async def test_a_desk_is_told_when_a_calendar_is_open_so_that_it_can_count_open_hours(system: Deployment) -> None:
    async with somebody(system) as ana:
        status, told = await ana.call("GET", "/api/v1/calendars/noons/open")
        missing, _ = await ana.call("GET", "/api/v1/calendars/nights/open")

    hour = 3_600_000
    assert (status, missing) == (200, 404)
    assert 16 <= len(told["spans"]) <= 19, "two noons a week, sixty days"
    assert {one["ends"] - one["begins"] for one in told["spans"][1:]} == {hour}
    assert told["spans"][-1]["ends"] <= told["until"]
