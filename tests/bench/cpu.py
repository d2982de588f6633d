"""CPU seconds and memory of processes, told apart by what they are: the system's own, and the bench's."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import psutil

Pids = Callable[[], Mapping[str, int]]
"""Name → process id, asked anew each time: a process that was killed comes back with another."""


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, all its threads (on Linux /proc/<pid>/stat)."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


@dataclass(frozen=True, slots=True)
class Used:
    """CPU seconds by name, over some seconds of wall clock."""

    seconds: float
    by_name: Mapping[str, float]

    @property
    def total(self) -> float:
        """Of all together."""
        return sum(self.by_name.values())

    def each(self, messages: int) -> str:
        """Microseconds a message, by name, the largest first."""
        ordered = sorted(self.by_name.items(), key=lambda pair: -pair[1])
        return ", ".join(f"{name} {used / max(1, messages) * 1e6:.0f}" for name, used in ordered)

    def cores(self) -> str:
        """Cores in use, by name, the largest first."""
        ordered = sorted(self.by_name.items(), key=lambda pair: -pair[1])
        return ", ".join(f"{name} {used / self.seconds:.2f}" for name, used in ordered)

    def __add__(self, other: Used) -> Used:
        names = self.by_name.keys() | other.by_name.keys()
        together = {name: self.by_name.get(name, 0.0) + other.by_name.get(name, 0.0) for name in names}
        return Used(self.seconds + other.seconds, together)


class CpuMeter:
    """Measures from its making to `used()`. A process that was replaced in between counts from its own start."""

    def __init__(self, pids: Pids) -> None:
        self._pids = pids
        self._began = time.monotonic()
        self._before = {pid: cpu_seconds(pid) for pid in pids().values()}

    def used(self) -> Used:
        """Since it was made."""
        used = {name: cpu_seconds(pid) - self._before.get(pid, 0.0) for name, pid in self._pids().items()}
        return Used(time.monotonic() - self._began, used)


@dataclass(slots=True)
class Life:
    """One process's resident memory, once a second: (seconds since the sampler began, bytes)."""

    name: str
    sizes: list[tuple[float, int]] = field(default_factory=list)

    def mean(self, start: float, end: float) -> float | None:
        """Mean megabytes (10⁶) between two moments; None if it was not there."""
        found = [size for at, size in self.sizes if start <= at < end]
        return statistics.fmean(found) / 1e6 if found else None


class MemorySampler:
    """Resident memory of the system's services, once a second while inside `run`."""

    def __init__(self, pids: Pids) -> None:
        self._pids = pids
        self._began = time.monotonic()
        self.lives: dict[int, Life] = {}

    async def run(self) -> None:
        """Sample for ever."""
        while True:
            for name, pid in self._pids().items():
                with contextlib.suppress(psutil.NoSuchProcess):  # killed on purpose; its successor has another pid
                    size = psutil.Process(pid).memory_info().rss
                    self.lives.setdefault(pid, Life(name)).sizes.append((self.elapsed, size))
            await asyncio.sleep(1.0)

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began

    def largest(self) -> tuple[str, float]:
        """Name and megabytes (10⁶) of the largest there ever was."""
        size, name = max((max(size for _, size in life.sizes), life.name) for life in self.lives.values())
        return name, size / 1e6

    def growth(self, *, base: tuple[float, float], tail_s: float = 10.0) -> tuple[str, float] | None:
        """Who grew most from its mean within `base` (seconds) to its last `tail_s`, and by how many per cent.

        Only processes that lived through both; None if there is none.
        """
        grown = []
        for life in self.lives.values():
            before, after = life.mean(*base), life.mean(self.elapsed - tail_s, self.elapsed + 1)
            if before and after and self.elapsed - tail_s >= base[1]:
                grown.append((100 * (after / before - 1), life.name))
        if not grown:
            return None
        percent, name = max(grown)
        return name, percent
