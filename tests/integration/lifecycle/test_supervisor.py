"""The supervisor with small real children: readiness order, restarts, an end in time, nothing left behind."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from trunkline.child import Output

# A child for the tests: says what happens to it, and is told by its arguments what to do.
CHILD = """
import os, signal, sys, time
name, *traits = sys.argv[1:]
def say(*words):
    print(*words, flush=True)
def asked(*_):
    os.write(1, b"asked\\n")  # a print may be under way: it cannot be entered twice
    if "deaf" not in traits:
        raise SystemExit(7 if "sour" in traits else 0)
signal.signal(signal.SIGTERM, asked)
say("pid", os.getpid())
if "dies" in traits:
    raise SystemExit(3)
if "flood" in traits:
    sys.stdout.write("x" * 40_000 + "\\nsecond\\nno newline at the end")
    raise SystemExit(0)
if "grandchild" in traits:
    import subprocess
    say("grandchild", subprocess.Popen(["sleep", "600"]).pid)
if "slow" in traits:
    time.sleep(0.4)
if "ready" in traits or "slow" in traits:
    open(os.environ["FOLDER"] + "/" + name, "w").close()
if "once" in traits:
    raise SystemExit(0)
while True:
    signal.pause()
"""

SUPERVISOR = """
import asyncio, json, os, sys
from trunkline.child import ChildSpec, Output
from trunkline.supervisor import Limits, Supervisor

def spec(name, traits):
    async def ready():
        return os.path.exists(os.environ["FOLDER"] + "/" + name)
    probe = ready if {"ready", "slow", "never"} & set(traits) else None
    command = ["/no/such/program"] if "missing" in traits else [sys.executable, "-c", child, name, *traits]
    return ChildSpec(name, command, ready=probe, once="once" in traits)

