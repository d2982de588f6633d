"""An edit of the roster among ten thousand present: until the offer that it allows is on the agent's socket.

Through the real services: the edit is a PATCH of the agents service's API, the message a signed webhook, the offer a
frame. Only the others have no sockets (ten thousand of those are too many for two cores): they arrived on the board by
the board's own move.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.report import Report
from trunkline.board import Board, moves
from trunkline.events import Presence, Profile
from trunkline.ids import new_id
from trunkline.testing.agent import TestAgent, add_agent
from trunkline.testing.deployment import ADMIN, SENDER, Deployment

_OTHERS = 9_999
_AT_ONCE = 64
_LEASE_MS = 3_600_000
_WAITS = "Labdien"  # the deployment's rule: asks for lang.lv
_NAME = "roster_change_seconds"


async def roster_change(report: Report, quick: bool) -> Figure:
    """The slowest of the rounds, each a skill given and taken again."""
    others, rounds = (500, 2) if quick else (_OTHERS, 10)
    with tempfile.TemporaryDirectory(prefix="trunkline-roster-") as folder:
        async with Deployment(Path(folder)) as system, TestAgent(system.desk_url, *ADMIN) as admin:
            await admin.act("presence", presence="away")
            name, password = await add_agent(admin, system.desk_url, "ana", queues=["support"])
            async with TestAgent(system.desk_url, "ana", password) as ana:
                await _others_arrive(system, others)
                report.say(f"{others:,} others are present")
                seconds = [await _round(system, admin, ana, name, number) for number in range(rounds)]
    report.say("until it was offered: " + ", ".join(f"{second:.3f} s" for second in seconds))
    return Figure(_NAME, max(seconds), note=f"the slowest of {rounds}, {others + 1:,} present, one board's move each")


async def _others_arrive(system: Deployment, count: int) -> None:
    chance = random.Random(7)
    async with Board(system.board.url, deployment=system.deployment, shards=system.shards) as board:
        for first in range(0, count, _AT_ONCE):
            people = [_somebody(number, chance) for number in range(first, min(count, first + _AT_ONCE))]
            arriving = (
                moves.arrive(
                    board, operation=new_id(), profile=person, device="none", lease_ms=_LEASE_MS,
                    presence=Presence.AVAILABLE,
                )
                for person in people
            )  # fmt: skip
            if bad := [answer for answer in await asyncio.gather(*arriving) if not answer.ok]:
                raise RuntimeError(f"an agent could not arrive: {bad[0]}")


def _somebody(number: int, chance: random.Random) -> Profile:
    """Somebody with all but the one skill that is asked for."""
    skills = {skill: chance.randint(1, 9) for skill in chance.sample(["senior", "rare"], chance.randint(1, 2))}
    return Profile(agent=f"other-{number}", name="other", version=1, capacity=3, skills=skills, queues=("*",))


async def _round(system: Deployment, admin: TestAgent, ana: TestAgent, name: str, number: int) -> float:
    """Somebody waits for a skill that nobody has; the agent is given it, answers, and loses it again."""
    seen = len(ana.frames)
    answer = await system.provider.customer_writes(f"+3712700{number:04}", _WAITS, to=SENDER)
    if answer.status != 200:
        raise RuntimeError(f"the message was answered {answer.status}")
    await _until_it_waits(system, admin)
    began = time.perf_counter()
    await _edit(system, admin, name, {"lang.lv": 3})
    offered = "trunkline.conversation.offered.v1"
    await ana.until(lambda: any(event["type"] == offered for event in ana.frames[seen:]), within=30)
    took = time.perf_counter() - began
    state = next(event for event in ana.frames[seen:] if event["type"] == offered)["data"]["state"]
    for verb, fields in (("accept", {"fence": state["fence"]}), ("close", {"code": "solved"})):
        told = await ana.act(verb, state["id"], **fields)
        if told["status"] != "done":
            raise RuntimeError(f"{verb} was answered {told}")
    await _edit(system, admin, name, {})
    return took


async def _until_it_waits(system: Deployment, admin: TestAgent) -> None:
    async with Board(system.board.url, deployment=system.deployment, shards=system.shards) as board:
        board.generation = await board.read_generation()
        async with asyncio.timeout(20):
            while not any(int(line[1]) for line in (await board.call("lines"))[1]):
                await asyncio.sleep(0.05)


async def _edit(system: Deployment, admin: TestAgent, name: str, skills: dict[str, int]) -> None:
    url = f"{system.desk_url}/api/v1/agents/{name}"
    async with admin.http.get(url) as response:
        version = (await response.json())["version"]
    async with admin.http.patch(url, json={"skills": skills}, headers={"If-Match": str(version)}) as response:
        if response.status != 200:
            raise RuntimeError(f"the edit was answered {response.status}: {await response.text()}")
