"""What a nursery forks is a process like any other, and apart from its siblings."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from trunkline.testing.child import Child
from trunkline.testing.deployment import ROOT
from trunkline.testing.errors import ChildError
from trunkline.testing.nursery import POSSIBLE, Nursery

pytestmark = [pytest.mark.faults, pytest.mark.skipif(not POSSIBLE, reason="a nursery needs Linux")]

_HELPER = """
import os
print("imported", flush=True)
mine = os.getpid()
chance = []
"""
_MODULE = """
import os, random, sys, time
import helper

def main():
    print(__name__, sys.argv[1:], os.getcwd(), sorted(name for name in os.environ if name.startswith("TRUNKLINE_")))
    print("alone" if os.getsid(0) == os.getpid() != helper.mine else "in another's session")
    print("chance", random.random())
    print("open", sorted(os.listdir("/proc/self/fd"), key=int)[:-1])
    if "fall" in sys.argv:
        raise ValueError("why it fell")
    if "stay" in sys.argv:
        print("staying", flush=True)
        time.sleep(60)
    sys.exit(int(os.environ["TRUNKLINE_STATUS"]) if "TRUNKLINE_STATUS" in os.environ else None)

if __name__ == "__main__":
    main()
"""


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    (tmp_path / "helper.py").write_text(_HELPER)
    (tmp_path / "example.py").write_text(_MODULE)
    nursery = Nursery(["example"], cwd=tmp_path, path=[tmp_path, ROOT / "shared"])
    yield nursery
    nursery.close()


def _fork(nursery: Nursery, log: Path, *arguments: str, **env: str) -> Child:
    return nursery.fork("example", arguments, log=log, env={**os.environ, **env}, cwd=None)


async def _said(child: Child, words: str) -> None:
    async with asyncio.timeout(10):
        while words not in child.output():
            await asyncio.sleep(0.01)


async def test_it_is_the_main_program_of_a_process_of_its_own(nursery: Nursery, tmp_path: Path) -> None:
    child = _fork(nursery, tmp_path / "log", "one", "two", TRUNKLINE_ITS="own")

    assert await child.wait(10) == 0
    told = child.output().splitlines()
    assert told[0] == f"__main__ ['one', 'two'] {tmp_path} ['TRUNKLINE_ITS']"
    assert told[1] == "alone"
    assert told[3] == "open ['0', '1', '2']"
    assert "imported" not in child.output()


async def test_it_is_where_it_was_asked_to_be(nursery: Nursery, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    child = nursery.fork("example", [], log=tmp_path / "log", env={}, cwd=tmp_path / "there")

    assert await child.wait(10) == 0
    assert str(tmp_path / "there") in child.output()


async def test_siblings_share_neither_environment_nor_chance(nursery: Nursery, tmp_path: Path) -> None:
    first = _fork(nursery, tmp_path / "first", TRUNKLINE_FIRST="1", TRUNKLINE_STATUS="3")
    second = _fork(nursery, tmp_path / "second", TRUNKLINE_SECOND="1", TRUNKLINE_STATUS="4")

    assert (await second.wait(10), await first.wait(10)) == (4, 3)
    assert "['TRUNKLINE_FIRST', 'TRUNKLINE_STATUS']" in first.output()
    assert "['TRUNKLINE_SECOND', 'TRUNKLINE_STATUS']" in second.output()
    chance = [line for child in (first, second) for line in child.output().splitlines() if line.startswith("chance")]
    assert len(set(chance)) == 2


async def test_what_it_falls_by_is_in_its_log(nursery: Nursery, tmp_path: Path) -> None:
    child = _fork(nursery, tmp_path / "log", "fall")

    assert await child.wait(10) == 1
    assert "ValueError: why it fell" in child.output()


async def test_each_end_is_known_whichever_is_asked_for_first(nursery: Nursery, tmp_path: Path) -> None:
    stays = _fork(nursery, tmp_path / "stays", "stay")
    ends = [_fork(nursery, tmp_path / str(number), TRUNKLINE_STATUS=str(number)) for number in range(20)]
    await _said(stays, "staying")

    assert [await child.wait(10) for child in reversed(ends)] == [*range(19, -1, -1)]
    assert stays.returncode is None
    assert await stays.stop(10) == -15
    assert not psutil.pid_exists(stays.pid)


async def test_a_killed_nursery_takes_its_children_with_it_and_says_so(nursery: Nursery, tmp_path: Path) -> None:
    child = _fork(nursery, tmp_path / "log", "stay")
    await _said(child, "staying")
    process = psutil.Process(child.pid)

    psutil.Process(process.ppid()).kill()

    process.wait(10)
    with pytest.raises(ChildError, match="the nursery is gone"):
        assert child.returncode is None
    with pytest.raises(ChildError, match="the nursery is gone"):
        _fork(nursery, tmp_path / "log")