stages, limits, child = json.load(sys.stdin)
built = [[spec(name, traits) for name, *traits in stage] for stage in stages]
names = ["trunkline", *(each.name for stage in built for each in stage)]
output = Output(sys.stdout, names=names, colour=False)
supervisor = Supervisor(built, output, limits=Limits(**limits))
sys.exit(asyncio.run(supervisor.run(lambda: output.line("trunkline", "all ready"))))
"""


class Run:
    """A supervisor with its children, in a session of its own."""

    def __init__(self, folder: Path, stages: list[list[list[str]]], limits: dict[str, float]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISOR],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={"PATH": os.environ["PATH"], "FOLDER": str(folder)},
            start_new_session=True,
        )
        self.lines: list[str] = []
        self.pids: set[int] = set()
        assert self.process.stdin is not None
        json.dump([stages, limits, CHILD], self.process.stdin)
        self.process.stdin.close()

    def until(self, pattern: str) -> str:
        """Read on to the first line that matches."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._note(line)
            if re.search(pattern, line):
                return line
        raise AssertionError(f"ended before {pattern!r}:\n" + "".join(self.lines))

    def status(self) -> int:
        """Read to the end; the exit status."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._note(line)
        return self.process.wait(30)

    def alive(self) -> list[int]:
        """Which of the children (and theirs) still run."""
        return [pid for pid in self.pids if psutil.pid_exists(pid) and _runs(pid)]

    def close(self) -> None:
        self.process.kill()
        self.process.wait(10)
        for pid in self.alive():
            os.kill(pid, signal.SIGKILL)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _note(self, line: str) -> None:
        self.lines.append(line)
        if found := re.search(r"\| (?:pid|grandchild) (\d+)$", line):
            self.pids.add(int(found[1]))


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    running: list[Run] = []

    def start(*stages: list[list[str]], **limits: float) -> Run:
        running.append(Run(tmp_path, list(stages), limits))
        return running[-1]

    yield start
    for run in running:
        run.close()


def order(run: Run, pattern: str) -> list[str]:
    return [line.split("|")[0].strip() for line in run.lines if re.search(pattern, line)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asked_to_stop_it_ends_the_stages_in_mirror_order_with_status_0(
    supervise: Callable[..., Run], number: signal.Signals
) -> None:
    run = supervise([["log", "ready"], ["board", "ready"]], [["setup", "once"]], [["router", "ready"]])
    run.until("all ready")

    run.process.send_signal(number)

    assert run.status() == 0
    assert order(run, "pid")[-1] == "router"
    asked = order(run, "asked")
    assert asked[0] == "router"
    assert sorted(asked[1:]) == ["board", "log"]
    assert run.alive() == []


def test_a_stage_waits_until_the_one_before_is_ready(supervise: Callable[..., Run]) -> None:
    run = supervise([["log", "slow"]], [["router", "ready"]])
    began = time.monotonic()
    run.until("router.*pid")

    assert time.monotonic() - began >= 0.4


def test_a_dead_child_is_restarted_with_growing_delays(supervise: Callable[..., Run]) -> None:
    run = supervise([["steady", "ready"]], [["fragile", "dies"]], first_restart_s=0.02, slowest_restart_s=0.1)

    for delay in ("0.02", "0.04", "0.08", "0.1", "0.1"):
        assert f"fragile ended with status 3; restarting in {delay} s" in run.until("restarting")

    run.process.terminate()
    assert run.status() == 0
    assert order(run, r"steady +\| pid") == ["steady"]


def test_a_killed_child_is_running_again(supervise: Callable[..., Run]) -> None:
    run = supervise([["router", "ready"]])
    run.until("all ready")
    (first,) = run.pids

    os.kill(first, signal.SIGKILL)

    assert "router was ended by SIGKILL; restarting in 0.05 s" in run.until("restarting")
    run.until("pid")
    assert len(run.alive()) == 1
    assert run.alive() != [first]


def test_a_child_that_lived_long_enough_is_restarted_with_the_first_delay(supervise: Callable[..., Run]) -> None:
    run = supervise([["router", "ready"]], first_restart_s=0.05, steady_after_s=0.0)
    run.until("all ready")

    for _ in range(3):
        os.kill(max(run.alive()), signal.SIGKILL)
        assert "restarting in 0.05 s" in run.until("restarting")
        run.until("pid")


def test_a_child_deaf_to_sigterm_is_killed_in_time_and_the_status_says_so(supervise: Callable[..., Run]) -> None:
    run = supervise([["log", "ready"]], [["mule", "ready", "deaf"]])
    run.until("all ready")
    began = time.monotonic()

    run.process.terminate()

    assert run.status() == 1
    assert time.monotonic() - began <= 10
    assert any("mule did not stop and is killed" in line for line in run.lines)
    assert order(run, "asked") == ["mule", "log"]
    assert run.alive() == []


def test_even_when_all_are_deaf_everything_has_ended_after_the_limit(supervise: Callable[..., Run]) -> None:
    run = supervise([["log", "ready", "deaf"]], [["router", "ready", "deaf"], ["agents", "ready", "deaf"]], stop_s=2.0)
    run.until("all ready")
    began = time.monotonic()

    run.process.terminate()

    assert run.status() == 1
    assert time.monotonic() - began <= 3
    assert run.alive() == []


def test_a_second_ctrl_c_kills_at_once(supervise: Callable[..., Run]) -> None:
    run = supervise([["mule", "ready", "deaf"]])
    run.until("all ready")
    began = time.monotonic()

    run.process.send_signal(signal.SIGINT)
    run.until("asked")
    run.process.send_signal(signal.SIGINT)

    assert run.status() == 1
    assert time.monotonic() - began <= 3


def test_a_child_that_ends_badly_when_asked_makes_the_status_1(supervise: Callable[..., Run]) -> None:
    run = supervise([["router", "ready", "sour"]])
    run.until("all ready")

    run.process.terminate()

    assert run.status() == 1
    assert any("router ended with status 7 when asked to stop" in line for line in run.lines)


def test_kill_9_of_the_supervisor_leaves_no_child(supervise: Callable[..., Run]) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux kills children with their parent")
    run = supervise([["log", "ready", "deaf"], ["router", "ready"]])
    run.until("all ready")
    processes = [psutil.Process(pid) for pid in run.pids]
    assert len(processes) == 2

    run.process.kill()
    run.process.wait(10)

    _, alive = psutil.wait_procs(processes, timeout=5)
    assert alive == []


def test_what_a_child_started_itself_does_not_outlive_it(supervise: Callable[..., Run]) -> None:
    run = supervise([["router", "ready", "grandchild"]])
    run.until("all ready")
    assert len(run.pids) == 2

    run.process.terminate()

    assert run.status() == 0
    assert run.alive() == []


def test_a_step_that_runs_once_must_succeed_before_the_next_stage(supervise: Callable[..., Run]) -> None:
    run = supervise([["log", "ready"]], [["setup", "once", "dies"]], [["router", "ready"]])

    assert run.status() == 1
    assert any("setup ended with status 3; its own words stand above" in line for line in run.lines)
    assert order(run, "pid") == ["log", "setup"]
    assert run.alive() == []


def test_a_child_that_cannot_become_ready_fails_the_start(supervise: Callable[..., Run]) -> None:
    run = supervise([["router", "never", "dies"], ["log", "ready"]], first_restart_s=0.01)

    assert run.status() == 1
    assert any("router ended with status 3 5 times without becoming ready" in line for line in run.lines)
    assert run.alive() == []


def test_a_child_that_is_never_ready_fails_the_start_by_name(supervise: Callable[..., Run]) -> None:
    run = supervise([["log", "ready"], ["router", "never"]], start_s=0.5)

    assert run.status() == 1
    assert any("not ready after 0.5 s: router" in line for line in run.lines)
    assert run.alive() == []


def test_a_program_that_does_not_exist_is_said_in_words(supervise: Callable[..., Run]) -> None:
    run = supervise([["router", "never", "missing"]], first_restart_s=0.01)

    assert run.status() == 1
    assert any("cannot run /no/such/program: No such file or directory" in line for line in run.lines)


def test_asked_while_starting_it_stops_what_runs(supervise: Callable[..., Run]) -> None:
    run = supervise([["log", "ready"]], [["router", "never"]])
    run.until("router.*pid")

    run.process.terminate()

    assert run.status() == 0
    assert run.alive() == []


def test_lines_keep_whole_whatever_their_length_and_carry_their_name(supervise: Callable[..., Run]) -> None:
    run = supervise([["talker", "flood", "once"], ["b", "ready"]])
    run.until("all ready")
    run.process.terminate()
    run.status()

    said = [line.split("| ", 1)[1].rstrip("\n") for line in run.lines if line.startswith("talker")]
    said = [line for line in said if not line.startswith("pid")]
    assert "".join(said[:-2]) == "x" * 40_000
    assert said[-2:] == ["second", "no newline at the end"]
    assert {line.index("|") for line in run.lines} == {len("trunkline ")}


async def test_the_output_goes_quiet_when_nobody_reads(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        output = Output(pipe, names=["a"], colour=True)
        output.line("a", "x" * 100_000)
        output.line("a", "again")

        assert output.broken
        sink: Any = await asyncio.to_thread(os.open, tmp_path / "sink", os.O_WRONLY | os.O_CREAT)
        os.dup2(sink, pipe.fileno())  # closing flushes what the broken pipe refused
        os.close(sink)
