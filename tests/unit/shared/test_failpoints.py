"""Failpoints do exactly what was armed, at their point, and prove it."""

from __future__ import annotations

import ast
import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from trunkline import failpoints
from trunkline.failpoints import POINTS, FailpointHit, afailpoint, arm, failpoint

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _two_points(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(POINTS, "test.one", "between the first step and the second")
    monkeypatch.setitem(POINTS, "test.two", "between the second step and the third")
    yield
    arm("")


def test_an_unarmed_point_does_nothing() -> None:
    failpoint("test.one")


async def test_an_unarmed_point_in_a_coroutine_does_nothing() -> None:
    await afailpoint("test.one")


async def test_a_point_that_is_not_registered_is_an_error_even_when_nothing_is_armed() -> None:
    with pytest.raises(LookupError, match=r"test\.three"):
        failpoint("test.three")
    with pytest.raises(LookupError, match=r"test\.three"):
        await afailpoint("test.three")


async def test_raise_fails_with_its_words_at_its_own_point_only(capfd: pytest.CaptureFixture[str]) -> None:
    arm("test.one=raise(disk on fire)")

    failpoint("test.two")
    with pytest.raises(FailpointHit, match=r"test\.one: disk on fire"):
        failpoint("test.one")
    with pytest.raises(FailpointHit):
        await afailpoint("test.one")

    assert capfd.readouterr().err.count("failpoint test.one: raise in process") == 2


def test_once_strikes_at_the_first_passage_only() -> None:
    arm("test.one=once(raise(x));test.two=raise(y)")

    with pytest.raises(FailpointHit):
        failpoint("test.one")

    failpoint("test.one")
    with pytest.raises(FailpointHit):
        failpoint("test.two")


def test_sleep_holds_the_thread() -> None:
    arm("test.one=sleep(0.05)")
    began = time.monotonic()

    failpoint("test.one")

    assert time.monotonic() - began >= 0.05


async def test_sleep_in_a_coroutine_lets_others_run() -> None:
    arm("test.one=sleep(0.2)")
    passing = asyncio.create_task(afailpoint("test.one"))

    await asyncio.sleep(0)  # not a wait for time: one turn of the loop, in which the point is reached

    assert not passing.done()
    await passing


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("test.one", "expected name=action"),
        ("test.three=kill", "does not exist"),
        ("test.one=explode", "none of kill"),
        ("test.one=sleep(-1)", "none of kill"),
        ("test.one=once(once(kill))", "none of kill"),
    ],
)
def test_what_cannot_be_armed_is_refused_and_nothing_changes(text: str, words: str) -> None:
    arm("test.two=raise(still armed)")

    with pytest.raises(ValueError, match=words):
        arm(text)

    with pytest.raises(FailpointHit, match="still armed"):
        failpoint("test.two")


def test_kill_ends_the_process_before_its_next_step_and_proves_it() -> None:
    program = (
        "from trunkline import failpoints as f\n"
        "f.POINTS['test.one'] = ''\n"
        "f.arm('test.one=kill')\n"
        "print('before', flush=True)\n"
        "f.failpoint('test.one')\n"
        "print('after', flush=True)\n"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=20)

    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout == "before\n"
    assert ended.stderr.startswith("failpoint test.one: kill in process ")


def test_every_point_in_the_code_is_registered_and_every_registered_point_is_in_the_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()  # the test's own two points are in no code

    assert set(POINTS) == _points_in_the_code()


def _points_in_the_code() -> set[str]:
    names: set[str] = set()
    for path in [*ROOT.glob("shared/trunkline/**/*.py"), *ROOT.glob("services/**/*.py")]:
        if path.name == Path(failpoints.__file__).name:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _called(node.func) in {"failpoint", "afailpoint"}:
                point = node.args[0]
                assert isinstance(point, ast.Constant), f"{path}:{node.lineno}: a failpoint's name must be literal"
                names.add(str(point.value))
    return names


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
