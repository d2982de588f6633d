"""A day of real services, played again from its log: who came, how long it took, who was there."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest

from trunkline.testing.agent import TestAgent, add_agent
from trunkline.testing.child import Child
from trunkline.testing.deployment import ADMIN, CONFIG, Deployment

WORK_S = 1.0
CUSTOMERS = 4


async def _replay(system: Deployment, log: Path, *words: str) -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
    argv = [sys.executable, "-m", "trunkline.cli", "replay", *words, "--replications", "2", "--json"]
    child = Child.run(argv, log=log, env=environment | system.environment())
    status = await child.wait(60)
    assert status == 0, child.output()
    told: dict[str, Any] = json.loads(child.output())
    return told


def _works(agent: TestAgent, event: dict[str, Any]) -> Awaitable[None] | None:
    """Takes what is offered, answers, and is done with it a second later."""
    if event["type"] != "trunkline.conversation.offered.v1":
        return None
    state = event["data"]["state"]

    async def work() -> None:
        await agent.act("accept", state["id"], fence=state["fence"])
        await agent.act("reply", state["id"], text="Yes.")
        await asyncio.sleep(WORK_S)
        await agent.act("close", state["id"], code="solved")

    return work() if state["offered_to"] == agent.me["id"] else None


@pytest.mark.slow
@pytest.mark.timeout(150)
async def test_the_day_comes_to_the_waits_it_had_and_under_a_queue_that_asks_for_more_to_others(tmp_path: Path) -> None:
    async with Deployment(tmp_path) as system:
        async with TestAgent(system.desk_url, *ADMIN) as admin:
            assert (await admin.act("presence", presence="away"))["status"] == "done"
            _, password = await add_agent(admin, system.desk_url, "ana", capacity=1)
        async with TestAgent(system.desk_url, "ana", password, on_event=_works) as ana:
            for number in range(CUSTOMERS):
                await system.provider.customer_writes(f"+3712600000{number}", "Hello", to="+37120000000")
            closed = "trunkline.conversation.closed.v1"
            await ana.until(lambda: sum(event["type"] == closed for event in ana.frames) == CUSTOMERS, within=40)

        other = tmp_path / "other.yaml"
        other.write_text(CONFIG.replace("{title: Support, target_s: 60,", "{title: Support, requires: {rare: 3},"))
        told = await _replay(system, tmp_path / "replay.log", "--other-config", str(other))

    as_it_was, otherwise = (floor["figures"]["floor"] for floor in told["floors"])
    assert as_it_was["arrived"]["mean"] == as_it_was["answered"]["mean"] == CUSTOMERS
    # One after the other, a second and a little each.
    waits = sum(range(CUSTOMERS)) / CUSTOMERS * WORK_S
    assert waits * 0.9 <= as_it_was["mean_wait_s"]["mean"] <= waits * 2, as_it_was
    assert "ana" in told["floors"][0]["figures"]["groups"]
    # Nobody has what the other one asks for: all wait an hour, until it widens.
    assert otherwise["mean_wait_s"]["mean"] > 3_600
    apart = told["differences"][0]["figures"]["floor"]["mean_wait_s"]
    assert apart["mean"] - apart["half_width"] > 3_000, apart
    assert any("is not in the log: none of them leaves" in note for note in told["notes"])
