"""Of a million offers on random floors, how many the board and its plain-Python reference decide alike."""

from __future__ import annotations

import asyncio
import random
from itertools import count

from tests.bench.figures import Figure
from tests.bench.report import Report
from tests.integration.simulation.alike import decided_alike
from trunkline.simulation.moves import Kind
from trunkline.testing.servers import Valkey

_OFFERS = 1_000_000
_AT_ONCE = 4
_TELL_EVERY = 20_000
_NAME = "decision_identity"


async def identity(report: Report, quick: bool) -> Figure:
    """Floors whose seeds are drawn now, until there were enough offers; the share of offers that were decided alike."""
    first = random.randrange(2**40)
    wanted = 2_000 if quick else _OFFERS
    report.say(f"random floors from seed {first} on")
    seeds, offers, told = count(first), 0, _TELL_EVERY
    async with Valkey(appendonly=False) as server:

        async def go_on() -> None:
            nonlocal offers, told
            while offers < wanted:
                decided = await decided_alike(server.url, next(seeds))
                offers += sum(one.kind is Kind.OFFERED for one in decided)
                if offers >= told:
                    report.say(f"{offers:,} offers decided alike")
                    told += _TELL_EVERY

        differed = ""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(_AT_ONCE):
                    group.create_task(go_on())
        except* AssertionError as differences:
            differed = str(differences.exceptions[0])[:300]
    if differed:
        return Figure(_NAME, 0.0, unmet=differed)
    return Figure(_NAME, 1.0, note=f"{offers:,} offers", unmet="" if offers >= _OFFERS else f"only {offers:,} offers")
