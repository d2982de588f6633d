"""The soak itself: for a while with nothing to be found, and with faults of the script that it must find."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.soak import journal
from tests.soak.floor import DEPLOYMENT, SHARDS
from tests.soak.keeper import Keeper
from tests.soak.made import EVENTS, MOVES
from tests.soak.mover import Mover
from tests.soak.planted import FAULTS, planted
from trunkline.board import Board
from trunkline.testing.child import Child
from trunkline.testing.servers.redis import RedisServer

ROOT = Path(__file__).resolve().parents[3]
_MOVERS = 3
_JUDGE_S = 0.5
_WITHIN_S = 150.0
"""Chance must bring about what shows the fault: 4 s in the mean for the rarest, and thrice that on a busy machine."""


async def _found(server: RedisServer, folder: Path, word: str) -> list[str]:
    """What is found once this word is in it; movers in this process, for their number is all that matters here."""
    async with AsyncExitStack() as stack:
        boards = [
            await stack.enter_async_context(Board(server.url, deployment=DEPLOYMENT, shards=SHARDS))
            for _ in range(_MOVERS + 1)
        ]
        keeper = Keeper(boards.pop())
        await keeper.open()
        paths = [folder / f"{number}" for number in range(_MOVERS)]
        movers = [Mover(board, number, 1, paths[number]) for number, board in enumerate(boards)]
        for mover in movers:
            await mover.start()
            stack.push_async_callback(mover.end)
        while True:
            await asyncio.sleep(_JUDGE_S)
            await asyncio.gather(*(mover.hold() for mover in movers))
            found = await keeper.judge([journal.read(path) for path in paths])
            if any(word in wrong for wrong in found):
                return found
            for mover, path in zip(movers, paths, strict=True):
                os.truncate(path, 0)
                await mover.go()


@pytest.mark.slow
@pytest.mark.timeout(_WITHIN_S + 30)
@pytest.mark.parametrize("name", FAULTS)
async def test_a_planted_fault_is_found(valkey: RedisServer, tmp_path: Path, name: str) -> None:
    with planted(name):
        async with asyncio.timeout(_WITHIN_S):
            assert await _found(valkey, tmp_path, FAULTS[name].found)


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_eight_processes_with_kills_violate_nothing(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "tests.soak", "--seconds", "10"]
    child = Child.run(argv, log=tmp_path / "log", cwd=ROOT, env=os.environ | {"TMPDIR": str(tmp_path)})
    status = await child.wait(100)

    log = child.output()
    assert status == 0, log
    told = re.findall(r"([\d,]+) operations, .* killed: (\d+) movers, (\d+) boards; 0 wrong", log)
    operations, movers, boards = (int(text.replace(",", "")) for text in told[-1])
    assert operations > 2_000, log
    assert movers > 0, log
    assert boards > 0, log
    for line, kinds in {"made": MOVES, "happened": EVENTS}.items():
        [counts] = re.findall(rf"^{line}: (.*)$", log, re.MULTILINE)
        seen = {name for name, times in re.findall(r"([^,]+?) ([\d,]*\d)(?:, |$)", counts) if times != "0"}
        assert kinds <= seen, (kinds - seen, log)
