"""A real service process: ordered start, mirrored stop, honest status, dead in time."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from trunkline.ops import Readiness
from trunkline.service import EXIT_CONTRADICTION, EXIT_FAILED, EXIT_STOPPED, EXIT_WATCHDOG, Service
from trunkline.settings import ServiceSettings
from trunkline.testing.ports import free_port

PREAMBLE = """
import asyncio, sys, time
from contextlib import asynccontextmanager
from trunkline import service as s
from trunkline.errors import Contradiction, StartFailed
from trunkline.settings import ServiceSettings
from trunkline.testing.ports import free_port

def say(*words):
    print(*words, flush=True)

@asynccontextmanager
async def part(name):
    say("enter", name)
    try:
        yield name
    finally:
        say("leave", name)

"""
MAIN = "\ns.main('probe', ServiceSettings, build)\n"


class Program:
    """A service written by a test, running."""

    def __init__(self, build: str, port: int, **environment: str) -> None:
        self.port = port
        self.process = subprocess.Popen(
            [sys.executable, "-c", PREAMBLE + textwrap.dedent(build) + MAIN],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={"PATH": "/usr/bin:/bin", "TRUNKLINE_OPS_PORT": str(port), **environment},
        )
        self.said: list[str] = []
        self.logged: list[dict[str, Any]] = []

    def until(self, what: str) -> None:
        """Read on until the program said it or logged an event of that name."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if self._heard(line.rstrip()) == what:
                return
        raise AssertionError(f"ended before {what!r}: {self.said} {self.logged} {self.errors()}")

    def status(self) -> int:
        """Read to the end; the exit status."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._heard(line.rstrip())
        return self.process.wait(30)

    def errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read()

    def events(self, level: str) -> list[dict[str, Any]]:
        return [event for event in self.logged if event["level"] == level]

    def get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def _heard(self, line: str) -> str:
        if line.startswith("{"):
            self.logged.append(json.loads(line))
            return str(self.logged[-1]["event"])
        self.said.append(line)
        return line


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def run(port: int) -> Iterator[Callable[..., Program]]:
    running: list[Program] = []

    def start(build: str, **environment: str) -> Program:
        running.append(Program(build, port, **environment))
        return running[-1]

    yield start
    for program in running:
        program.close()


TWO_PARTS = """
async def build(service):
    await service.enter("first", part("first"))
    await service.enter("second", part("second"))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_components_are_entered_in_order_and_left_in_reverse_on_a_signal(
    run: Callable[..., Program], number: signal.Signals
) -> None:
    program = run(TWO_PARTS)
    program.until("service_started")

    program.process.send_signal(number)

    assert program.status() == EXIT_STOPPED
    assert program.said == ["enter first", "enter second", "leave second", "leave first"]


def test_a_second_signal_changes_nothing(run: Callable[..., Program]) -> None:
    program = run("""
    @asynccontextmanager
    async def slow():
        yield
        say("leaving")
        await asyncio.sleep(0.5)
        say("left")

    async def build(service):
        await service.enter("slow", slow())
    """)
    program.until("service_started")

    program.process.terminate()
    program.until("leaving")
    program.process.terminate()

    assert program.status() == EXIT_STOPPED
    assert "left" in program.said


def test_alive_at_once_ready_when_started_and_every_check_agrees(run: Callable[..., Program]) -> None:
    program = run(
        """
    async def build(service):
        answers = iter(["the log is away", None, None])
        async def log():
            return next(answers)
        service.readiness("log", log)
        say("building")
        while not asked.is_set():
            await asyncio.sleep(0.01)

    import signal
    asked = asyncio.Event()
    signal.signal(signal.SIGUSR1, lambda *_: asked.set())
    """
    )
    program.until("building")

    assert program.get("/healthz")[0] == 200
    status, body = program.get("/readyz")
    assert status == 503
    assert json.loads(body) == {"ready": False, "checks": {"log": "the log is away", "service": "starting"}}

    program.process.send_signal(signal.SIGUSR1)
    program.until("service_started")
    status, body = program.get("/readyz")
    assert (status, json.loads(body)) == (200, {"ready": True, "checks": {"log": "ok"}})


def test_a_note_is_told_while_there_is_one_and_the_service_stays_ready(run: Callable[..., Program]) -> None:
    program = run("""
    async def build(service):
        notes = iter(["the file is refused", None])
        service.note("configuration", lambda: next(notes))
    """)
    program.until("service_started")

    status, body = program.get("/readyz")
    assert (status, json.loads(body)) == (
        200, {"ready": True, "checks": {}, "notes": {"configuration": "the file is refused"}},
    )  # fmt: skip
    status, body = program.get("/readyz")
    assert (status, json.loads(body)) == (200, {"ready": True, "checks": {}})


