"""Everything on one machine under one process: started by readiness, restarted when it dies, ended in mirror order.

Exit statuses: 0 stopped as asked; 1 something could not start, had to be killed, or ended badly when asked to stop.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from trunkline.child import Child, ChildSpec, Output

Stage = Sequence[ChildSpec]
"""Children that start together; the next stage waits until all of them are ready."""

_OWN_NAME: Final = "trunkline"
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ENDED_WELL: Final = frozenset({0, -signal.SIGTERM, -signal.SIGINT})
"""How a child may end when asked to: of itself, or by the signal if it has no handler for it."""


@dataclass(frozen=True)
class Limits:
    """Times in seconds; the tests shorten some."""

    first_restart_s: float = 0.05
    """Short, for what died once is missed at once; what dies again and again waits twice as long each time."""
    slowest_restart_s: float = 5.0
    steady_after_s: float = 30.0
    """A child that lived this long begins again with the first delay."""
    start_s: float = 60.0
    """A stage that is not ready by then has failed."""
    deaths_while_starting: int = 5
    """So many ends of one child before it was ever ready mean that it cannot start."""
    stop_s: float = 10.0
    """From the request to the last process's end."""
    poll_s: float = 0.05
    """How often a starting child is asked whether it is ready; afterwards nobody is asked."""


class StageFailed(Exception):
    """A stage could not be started; the message says which child and why."""


