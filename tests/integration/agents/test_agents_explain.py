"""Why this agent, and why it still waits: by the API, and in sentences by the operator's command, on real processes."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.integration.agents.rig import Person, desk, somebody
from tests.integration.agents.test_agents_passing import done, offered, owned, somebody_new
from trunkline.testing.deployment import Deployment

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


async def explained(person: Person, conversation: str) -> Any:
    """The explanation; nothing while the record has not heard of it."""
    status, told = await person.call("GET", f"/api/v1/conversations/{conversation}/explain")
    assert status in (200, 404), told
    return told if status == 200 else None


async def until(person: Person, conversation: str, holds: Any) -> Any:
    """The explanation once the record has read so far."""
    async with asyncio.timeout(15):
        while not ((told := await explained(person, conversation)) and holds(told)):
            await asyncio.sleep(0.05)
    return told


async def test_each_offer_has_its_reasons_and_its_outcome(system: Deployment) -> None:
    async with AsyncExitStack() as stack:
        ana = await stack.enter_async_context(somebody(system, capacity=50))  # room for what other tests left
        mine = await stack.enter_async_context(desk(ana))
        event = await offered(system, mine, somebody_new())
        name = event["subject"]

        await done(ana, name, "accept", fence=event["data"]["state"]["fence"])
        told = await until(ana, name, lambda it: it["decisions"] and it["decisions"][0]["outcome"])

        # The newest comes first. Who has just left in another test may have been asked before.
        made = told["decisions"][0]
        assert (made["agent"], made["outcome"], made["given"]) == (ana.me["id"], "accepted", "")
        assert made["reasons"]["parts"] is not None
        assert made["reasons"]["best"][0]["agent"] == ana.me["id"]
        assert made["asked"]["policy"] == "index"
        assert told["configuration"]
        assert told["now"] is None


async def test_what_waits_says_how_each_agent_stands_and_who_of_the_roster_could_ever(system: Deployment) -> None:
    async with AsyncExitStack() as stack:
        ana = await stack.enter_async_context(somebody(system, capacity=50))  # room for what other tests left
        sue = await stack.enter_async_context(somebody(system, role="supervisor", queues=("none",)))
        mine = await stack.enter_async_context(desk(ana))
        await stack.enter_async_context(desk(sue))
        name = await owned(system, ana, mine)
        await done(ana, name, "transfer", to_skill="lang.lv", level=9)

        told = await until(sue, name, lambda it: it["now"] and it["now"]["asked"]["skills"].get("lang.lv") == 9)

        now = told["now"]
        stands = {one["agent"]: one for one in now["agents"]}
        assert stands[sue.me["id"]]["reason"] == "permission"
        assert stands[ana.me["id"]]["reason"] in {"skill", "level"}
        assert stands[ana.me["id"]]["lacks"] == {"lang.lv": 9}
        assert (now["could_be_asked"], now["roster_able"]) == (0, 0)
        assert now["roster_lacks"] == {"lang.lv": 9}
        assert [one["agent"] for one in (await explained(ana, name))["now"]["agents"]] == [ana.me["id"]]

        words = await operator_reads(system, name)
        assert "Nobody of the whole roster can ever take it as it is: give somebody lang.lv ≥ 9." in words
        assert "is queued" in words
        assert "Traceback" not in words
        await done(sue, name, "assign", to_agent=ana.me["id"])
        await done(ana, name, "close", code="", note="")


async def operator_reads(system: Deployment, conversation: str) -> str:
    """What `trunkline explain` prints."""
    command = [sys.executable, "-m", "trunkline.cli", "explain", conversation]
    process = await asyncio.create_subprocess_exec(
        *command,
        env=os.environ | system.environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    return out.decode()


async def test_a_conversation_that_is_not_there_is_said_plainly(system: Deployment) -> None:
    async with somebody(system) as ana:
        status, told = await ana.call("GET", "/api/v1/conversations/0-nothing/explain")

    assert (status, told["code"]) == (404, "not-found")
    assert "there is no conversation 0-nothing" in await operator_reads(system, "0-nothing")