def test_not_ready_while_stopping(run: Callable[..., Program]) -> None:
    program = run("""
    @asynccontextmanager
    async def slow():
        yield
        say("leaving")
        await asyncio.sleep(2)

    async def build(service):
        await service.enter("slow", slow())
    """)
    program.until("service_started")
    assert program.get("/readyz")[0] == 200

    program.process.terminate()
    program.until("leaving")

    status, body = program.get("/readyz")
    assert (status, json.loads(body)) == (503, {"ready": False, "checks": {"service": "stopping"}})
    assert program.status() == EXIT_STOPPED


def test_metrics_tell_how_late_the_loop_is(run: Callable[..., Program]) -> None:
    program = run("""
    async def build(service):
        asyncio.get_running_loop().call_later(1.2, lambda: (time.sleep(1.5), say("blocked")))
    """)
    program.until("blocked")

    _, body = program.get("/metrics")

    (line,) = [line for line in body.splitlines() if line.startswith("trunkline_loop_lag_seconds")]
    assert 0.4 <= float(line.split()[1]) <= 3


def test_a_side_task_that_dies_stops_the_service_in_order_with_its_stack_in_the_log(
    run: Callable[..., Program],
) -> None:
    program = run("""
    async def side():
        await asyncio.sleep(0.1)
        raise RuntimeError("out of paper")

    async def build(service):
        await service.enter("first", part("first"))
        service.spawn("printer", side())
    """)

    assert program.status() == EXIT_FAILED
    (event,) = program.events("error")
    assert event["side_task"] == "printer"
    assert "out of paper" in event["exception"]
    assert program.said == ["enter first", "leave first"]


def test_a_side_task_that_merely_ends_stops_the_service_too(run: Callable[..., Program]) -> None:
    program = run("""
    async def build(service):
        service.spawn("relay", asyncio.sleep(0.1))
    """)

    assert program.status() == EXIT_FAILED
    assert [event["event"] for event in program.events("error")] == ["side_task_ended"]


@pytest.mark.parametrize(
    "raised", ["Contradiction('fenced')", "ExceptionGroup('both', [ValueError('x'), Contradiction('stale')])"]
)
def test_a_contradiction_has_its_own_status(run: Callable[..., Program], raised: str) -> None:
    program = run(f"""
    async def side():
        raise {raised}

    async def build(service):
        service.spawn("owner", side())
    """)

    assert program.status() == EXIT_CONTRADICTION


def test_a_side_task_is_stopped_before_what_it_uses_is_left(run: Callable[..., Program]) -> None:
    program = run("""
    async def consume():
        try:
            await asyncio.sleep(60)
        finally:
            say("consumer stopped")

    async def build(service):
        await service.enter("log", part("log"))
        service.spawn("consumer", consume())
        await service.enter("door", part("door"))
    """)
    program.until("service_started")

    program.process.terminate()

    assert program.status() == EXIT_STOPPED
    assert program.said[2:] == ["leave door", "consumer stopped", "leave log"]


def test_a_side_task_with_a_grace_finishes_what_is_in_hand(run: Callable[..., Program]) -> None:
    program = run("""
    async def consume(service):
        await service.stopping.wait()
        await asyncio.sleep(0.2)
        say("finished")

    async def build(service):
        service.spawn("consumer", consume(service), grace_s=5)
    """)
    program.until("service_started")

    program.process.terminate()

    assert program.status() == EXIT_STOPPED
    assert program.said == ["finished"]


def test_a_failed_start_leaves_what_was_entered_and_says_why_in_one_line(run: Callable[..., Program]) -> None:
    program = run("""
    async def build(service):
        await service.enter("first", part("first"))
        await service.enter("second", part("second"))
        raise StartFailed("the log has 6 shards, not 12")
    """)

    assert program.status() == EXIT_FAILED
    (event,) = program.events("error")
    assert event["reason"] == "the log has 6 shards, not 12"
    assert "exception" not in event
    assert program.said[2:] == ["leave second", "leave first"]


def test_a_bug_while_starting_is_logged_with_its_stack(run: Callable[..., Program]) -> None:
    program = run("""
    async def build(service):
        raise KeyError("no such thing")
    """)

    assert program.status() == EXIT_FAILED
    assert "Traceback" in program.events("error")[0]["exception"]