class _Kept:
    """One child that is kept running."""

    def __init__(self, spec: ChildSpec, output: Output, limits: Limits) -> None:
        self.spec = spec
        self._output = output
        self._limits = limits
        self._stopping = asyncio.Event()
        self.child: Child | None = None
        self.last_status: int | None = None
        self.was_ready = False
        self.deaths = 0
        self.stopped_alive = False
        self.life = asyncio.create_task(self._live(), name=f"life of {spec.name}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        self._stopping.set()
        if self.child is not None:
            self.stopped_alive = True
            self.child.signal(number)

    @property
    def ended_well(self) -> bool:
        """Whether its end, if we caused it, was a good one; an end before that has been told already."""
        return not self.stopped_alive or self.last_status in _ENDED_WELL

    async def _live(self) -> None:
        loop = asyncio.get_running_loop()
        delay = self._limits.first_restart_s
        while not self._stopping.is_set():
            began = loop.time()
            self.child = await Child.start(self.spec, self._output)
            if self._stopping.is_set():  # asked while it was being started
                self.child.signal(signal.SIGTERM)
            self.last_status = await self.child.ended()
            self.child = None
            if self._stopping.is_set() or self.spec.once:
                return
            self.deaths += 1
            if loop.time() - began >= self._limits.steady_after_s:
                delay = self._limits.first_restart_s
            self._say(f"{describe(self.last_status)}; restarting in {delay:g} s")
            await self._pause(delay)
            delay = min(delay * 2, self._limits.slowest_restart_s)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    async def until_ready(self) -> None:
        """Return when it is ready; StageFailed when it cannot become so."""
        while not self.was_ready:
            if self.spec.once:
                await asyncio.wait([self.life])
                if self.last_status != 0:
                    raise StageFailed(f"{self.spec.name} {describe(self.last_status)}; its own words stand above")
                self.was_ready = True
            elif self.deaths >= self._limits.deaths_while_starting:
                words = f"{describe(self.last_status)} {self.deaths} times without becoming ready"
                raise StageFailed(f"{self.spec.name} {words}; its own words stand above")
            elif self.child is not None and (self.spec.ready is None or await self.spec.ready()):
                self.was_ready = True
            else:
                await asyncio.sleep(self._limits.poll_s)

    def _say(self, text: str) -> None:
        self._output.line(_OWN_NAME, f"{self.spec.name} {text}")


class Supervisor:
    """Runs stages of children until asked to stop."""

    def __init__(self, stages: Sequence[Stage], output: Output, *, limits: Limits | None = None) -> None:
        self._stages = stages
        self._output = output
        self._limits = limits or Limits()
        self._kept: list[list[_Kept]] = []
        self._asked = asyncio.Event()
        self._impatient = asyncio.Event()
        self._broken = False

    async def run(self, on_ready: Callable[[], None]) -> int:
        """Start the stages in order, call `on_ready`, keep them until SIGINT, SIGTERM or SIGHUP; the exit status.

        A second signal kills at once what is left.
        """
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._signalled, number)
        asked = asyncio.create_task(self._asked.wait())
        starting = asyncio.create_task(self._start(on_ready))
        try:
            await asyncio.wait([asked, starting], return_when=asyncio.FIRST_COMPLETED)
            if starting.done() and not starting.exception():
                await asked
        finally:
            asked.cancel()
            starting.cancel()
            await asyncio.wait([starting])
            well = await self._stop()
            for number in _SIGNALS:
                loop.remove_signal_handler(number)
        failed = None if starting.cancelled() else starting.exception()
        if failed is not None and not isinstance(failed, StageFailed):
            raise failed
        return 0 if well and failed is None and not self._broken else 1

    def _signalled(self, number: signal.Signals) -> None:
        if self._asked.is_set():
            self._impatient.set()
            return
        self._say(f"{number.name}: stopping")
        self._asked.set()

    async def _start(self, on_ready: Callable[[], None]) -> None:
        for stage in self._stages:
            kept = [_Kept(spec, self._output, self._limits) for spec in stage]
            self._kept.append(kept)
            for each in kept:
                each.life.add_done_callback(self._life_ended)
            try:
                async with asyncio.timeout(self._limits.start_s):
                    await _all_ready(kept)
            except TimeoutError:
                late = ", ".join(each.spec.name for each in kept if not each.was_ready)
                raise self._failed(f"not ready after {self._limits.start_s:g} s: {late}") from None
            except StageFailed as failure:
                raise self._failed(str(failure)) from None
        on_ready()

    def _life_ended(self, life: asyncio.Task[None]) -> None:
        error = None if life.cancelled() else life.exception()
        if error is not None:  # no child's fault: the machine gave us no process or no pipe
            self._say(f"{life.get_name()}: {type(error).__name__}: {error}; stopping")
            self._broken = True
            self._asked.set()

    def _failed(self, words: str) -> StageFailed:
        self._say(words)
        return StageFailed(words)

    async def _stop(self) -> bool:
        """End everything, the last stage first; whether all ended well, in time and unforced."""
        deadline = asyncio.get_running_loop().time() + self._limits.stop_s
        well = True
        for index, stage in reversed(list(enumerate(self._kept))):
            # A fifth of the time is kept for each earlier stage: the log must not be killed for a slow service.
            earlier = sum(1 for other in self._kept[:index] if any(not kept.life.done() for kept in other))
            well = await self._stop_stage(stage, deadline - earlier * self._limits.stop_s / 5) and well
        return well

    async def _stop_stage(self, stage: list[_Kept], deadline: float) -> bool:
        for kept in reversed(stage):
            kept.stop()
        impatient = asyncio.create_task(self._impatient.wait())
        ended = asyncio.gather(*(kept.life for kept in stage), return_exceptions=True)
        left = max(0.0, deadline - asyncio.get_running_loop().time())
        first: list[asyncio.Future[Any]] = [impatient, ended]
        await asyncio.wait(first, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        impatient.cancel()
        late = [kept for kept in stage if not kept.life.done()]
        for kept in late:
            self._say(f"{kept.spec.name} did not stop and is killed")
            kept.stop(signal.SIGKILL)
        await ended
        ill = [kept for kept in stage if kept not in late and not kept.ended_well]
        for kept in ill:
            self._say(f"{kept.spec.name} {describe(kept.last_status)} when asked to stop")
        return not late and not ill

    def _say(self, text: str) -> None:
        self._output.line(_OWN_NAME, text)


async def _all_ready(stage: list[_Kept]) -> None:
    """Return when all are ready; the first that cannot become so fails them all."""
    try:
        async with asyncio.TaskGroup() as group:
            for kept in stage:
                group.create_task(kept.until_ready())
    except* StageFailed as failures:
        raise failures.exceptions[0] from None


def describe(status: int | None) -> str:
    """An exit status in words."""
    if status is None:
        return "never ran"
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"
