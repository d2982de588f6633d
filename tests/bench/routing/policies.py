"""The default policy's mean wait ÷ longest idle's with the same customers, over skill graphs drawn at the run."""

from __future__ import annotations

import asyncio
import math
import os
import random
from concurrent.futures import ProcessPoolExecutor

from tests.bench.figures import Figure
from tests.bench.report import Report
from tests.bench.routing.graphs import graph
from trunkline.simulation.estimate import Estimate, estimate
from trunkline.simulation.play import Play
from trunkline.simulation.reference import Reference
from trunkline.simulation.tally import Key, Scope, Tally

_GRAPHS, _REPLICATIONS, _ARRIVALS = 20, 4, 8_000
_MEAN_WAIT = Key(Scope.FLOOR, "", "mean_wait_s")


async def index_wait_ratio(report: Report, quick: bool, *, kind: str) -> Figure:
    """The geometric mean over graphs; not met where a graph is surely worse off (its interval wholly above 1)."""
    first = random.randrange(2**40)
    graphs, arrivals = (2, 1_000) if quick else (_GRAPHS, _ARRIVALS)
    report.say(f"{kind}: {graphs} graphs from seed {first} on")
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        plays = [pool.submit(compare, kind, first + number, arrivals) for number in range(graphs)]
        ratios = []
        for played in plays:
            ratios.append(await asyncio.wrap_future(played))
            report.say(f"{kind}: graph {len(ratios)}: {ratios[-1].mean:.3f} ± {ratios[-1].half_width or 0:.3f}")
    value = math.exp(sum(math.log(ratio.mean) for ratio in ratios) / len(ratios))
    worse = sum(ratio.mean - (ratio.half_width or 0) > 1 for ratio in ratios)
    span = f"{min(ratio.mean for ratio in ratios):.2f} to {max(ratio.mean for ratio in ratios):.2f}"
    return Figure(f"index_wait_ratio_{kind}", value, note=span, unmet=f"{worse} graphs are worse off" if worse else "")


def compare(kind: str, seed: int, arrivals: int) -> Estimate:
    """One graph's ratio, from pairs of replications; in a process of its own."""
    return estimate([
        _mean_wait(kind, seed, "index", arrivals, number) / _mean_wait(kind, seed, "longest-idle", arrivals, number)
        for number in range(_REPLICATIONS)
    ])  # fmt: skip


def _mean_wait(kind: str, seed: int, policy: str, arrivals: int, replication: int) -> float:
    described = graph(kind, seed, policy, arrivals=arrivals)
    tally = Tally(described)
    asyncio.run(Play(described, Reference(), tally, seed=seed, replication=replication).run())
    return tally.figures()[_MEAN_WAIT]
