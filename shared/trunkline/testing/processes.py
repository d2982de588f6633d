"""One of our services as a real process: started, waited for, killed, paused, ended, and proof that it happened."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from trunkline.testing.child import Child
from trunkline.testing.errors import ChildError
from trunkline.testing.nursery import Nursery

_PROBE_S = 1.0


class Service:
    """`python -m module` with an environment of its own: ours without any TRUNKLINE_*, and then `env`.

    Leaving `async with` kills what still runs. `ready_url` is its /readyz, loopback HTTP; without one it counts as
    ready when it runs. Started again, it appends to the same log. A nursery, if given, forks it.
    """

    def __init__(
        self,
        module: str,
        *,
        env: Mapping[str, str],
        log: Path,
        ready_url: str | None = None,
        arguments: Sequence[str] = (),
        cwd: Path | None = None,
        nursery: Nursery | None = None,
    ) -> None:
        self.module = module
        self.log = log
        self.ready_url = ready_url
        self._arguments = list(arguments)
        self._cwd = cwd
        self._nursery = nursery
        self._env = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
        self._env |= {"PYTHONUNBUFFERED": "1", **env}
        self._child: Child | None = None

    @property
    def pid(self) -> int:
        """The process id of its present (or last) life."""
        return self._started().pid

    @property
    def returncode(self) -> int | None:
        """None while it runs; then its exit status, or minus the signal that ended it."""
        return self._started().returncode

    @property
    def running(self) -> bool:
        """Whether its process is there; it may be paused."""
        return self._child is not None and self._child.returncode is None

    def output(self) -> str:
        """All it has written, of all its lives."""
        return self._started().output()

    async def start(self, *, ready_within: float = 15) -> None:
        """Start it and return when it is ready; ChildError, with its last lines, if it ends or is not in time."""
        self.spawn()
        await self.ready(within=ready_within)

    def spawn(self) -> None:
        """Start it without waiting; for a start that is meant to fail, or several at once."""
        if self.running:
            raise ChildError(f"{self.module} already runs")
        if self._nursery is not None:
            self._child = self._nursery.fork(self.module, self._arguments, log=self.log, env=self._env, cwd=self._cwd)
            return
        argv = [sys.executable, "-m", self.module, *self._arguments]
        self._child = Child.run(argv, log=self.log, env=self._env, cwd=self._cwd)

    async def ready(self, *, within: float) -> None:
        """Wait until /readyz answers 200."""
        child = self._started()
        loop = asyncio.get_running_loop()
        deadline, last = loop.time() + within, "nothing"
        while loop.time() < deadline:
            if child.returncode is not None:
                raise ChildError(f"{self.module} ended with {child.returncode} before ready:\n{child.output(30)}")
            if self.ready_url is None:
                return
            status = await http_status(self.ready_url)
            if status == 200:
                return
            last = "nothing" if status is None else str(status)
            await asyncio.sleep(0.02)
        raise ChildError(f"{self.module} was not ready within {within} s (last answer: {last}):\n{child.output(30)}")

    async def stop(self, *, within: float = 15, status: int = 0) -> None:
        """SIGTERM; ChildError unless it ends in time with this exit status."""
        child = self._started()
        self._must(await child.stop(within), status)

    async def kill(self) -> None:
        """SIGKILL; ChildError unless that is what ended it, so a test knows that its fault happened."""
        self._must(await self._started().kill(), -signal.SIGKILL)

    async def ended(self, *, status: int, within: float = 15) -> None:
        """Wait until it ends by itself; ChildError unless in time with this exit status."""
        self._must(await self._started().wait(within), status)

    async def pause(self) -> None:
        """SIGSTOP; returns when it stands."""
        await self._started().pause()

    async def resume(self) -> None:
        """SIGCONT."""
        await self._started().resume()

    def _must(self, found: int, status: int) -> None:
        if found != status:
            raise ChildError(
                f"{self.module} ended with {found}, not {status}; its last lines:\n{self._started().output(30)}"
            )

    def _started(self) -> Child:
        if self._child is None:
            raise ChildError(f"{self.module} was never started")
        return self._child

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.running:
            await self._started().kill()


async def http_status(url: str) -> int | None:
    """The status of a GET, None if nobody answers HTTP within a second. Plain http only."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname is None:
        raise ValueError(f"not a plain http URL: {url!r}")
    try:
        async with asyncio.timeout(_PROBE_S):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
            try:
                path = parts.path or "/"
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())
                line = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return None
    words = line.split()
    return int(words[1]) if len(words) > 1 and words[0].startswith(b"HTTP/") and words[1].isdigit() else None
