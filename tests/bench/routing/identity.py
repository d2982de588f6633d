"""Of a million offers on random floors, how many the board and its plain-Python reference decide alike."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import count

import uvloop

from tests.bench.figures import Figure
from tests.bench.report import Report
from tests.integration.simulation.alike import decided_alike
from trunkline.simulation.moves import Kind
from trunkline.testing.servers import Valkey

_OFFERS = 1_000_000
_FLOORS = 40
"""Random floors that a process plays on one server: some 8 000 offers."""
_TELL_EVERY = 50_000
_NAME = "decision_identity"


async def identity(report: Report, quick: bool) -> Figure:
    """Floors whose seeds are drawn now, until there were enough offers; the share of offers that were decided alike."""
    first = random.randrange(2**40)
    report.say(f"random floors from seed {first} on")
    return await asyncio.to_thread(_identity, report, first, 2_000 if quick else _OFFERS, 5 if quick else _FLOORS)


def _identity(report: Report, first: int, wanted: int, floors: int) -> Figure:
    offers, told = 0, _TELL_EVERY
    for alike, differed in _played(first, floors):
        if differed:
            return Figure(_NAME, 0.0, unmet=differed[:300])
        offers += alike
        if offers >= told:
            report.say(f"{offers:,} offers decided alike")
            told += _TELL_EVERY
        if offers >= wanted:
            break
    return Figure(_NAME, 1.0, note=f"{offers:,} offers", unmet="" if offers >= _OFFERS else f"only {offers:,} offers")


def _played(first: int, floors: int) -> Iterator[tuple[int, str]]:
    """What becomes of one lot of floors after another, on all cores, for ever."""
    firsts = count(first, floors)
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        while True:
            lots = [pool.submit(play, next(firsts), floors) for _ in range(os.cpu_count() or 1)]
            yield from (lot.result() for lot in as_completed(lots))


def play(first: int, floors: int) -> tuple[int, str]:
    """Of so many floors, in a process of its own: how many offers were decided alike, and the first difference."""
    return uvloop.run(_play(range(first, first + floors)))


async def _play(seeds: range) -> tuple[int, str]:
    offers = 0
    async with Valkey(appendonly=False) as server:
        for seed in seeds:
            try:
                decided = await decided_alike(server.url, seed)
            except AssertionError as difference:
                return offers, str(difference)
            offers += sum(one.kind is Kind.OFFERED for one in decided)
    return offers, ""
