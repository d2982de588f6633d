"""The rows of `make bench-routing` that need servers can be measured; their figures are no test's affair."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.bench.worker import ROOT
from trunkline.testing.child import Child

ROWS = ("claim_release_scan_ratio", "freed_slot_offer_seconds_p99", "roster_change_seconds")


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_the_rows_through_real_services_can_be_measured(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "tests.bench.routing", *ROWS, "--quick", "--output", str(tmp_path / "bench.json")]
    child = Child.run(argv, log=tmp_path / "log", cwd=ROOT, env=os.environ | {"TMPDIR": str(tmp_path.parent)})

    status = await child.wait(220)

    assert status == 0, child.output()
    told = json.loads((tmp_path / "bench.json").read_text())
    assert told.keys() == set(ROWS)
    for name, figure in told.items():
        assert figure.get("measured", figure["value"]) > 0, (name, figure, child.output())
