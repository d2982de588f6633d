"""`make soak`: eight processes make moves at once on a real board, with kills of both; 0 violations, or exit status 1.
The same where some kind of move was never made.

`python -m tests.soak --seconds 60` for a while only.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from tests.soak.conductor import Conductor, Outcome, Plan
from tests.soak.planted import FAULTS

_SHOWN = 20


def main() -> int:
    """Read the words, run, say what came of it."""
    words = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    words.add_argument("--operations", type=int, default=1_000_000, help="at least so many moves are answered")
    words.add_argument("--seconds", type=float, help="instead, for so long")
    words.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32), help="of the kills")
    words.add_argument("--fault", default="", choices=["", *FAULTS], help="plant this one: it must be found")
    said = words.parse_args()
    every = 15.0 if said.seconds is None else max(2.0, said.seconds / 4)
    plan = Plan(
        seconds=said.seconds, operations=said.operations, judge_every_s=every,
        board_dies_every_s=min(20.0, every), fault=said.fault,
    )  # fmt: skip
    print(f"seed {said.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="trunkline-soak-") as folder:
        run = Conductor(plan, Path(folder), seed=said.seed, say=lambda line: print(line, flush=True))
        return _conclude(asyncio.run(run.run()))


def _conclude(outcome: Outcome) -> int:
    for wrong in outcome.wrong[:_SHOWN]:
        print(f"VIOLATION: {wrong}")
    if len(outcome.wrong) > _SHOWN:
        print(f"and {len(outcome.wrong) - _SHOWN} more")
    for what, counted in {"made": outcome.made, "happened": outcome.happened}.items():
        print(f"{what}: " + ", ".join(f"{name} {times:,}" for name, times in sorted(counted.items())))
    if outcome.never:
        print(f"never seen, so nothing is proved of it: {', '.join(outcome.never)}")
    print(f"{outcome.operations:,} operations, {len(outcome.wrong)} violations, judged {outcome.judged} times")
    return 1 if outcome.wrong or outcome.never else 0


if __name__ == "__main__":
    sys.exit(main())
