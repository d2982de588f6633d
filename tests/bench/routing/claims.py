"""What a claim costs: with a hundred agents and with ten thousand, alone and sixty-four in a call.

A claim here is all that the board does for a first message that somebody has room for: it is routed, offered with its
reasons, held, ranked anew, and told to the outbox. The server's own clock counts it (`commandstats`), so neither the
client nor the network is in it. Requirement sets and agents are as in the study behind the design: 450 sets of one to
three of thirty skills, agents with two to five skills.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.bench.figures import Figure
from tests.bench.report import Report
from trunkline.board import Board
from trunkline.events import Profile
from trunkline.requirements import limits_text, requirement_id
from trunkline.route import Route
from trunkline.simulation.server import own_board
from trunkline.simulation.virtual import VirtualBoard

_SKILLS = [f"skill{n:02}" for n in range(30)]
_SETS = 450
BATCH = 64
_CAPACITY = 1_000_000
_LIMITS = limits_text(offer_s=600, again_s=60, wrap_up_s=0, reopen_s=0, missed=3)
_FEW, _MANY = 100, 10_000


@dataclass
class Floor:
    """A board on which everybody always has room."""

    board: Board
    requirements: list[str]
    chance: random.Random
    number: int = 0
    """How many came so far."""

    def claim(self) -> asyncio.Future[object]:
        """One first message."""
        number, requirement = self.number, self.chance.choice(self.requirements)
        self.number += 1
        route = Route("support", requirement, 1, 0, 60_000, _LIMITS, "")
        name = f"0-{number:032d}"
        return self.board.submit(
            "receive", "0", "1", str(number), "", f"thread-{number}", str(number), "new", b"{}", name, "account", "sms",
            "tel", name, "", "", "", *route.arguments(),
        )  # fmt: skip

    async def claims(self, calls: int) -> None:
        for _ in range(calls):
            answers = await asyncio.gather(*(self.claim() for _ in range(BATCH)))
            if any(answer[0] != b"ok" for answer in answers):  # type: ignore[index]  # a raw answer is a list
                raise RuntimeError(f"a claim failed: {answers[0]!r:.300}")

    async def server_us(self, calls: int) -> float:
        """The server's µs a claim."""
        await self.board.client.config_resetstat()
        await self.claims(calls)
        return await self._spent() / (calls * BATCH)

    async def timed(self, moves: Iterable[asyncio.Future[Any]]) -> float:
        """The server's µs for all of these moves, none of which may fail."""
        await self.board.client.config_resetstat()
        answers = await asyncio.gather(*moves)
        if bad := [answer for answer in answers if answer[0] != b"ok"]:
            raise RuntimeError(f"a move failed: {bad[0]!r:.300}")
        return await self._spent()

    async def _spent(self) -> float:
        return float((await self.board.client.info("commandstats"))["cmdstat_fcall"]["usec"])


@asynccontextmanager
async def floor_of(agents: int, chance: random.Random, *, capacity: int = _CAPACITY) -> AsyncIterator[Floor]:
    """So many agents, warm: every set is known."""
    abilities = [
        {skill: chance.randint(1, 9) for skill in chance.sample(_SKILLS, chance.randint(2, 5))} for _ in range(agents)
    ]
    # Each set is what one of the first hundred agents can do: they are the same on both floors, so it finds somebody.
    sets = [_asked_of(chance.choice(abilities[:_FEW]), chance) for _ in range(_SETS)]
    people = [
        Profile(agent=f"a{n:05}", name="a", version=1, capacity=capacity, skills=skills, queues=("*",))
        for n, skills in enumerate(abilities)
    ]
    async with own_board() as url, Board(url, deployment="claims", shards=1) as board:
        await VirtualBoard(board).open([(person, True) for person in people])
        floor = Floor(board, sets, chance)
        await floor.claims(2 * _SETS // BATCH)  # every set is known, and the script is warm
        yield floor


def _asked_of(skills: dict[str, int], chance: random.Random) -> str:
    names = chance.sample(sorted(skills), chance.randint(1, min(3, len(skills))))
    return requirement_id("support", "sms", 1, {name: chance.randint(1, skills[name]) for name in names})


async def claim_scaling(report: Report, quick: bool) -> Figure:
    """Ten thousand agents ÷ one hundred, in turns; the median of the rounds."""
    rounds, calls = (3, 4) if quick else (9, 30)
    async with (
        floor_of(_FEW, random.Random(7)) as few,
        floor_of(1_000 if quick else _MANY, random.Random(7)) as many,
    ):
        pairs = [(await few.server_us(calls), await many.server_us(calls)) for _ in range(rounds)]
    for one, other in pairs:
        report.say(f"a claim: {one:.0f} µs with few agents, {other:.0f} µs with many")
    ratio = statistics.median(other / one for one, other in pairs)
    note = f"{statistics.median(one for one, _ in pairs):.0f} µs with {_FEW}"
    return Figure("claim_scaling_ratio", ratio, note=note)


async def claim_batch(report: Report, quick: bool) -> Figure:
    """Claims a second, sixty-four in a call ÷ one awaited after the other, in turns; the median of the rounds."""
    rounds, calls = (3, 4) if quick else (7, 30)
    ratios = []
    async with floor_of(1_000, random.Random(7)) as floor:
        for _ in range(rounds):
            began = time.perf_counter()
            await floor.claims(calls)
            together = (time.perf_counter() - began) / (calls * BATCH)
            began = time.perf_counter()
            for _ in range(4 * BATCH):
                await floor.claim()
            alone = (time.perf_counter() - began) / (4 * BATCH)
            report.say(f"a claim: {together * 1e6:.0f} µs of {BATCH} in a call, {alone * 1e6:.0f} µs alone")
            ratios.append(alone / together)
    return Figure("claim_batch_ratio", statistics.median(ratios))