def test_a_signal_while_starting_ends_the_start(run: Callable[..., Program]) -> None:
    program = run("""
    async def build(service):
        await service.enter("first", part("first"))
        say("waiting")
        await asyncio.sleep(60)
    """)
    program.until("waiting")

    program.process.terminate()

    assert program.status() == EXIT_STOPPED
    assert program.said[-1] == "leave first"


def test_a_component_that_does_not_start_in_time_fails_the_start(run: Callable[..., Program]) -> None:
    program = run("""
    @asynccontextmanager
    async def never():
        await asyncio.sleep(60)
        yield

    async def build(service):
        await service.enter("first", part("first"))
        await service.enter("database", never(), timeout_s=0.2)
    """)

    assert program.status() == EXIT_FAILED
    assert program.events("error")[0]["reason"] == "database did not start within 0.2 s"
    assert program.said[-1] == "leave first"


def test_a_component_that_does_not_stop_is_named_and_the_others_are_still_left(run: Callable[..., Program]) -> None:
    program = run("""
    s._LEAVE_EACH_S = 0.2

    @asynccontextmanager
    async def stuck():
        yield
        await asyncio.sleep(60)

    async def build(service):
        await service.enter("first", part("first"))
        await service.enter("mule", stuck())
    """)
    program.until("service_started")

    program.process.terminate()

    assert program.status() == EXIT_FAILED
    assert program.events("error")[0]["component"] == "mule"
    assert program.said[-1] == "leave first"


def test_a_component_whose_task_group_fails_stops_the_service(run: Callable[..., Program]) -> None:
    program = run("""
    async def lane():
        await asyncio.sleep(0.1)
        raise RuntimeError("lane broke")

    @asynccontextmanager
    async def lanes():
        async with asyncio.TaskGroup() as group:
            group.create_task(lane())
            yield

    async def build(service):
        await service.enter("first", part("first"))
        await service.enter("lanes", lanes())
    """)

    assert program.status() == EXIT_FAILED
    assert any("lane broke" in event.get("exception", "") for event in program.events("error"))
    assert program.said[-1] == "leave first"


def test_a_process_that_will_not_stop_is_ended_by_its_watchdog_with_the_stacks(run: Callable[..., Program]) -> None:
    program = run("""
    s.WATCHDOG_S = 0.5

    def block():
        say("blocked")
        while True:
            time.sleep(0.05)

    async def build(service):
        asyncio.get_running_loop().call_later(0.2, block)
    """)
    program.until("blocked")

    program.process.terminate()

    assert program.status() == EXIT_WATCHDOG
    assert "in block" in program.errors()


def test_a_port_in_use_is_one_sentence_with_the_variable_that_changes_it(
    run: Callable[..., Program], port: int
) -> None:
    with socket.create_server(("127.0.0.1", port)):
        program = run(TWO_PARTS)
        status = program.status()

    assert status == EXIT_FAILED
    reason = program.events("error")[0]["reason"]
    assert reason.startswith(f"port {port} for this service is in use by process {os.getpid()} (")
    assert reason.endswith("): stop it, or set TRUNKLINE_OPS_PORT to another")
    assert program.said == []


def test_a_wrong_environment_is_told_on_stderr_before_anything_starts(run: Callable[..., Program]) -> None:
    program = run(TWO_PARTS, TRUNKLINE_SHARD="6")

    assert program.status() == EXIT_FAILED
    assert program.errors() == (
        "probe cannot start: TRUNKLINE_SHARD is not a setting; did you mean TRUNKLINE_SHARDS?\n"
    )


def test_an_unknown_failpoint_is_refused_before_anything_starts(run: Callable[..., Program]) -> None:
    program = run(TWO_PARTS, TRUNKLINE_FAILPOINTS="no.such.point=kill")

    assert program.status() == EXIT_FAILED
    assert "no.such.point" in program.errors()


async def test_a_check_that_hangs_or_fails_is_an_answer() -> None:
    readiness = Readiness()
    readiness.not_taking_part = None

    async def hang() -> str | None:
        await Service("probe", ServiceSettings()).stopping.wait()
        return None

    async def fail() -> str | None:
        raise ConnectionError("refused")

    readiness.checks |= {"board": hang, "log": fail}

    assert await readiness.report() == {"board": "no answer within 2 s", "log": "ConnectionError: refused"}
