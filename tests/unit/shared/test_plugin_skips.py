"""The last words of a test run say what was skipped and why; where skips are forbidden, they fail it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

SKIPS = """
import pytest
def test_runs():
    pass
@pytest.mark.skip(reason="no oven")
def test_bakes():
    pass
def test_brews():
    pytest.skip("no kettle")
@pytest.mark.parametrize("n", [1, 2])
def test_boils(n):
    pytest.skip("no kettle")
@pytest.mark.xfail(reason="known", strict=True)
def test_expected_to_fail():
    raise ValueError
"""


def run(folder: Path, text: str, *options: str, ci: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(text)
    (folder / "pytest.ini").write_text("[pytest]\n")  # the folder is a project of its own
    command = [sys.executable, "-m", "pytest", "-p", "tests.plugin_skips", "-p", "no:cacheprovider", *options]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    # Without the other plugins a run takes a fraction of a second.
    environment |= {"CI": ci, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=50)


def last_lines(ended: subprocess.CompletedProcess[str], count: int) -> list[str]:
    return ended.stdout.splitlines()[-count:]


def test_the_last_block_counts_the_skips_by_reason(tmp_path: Path) -> None:
    ended = run(tmp_path, SKIPS)

    assert last_lines(ended, 3) == ["4 skipped:", "  3 x no kettle", "  1 x no oven"]
    assert ended.returncode == 0


def test_a_run_without_skips_says_so(tmp_path: Path) -> None:
    ended = run(tmp_path, "def test_runs():\n    pass\n", ci="true")

    assert last_lines(ended, 1) == ["nothing was skipped"]
    assert ended.returncode == 0


@pytest.mark.parametrize(("options", "ci"), [(["--no-skips"], ""), ([], "true")])
def test_where_skips_are_forbidden_they_fail_the_run(tmp_path: Path, options: list[str], ci: str) -> None:
    ended = run(tmp_path, SKIPS, *options, ci=ci)

    assert ended.returncode == 1
    assert last_lines(ended, 3)[0] == "4 skipped, which fails this run:"


def test_a_module_that_skips_itself_counts(tmp_path: Path) -> None:
    ended = run(tmp_path, "import pytest\npytest.skip('not here', allow_module_level=True)\n", "--no-skips")

    assert ended.returncode == 1
    assert last_lines(ended, 1) == ["  1 x not here"]


def test_with_several_workers_each_skip_counts_once(tmp_path: Path) -> None:
    ended = run(tmp_path, SKIPS, "-p", "xdist", "-n", "2", "--no-skips")

    assert ended.returncode == 1
    assert last_lines(ended, 3) == ["4 skipped, which fails this run:", "  3 x no kettle", "  1 x no oven"]
