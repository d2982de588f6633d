"""How a service lives: started in order, watched while it runs, stopped in the mirror order, dead in time.

Exit statuses: 0 stopped as asked; 1 could not start, or something of it died; 3 contradiction (fenced, stale); 75 it
would not stop and the watchdog ended it.
"""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, NoReturn, TypeVar

import structlog
import uvloop

from trunkline import failpoints, lean
from trunkline.errors import Contradiction, StartFailed
from trunkline.logging import configure_logging
from trunkline.ops import Check, Note, Readiness, loop_lag, ops_server
from trunkline.settings import ServiceSettings, SettingsError, load_settings, variables_of

T = TypeVar("T")
S = TypeVar("S", bound=ServiceSettings)

EXIT_STOPPED: Final = 0
EXIT_FAILED: Final = 1
EXIT_CONTRADICTION: Final = 3
EXIT_WATCHDOG: Final = 75

# How long stopping may take, from the signal on:
#   20 s  every component and side task together (each at most 8 s)
#    1 s  the ops server's last answers
#    2 s  the loop's remaining tasks and threads
# = 23 s, under the watchdog's 30 s, which is under the 40 s that Kubernetes is told to grant. `trunkline up` grants
# 10 s and kills: on one machine a person is waiting.
_LEAVE_EACH_S: Final = 8.0
_LEAVE_ALL_S: Final = 20.0
WATCHDOG_S: Final = 30.0

_EXPECTED = (StartFailed, Contradiction, OSError, TimeoutError)
"""Failures of the surroundings: their words suffice. Anything else is a bug of ours and is logged with its stack."""

_Leave = Callable[[float], Awaitable[None]]


class Service:
    """One running service: what it entered, its side tasks and its readiness."""

    def __init__(self, name: str, settings: ServiceSettings) -> None:
        self.name = name
        self.settings = settings
        self.stopping = asyncio.Event()
        """Set when the service begins to stop; a side task with a grace ends itself on it."""
        self.status = EXIT_STOPPED
        self._readiness = Readiness()
        self._entered: list[tuple[str, _Leave]] = []
        self._log = structlog.get_logger()
        self._owner: asyncio.Task[Any] | None = None
        self._building = False

    async def enter(self, name: str, component: AbstractAsyncContextManager[T], timeout_s: float = 30.0) -> T:
        """Enter a component and leave it, in reverse order, when the service stops.

        StartFailed when it takes longer than `timeout_s`. Entered and left in the same asyncio task.
        """
        try:
            async with asyncio.timeout(timeout_s) as limit:
                value = await component.__aenter__()
        except TimeoutError as error:
            if limit.expired():
                raise StartFailed(f"{name} did not start within {timeout_s:g} s") from error
            raise

        async def leave(seconds: float) -> None:
            async with asyncio.timeout(seconds):
                await component.__aexit__(None, None, None)

        self._entered.append((name, leave))
        self._log.debug("component_started", component=name)
        return value

    def spawn(self, name: str, coroutine: Coroutine[Any, Any, object], *, grace_s: float = 0.0) -> None:
        """Run a side task. Its end or failure stops the service with status 1 (3 for a Contradiction).

        When the service stops it has `grace_s` to end by itself (watch `stopping`), then it is cancelled; in its turn,
        before whatever was entered earlier is left.
        """
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        task.add_done_callback(lambda _: self._side_task_ended(name, task))

        async def leave(seconds: float) -> None:
            if grace_s and not task.done():
                await asyncio.wait([task], timeout=min(grace_s, seconds))
            task.cancel()
            _, running = await asyncio.wait([task], timeout=seconds)
            if running:
                raise TimeoutError

        self._entered.append((name, leave))

    def readiness(self, name: str, check: Check) -> None:
        """Let `/readyz` ask this too: None when ready, else why not (at most 2 s; an error is an answer)."""
        self._readiness.checks[name] = check

    def note(self, name: str, note: Note) -> None:
        """Let `/readyz` tell this beside the checks, when there is something to tell; the service stays ready."""
        self._readiness.notes[name] = note

    def request_stop(self, reason: str, *, status: int = EXIT_STOPPED) -> None:
        """Begin to stop. The first failure's status counts, also when it comes while stopping."""
        if self.status == EXIT_STOPPED:
            self.status = status
        if self.stopping.is_set():
            return
        self._log.info("service_stopping", reason=reason)
        self._readiness.not_taking_part = "stopping"
        self.stopping.set()
        if self._building and self._owner is not None:
            self._owner.cancel()

    async def run(self, build: Callable[[Service], Awaitable[None]]) -> int:
        """Build, run until asked to stop or something dies, leave everything; the exit status."""
        self._owner = asyncio.current_task()
        ops_variable = variables_of("ops_port", type(self.settings).model_fields["ops_port"])[0]
        ops = ops_server(self.settings.ops_host, self.settings.ops_port, self._readiness, variable=ops_variable)
        try:
            await self.enter("ops", ops)
            await self.enter("loop lag", loop_lag())
            self._building = True
            try:
                await build(self)
            finally:
                self._building = False
            await self.run_until_stopped()
        except asyncio.CancelledError:
            self._cancelled()
        except Exception as error:  # noqa: BLE001 - the last place that can still leave what was entered
            self._start_failed(error)
        finally:
            await self._leave_all()
        self._log.info("service_stopped", status=self.status)
        return self.status

    async def run_until_stopped(self) -> None:
        """Take part until something asks to stop."""
        if not self.stopping.is_set():
            settle_memory()
            self._readiness.not_taking_part = None
            self._log.info("service_started", member=self.settings.member, checks=sorted(self._readiness.checks))
        await self.stopping.wait()

    def _cancelled(self) -> None:
        """Cancelled by our own request_stop while building, or by a component's task group that failed."""
        if self._owner is not None:
            self._owner.uncancel()
        if not self.stopping.is_set():
            self.request_stop("a component cancelled the service", status=EXIT_FAILED)

    def _start_failed(self, error: Exception) -> None:
        expected = isinstance(error, _EXPECTED)
        words = str(error) if isinstance(error, StartFailed) else f"{type(error).__name__}: {error}"
        self._log.error("start_failed", reason=words, exc_info=None if expected else error)
        self.request_stop("start failed", status=status_of(error))

    def _side_task_ended(self, name: str, task: asyncio.Task[object]) -> None:
        if task.cancelled():
            if not self.stopping.is_set():
                self._log.error("side_task_cancelled", side_task=name)
                self.request_stop(f"{name} was cancelled", status=EXIT_FAILED)
            return
        error = task.exception()
        if error is not None:
            self._log.error("side_task_failed", side_task=name, exc_info=error)
            self.request_stop(f"{name} failed", status=status_of(error))
        elif not self.stopping.is_set():
            self._log.error("side_task_ended", side_task=name)
            self.request_stop(f"{name} ended", status=EXIT_FAILED)

    async def _leave_all(self) -> None:
        deadline = asyncio.get_running_loop().time() + _LEAVE_ALL_S
        while self._entered:
            name, leave = self._entered.pop()
            seconds = max(0.1, min(_LEAVE_EACH_S, deadline - asyncio.get_running_loop().time()))
            try:
                await leave(seconds)
            except TimeoutError:
                self._log.error("component_still_running", component=name, after_seconds=round(seconds, 1))
                self.request_stop(f"{name} did not stop", status=EXIT_FAILED)
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - the others must still be left; it is logged and decides the status
                self._log.error("component_failed_to_stop", component=name, exc_info=error)
                self.request_stop(f"{name} failed to stop", status=status_of(error))


