"""How far the reference's mean waits are from the exact ones; what it decides, the board decides (`identity`).

Where a floor is nearly full, most of what makes one replication's mean wait differ from another's is how much work
chance brought it, and how much of it at once. What it brings on average is known (`chance`), so that part is taken out
(`controls`): the same mean, sooner sure.
"""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import count

from tests.bench.figures import Figure
from tests.bench.report import Report
from tests.bench.routing.chance import Chance, chance_of
from tests.bench.routing.controls import controlled
from tests.bench.routing.systems import systems
from trunkline.simulation.estimate import Estimate
from trunkline.simulation.play import Play
from trunkline.simulation.reference import Reference
from trunkline.simulation.tally import Figures, Key, Tally

SURE = 0.01
"""Half-width of the 95 % interval, ÷ the exact mean, at which a system has been played often enough."""
_FEWEST, _MOST = 10, 200
_ARRIVALS = 100_000
_NAME = "exactness_worst_deviation"


async def exactness(report: Report, quick: bool) -> Figure:
    """Play every system until its interval is narrow enough, on all cores."""
    worst, unsure = 0.0, ""
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        arrivals, most = (5_000, 2) if quick else (_ARRIVALS, _MOST)
        for number, system in enumerate(systems(arrivals)):
            ratios = await asyncio.to_thread(_until_sure, pool, number, arrivals, most)
            for key, found in ratios.items():
                of = f"{system.name} {key.name}".strip()
                report.say(f"{of:<28} {found.mean:.4f} ± {found.half_width or 0:.4f} × exact")
                worst = max(worst, abs(found.mean - 1))
                if (found.half_width or 1) > SURE:
                    unsure = unsure or f"{of} is known to ± {found.half_width or 1:.1%} only"
    return Figure(_NAME, worst, unmet=unsure)


def _until_sure(pool: ProcessPoolExecutor, number: int, arrivals: int, most: int) -> dict[Key, Estimate]:
    """The ratios to the exact means, from rounds of as many replications as it takes."""
    system = systems(arrivals)[number]
    found: dict[Key, list[float]] = defaultdict(list)
    chances: list[Chance] = []
    seeds = count(1)
    while True:
        plays = [pool.submit(play, number, arrivals, next(seeds)) for _ in range(min(_FEWEST, most))]
        for played in as_completed(plays):
            figures, brought = played.result()
            chances.append(brought)
            for key, exact in system.exact.items():
                found[key].append(figures[key] / exact)
        ratios = {key: controlled(values, *zip(*chances, strict=True)) for key, values in found.items()}
        played_so_far = len(chances)
        sure = all((ratio.half_width or 1) <= SURE for ratio in ratios.values())
        if played_so_far >= most or (sure and played_so_far >= _FEWEST):
            return ratios


def play(number: int, arrivals: int, replication: int) -> tuple[Figures, Chance]:
    """One replication of a system, in a process of its own; and what chance had brought it."""
    system = systems(arrivals)[number]
    tally = Tally(system.scenario)
    asyncio.run(Play(system.scenario, Reference(), tally, seed=1, replication=replication).run())
    return tally.figures(), chance_of(system.scenario, replication)
