"""Draining on real processes: who may say so, who is told, what the floor's page and an explanation say of it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.integration.agents.rig import Person, desk, somebody
from tests.integration.agents.test_agents_explain import until
from tests.integration.agents.test_agents_passing import done, owned
from trunkline.ids import new_id
from trunkline.testing.deployment import Deployment

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


async def drain(person: Person, agent: str, *, draining: bool = True) -> tuple[int, str]:
    """Status and code."""
    path = f"/api/v1/agents/{agent}/draining"
    status, told = await person.call("PUT", path, key=new_id(), json={"draining": draining})
    return status, told.get("code", "")


async def test_a_supervisor_drains_an_agent_who_keeps_what_they_have_and_is_told(system: Deployment) -> None:
    async with AsyncExitStack() as stack:
        ana = await stack.enter_async_context(somebody(system, capacity=2))
        sue = await stack.enter_async_context(somebody(system, role="supervisor", queues=("none",)))
        mine = await stack.enter_async_context(desk(ana))
        assert mine.welcome["draining"] is False
        name = await owned(system, ana, mine)

        assert await drain(ana, sue.me["id"]) == (409, "not-allowed")
        assert await drain(sue, ana.me["id"]) == (200, "")

        async with desk(ana) as further:
            assert further.welcome["draining"] is True
            assert further.welcome["presence"] == "available"
        _, live = await sue.call("GET", "/api/v1/live")
        [seen] = [one for one in live["agents"] if one["id"] == ana.me["id"]]
        assert (seen["presence"], seen["draining"], seen["ramp_until"]) == ("available", True, None)
        _, known = await sue.call("GET", "/api/v1/colleagues")
        assert [one["room"] for one in known["items"] if one["id"] == ana.me["id"]] == [False]

        await done(ana, name, "transfer", to_queue="support")
        told = await until(sue, name, lambda it: it["now"])
        [stands] = [one for one in told["now"]["agents"] if one["agent"] == ana.me["id"]]
        assert stands["reason"] == "draining"
        assert told["now"]["passed_over"]["draining"] == 1
        await done(sue, name, "assign", to_agent=ana.me["id"])
        await done(ana, name, "close", code="", note="")


async def test_an_agent_drains_and_takes_work_again_by_the_socket(system: Deployment) -> None:
    async with somebody(system, capacity=2) as ana, desk(ana) as mine:
        for draining in (True, False):
            operation = new_id()
            await mine.say(type="action", id=operation, verb="drain", draining=draining)
            assert (await mine.answer(operation))["status"] == "done"
            async with desk(ana) as further:
                assert further.welcome["draining"] is draining
        told = [frame["event"]["data"] for frame in mine.frames if _says_drain(frame)]
        if len(told) < 2:
            told.append((await mine.event("agent.drain-changed"))["data"])
        assert [(one["state"]["draining"], one["details"]["by"]) for one in told] == [
            (1, ana.me["id"]),
            (0, ana.me["id"]),
        ]


def _says_drain(frame: dict[str, Any]) -> bool:
    return bool(frame.get("event", {}).get("type") == "trunkline.agent.drain-changed.v1")


@pytest.mark.parametrize("said", [{}, {"draining": "yes"}, {"draining": True, "agent": "no such!"}])
async def test_a_drain_that_makes_no_sense_is_answered(system: Deployment, said: dict[str, Any]) -> None:
    async with somebody(system) as ana, desk(ana) as mine:
        operation = new_id()
        await mine.say(type="action", id=operation, verb="drain", **said)

        answer = await mine.answer(operation)

        assert (answer["status"], answer["code"]) == ("refused", "bad-fields")