def settle_memory() -> None:
    """Let the collector look less often, and never at what the imports and the start made.

    Its default, a look at every 700 new objects, took an eighth of a busy service's CPU (measured): a message under way
    is a few hundred objects, all of which go by reference count. What garbage the start left is frozen with the rest:
    to find those 2 000 objects takes as long as a tenth of all imports.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def status_of(error: BaseException) -> int:
    """The exit status for an error that ends a service."""
    if isinstance(error, BaseExceptionGroup):
        return EXIT_CONTRADICTION if error.subgroup(Contradiction) else EXIT_FAILED
    return EXIT_CONTRADICTION if isinstance(error, Contradiction) else EXIT_FAILED


def main(name: str, settings_type: type[S], build: Callable[[Service], Awaitable[None]]) -> NoReturn:
    """Be the service `name`: settings, logs, loop, build, wait, stop. Ends the process with its exit status."""
    faulthandler.enable()
    lean.frugal_malloc()
    try:
        settings = load_settings(settings_type)
        configure_logging(name, level=settings.log_level, log_format=settings.log_format)
        failpoints.arm(settings.failpoints)
    except (SettingsError, ValueError) as error:
        sys.stderr.write(f"{name} cannot start: {error}\n")
        sys.exit(EXIT_FAILED)
    status = uvloop.run(_live(name, settings, build))
    gc.freeze()  # measured: without it the interpreter spends half a second collecting what is about to vanish
    sys.exit(status)


async def _live(name: str, settings: ServiceSettings, build: Callable[[Service], Awaitable[None]]) -> int:
    service = Service(name, settings)
    loop = asyncio.get_running_loop()
    asked = False

    def on_signal(number: int, _frame: object) -> None:
        # A Python-level handler: it runs, and starts the watchdog, also when the loop is stuck in a callback.
        nonlocal asked
        if asked:
            return
        asked = True
        _start_watchdog()
        loop.call_soon_threadsafe(service.request_stop, signal.Signals(number).name)

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    try:
        return await service.run(build)
    finally:
        if not asked:
            _start_watchdog()  # what is left of the process must also end when it died of itself


def _start_watchdog() -> None:
    def bite() -> None:
        sys.stderr.write(f"still running {WATCHDOG_S:g} s after it was asked to stop; stacks follow\n")
        faulthandler.dump_traceback(all_threads=True)
        os._exit(EXIT_WATCHDOG)

    timer = threading.Timer(WATCHDOG_S, bite)
    timer.daemon = True
    timer.start()
