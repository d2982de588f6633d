"""What taking work and giving it back cost together: the index pays for quick claims when an agent is free again."""

from __future__ import annotations

import asyncio
import random
import statistics
from contextlib import AbstractContextManager, nullcontext

from tests.bench.figures import Figure
from tests.bench.report import Report
from tests.bench.routing.claims import BATCH, Floor, floor_of
from tests.bench.routing.scan import scanning

_AGENTS = 1_000
_CAPACITY = 50  # whoever satisfies a rare set alone has room for all of it
_NAME = "claim_release_scan_ratio"


async def claim_release(report: Report, quick: bool) -> Figure:
    """The board ÷ the same board with a scan of the same agents, in turns; the median of the rounds.

    What is counted is the script's time for a first message and for a close; accepting in between is not.
    """
    rounds, calls = (3, 4) if quick else (15, 30)
    with scanning():
        scan_floor = floor_of(_AGENTS, random.Random(7), capacity=_CAPACITY)
        scan = await scan_floor.__aenter__()
        await _seat(scan)
    try:
        async with floor_of(_AGENTS, random.Random(7), capacity=_CAPACITY) as board:
            pairs = [
                (await _measured(board, calls, nullcontext()), await _measured(scan, calls, scanning()))
                for _ in range(rounds)
            ]
    finally:
        with scanning():
            await scan_floor.__aexit__(None, None, None)
    for one, other in pairs:
        report.say(f"a claim and its release: {one:.0f} µs by the index, {other:.0f} µs by a scan")
    ratio = statistics.median(one / other for one, other in pairs)
    ours, theirs = (statistics.median(pair[at] for pair in pairs) for at in (0, 1))
    return Figure(_NAME, ratio, note=f"{ours:.0f} µs, {theirs:.0f} µs by a scan, all of both moves")


async def _seat(floor: Floor) -> None:
    """Everybody under each of their skills: a scan's order begins with the first change."""
    for number in range(_AGENTS):
        await floor.board.call("flex", f"a{number:05}", "0")


async def _measured(floor: Floor, calls: int, script: AbstractContextManager[None]) -> float:
    """µs of the server for a claim and a release."""
    spent = 0.0
    with script:
        for _ in range(calls):
            began = floor.number
            spent += await floor.timed(floor.claim() for _ in range(BATCH))
            owned = await _accepted(floor, range(began, began + BATCH))
            spent += await floor.timed(
                floor.board.submit("close", "", agent, name, b'{"code":"","note":""}') for name, agent in owned
            )
            if len(owned) < BATCH * 0.9:
                raise RuntimeError(f"only {len(owned)} of {BATCH} claims found somebody")
    return spent / (calls * BATCH)


async def _accepted(floor: Floor, numbers: range) -> list[tuple[str, str]]:
    """Each conversation that was offered to somebody, and who has it now."""
    prefix = floor.board.keys.under(floor.board.generation) + "c:"
    names = [f"0-{number:032d}" for number in numbers]
    pipeline = floor.board.client.pipeline(transaction=False)
    for name in names:
        pipeline.hmget(prefix + name, "offered_to", "fence")
    offered = [
        (name, agent.decode(), fence) for name, (agent, fence) in zip(names, await pipeline.execute(), strict=True)
    ]
    accepts = [floor.board.submit("accept", "", agent, name, fence) for name, agent, fence in offered if agent]
    for answer in await asyncio.gather(*accepts):
        if answer[0] != b"ok":
            raise RuntimeError(f"an offer could not be accepted: {answer!r:.300}")
    return [(name, agent) for name, agent, _ in offered if agent]
