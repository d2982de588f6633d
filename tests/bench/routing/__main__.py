"""`python -m tests.bench.routing [row …] [--quick]`: the long proofs of routing, into build/bench-routing.json.

Exit status 0 if every row could be measured (also where a goal was not met), else 1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import uvloop

from tests.bench import machine
from tests.bench.figures import Figure
from tests.bench.report import Report
from tests.bench.routing.claims import claim_batch, claim_scaling
from tests.bench.routing.exactness import exactness
from tests.bench.routing.freed import freed_slot
from tests.bench.routing.graphs import KINDS
from tests.bench.routing.identity import identity
from tests.bench.routing.policies import index_wait_ratio
from tests.bench.routing.releases import claim_release
from tests.bench.routing.roster import roster_change

ROWS: dict[str, Callable[[Report, bool], Awaitable[Figure]]] = {
    "exactness_worst_deviation": exactness,
    **{f"index_wait_ratio_{kind}": partial(index_wait_ratio, kind=kind) for kind in KINDS},
    "decision_identity": identity,
    "claim_scaling_ratio": claim_scaling,
    "claim_batch_ratio": claim_batch,
    "claim_release_scan_ratio": claim_release,
    "freed_slot_offer_seconds_p99": freed_slot,
    "roster_change_seconds": roster_change,
}


async def bench(report: Report, wanted: list[str], *, quick: bool) -> bool:
    """Measure these rows; whether all could be."""
    for line in machine.describe():
        report.heading(line)
    whole = True
    for name in wanted or list(ROWS):
        report.heading("")
        try:
            report.add([await ROWS[name](report, quick)])
        except Exception as error:  # noqa: BLE001  a row that breaks must not cost the others
            report.add([Figure(name, None, failed=f"{type(error).__name__}: {error}")])
            whole = False
    report.conclude()
    return whole


def main() -> int:
    """Read the words, measure, write."""
    words = argparse.ArgumentParser(prog="python -m tests.bench.routing", description=__doc__)
    words.add_argument("rows", nargs="*", choices=[*ROWS, []], help="all, if none is named")
    words.add_argument("--quick", action="store_true", help="a minute, to see that it runs: the figures mean little")
    words.add_argument("--output", type=Path, default=Path("build/bench-routing.json"))
    said = words.parse_args()
    report = Report()
    try:
        return 0 if uvloop.run(bench(report, said.rows, quick=said.quick)) else 1
    finally:
        report.write(said.output)


if __name__ == "__main__":
    sys.exit(main())
