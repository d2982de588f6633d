"""The bench itself: every row of it can be measured, and nothing outlives it. Its figures are no test's affair."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import psutil
import pytest

from tests.bench.figures import GOALS
from tests.bench.worker import ROOT
from trunkline.testing.child import Child
from trunkline.testing.errors import ServerMissingError
from trunkline.testing.kafka_jars import kafka_jars

_WITHIN_S = 280.0


def _bench(tmp_path: Path, *arguments: str) -> Child:
    argv = [sys.executable, "-m", "tests.bench", "--quick", "--output", str(tmp_path / "bench.json"), *arguments]
    # What a killed bench leaves of its files is then pytest's to remove. One folder up: Chromium puts a socket there,
    # whose path must be short.
    return Child.run(argv, log=tmp_path / "bench.log", cwd=ROOT, env=os.environ | {"TMPDIR": str(tmp_path.parent)})


async def _descendants(child: Child, count: int) -> list[psutil.Process]:
    """The processes it started, once there are so many."""
    parent = psutil.Process(child.pid)
    async with asyncio.timeout(60):
        while len(found := parent.children(recursive=True)) < count:
            assert child.returncode is None, child.output(30)
            await asyncio.sleep(0.05)
    return found


async def _gone(processes: list[psutil.Process]) -> None:
    async with asyncio.timeout(10):
        while any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes):
            await asyncio.sleep(0.05)


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.timeout(_WITHIN_S + 40)
async def test_every_row_of_the_bench_can_be_measured(tmp_path: Path) -> None:
    try:
        await kafka_jars()
    except ServerMissingError as missing:
        pytest.skip(str(missing))

    status = await _bench(tmp_path).wait(_WITHIN_S)

    log = (tmp_path / "bench.log").read_text()
    assert status == 0, log
    told = json.loads((tmp_path / "bench.json").read_text())
    assert told.keys() == GOALS.keys(), log
    for name, figure in told.items():
        goal = GOALS[name]
        assert (figure["unit"], figure["goal"], figure["stretch"], figure["better"]) == (
            goal.unit, goal.goal, goal.stretch, goal.better,
        )  # fmt: skip
        measured = figure.get("measured", figure["value"])
        assert measured is not None, (name, figure, log)
        assert measured > 0 or name == "idle_cpu_cores", (name, figure, log)  # a second of nothing may be under a tick


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_a_bench_that_is_killed_takes_everything_with_it(tmp_path: Path) -> None:
    child = _bench(tmp_path, "idle_cpu_cores")
    started = await _descendants(child, 9)  # two Valkeys, four services, three of its own

    await child.kill()

    await _gone(started)
