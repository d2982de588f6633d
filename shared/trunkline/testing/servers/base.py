"""What all servers for tests have in common: start, stop, kill, pause, resume, restart, and data of their own."""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from trunkline.testing.child import Child
from trunkline.testing.errors import ServerFailedError
from trunkline.testing.ports import HOST, free_port


class Server(ABC):
    """One server process on loopback. `async with` starts it; leaving kills it and removes its data.

    Ports and data survive `stop`, `kill` and `restart`. Not bound to an event loop: a session's server may be used
    from each test's own loop.
    """

    label: ClassVar[str]
    """Its name in messages and in the name of its directory."""
    ready_within_s: ClassVar[float] = 15
    stop_within_s: ClassVar[float] = 15
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    ports_needed: ClassVar[int] = 1

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix=f"trunkline-{self.label}-"))
        self.data_dir = self.home / "data"
        self.data_dir.mkdir()
        self.log = self.home / "log"
        self.child: Child | None = None
        self._ports: list[int] = []
        self._snapshots = 0

    @property
    def port(self) -> int:
        """The port it serves, chosen at the first start and kept."""
        if not self._ports:
            raise ServerFailedError(f"{self.label} was never started")
        return self._ports[0]

    @property
    def address(self) -> str:
        """host:port."""
        return f"{HOST}:{self.port}"

    @property
    @abstractmethod
    def url(self) -> str:
        """What a client library takes."""

    @property
    def running(self) -> bool:
        """Whether its process is there (it may be paused)."""
        return self.child is not None and self.child.returncode is None

    @abstractmethod
    def _argv(self) -> list[str | Path]:
        """The command line; ports are chosen by then."""

    @abstractmethod
    async def _answers(self) -> bool:
        """Whether it answers its own protocol; False or OSError means not yet."""

    def _prepare(self) -> None:
        """Lay out what the server needs in its home before a start."""
        self.data_dir.mkdir(exist_ok=True)

    def _spawn(self) -> Child:
        return Child.run(self._argv(), log=self.log, cwd=self.data_dir)

    async def start(self) -> None:
        """Start it and return when it answers; ServerFailedError, with its last lines, if it does not in time."""
        if self.running:
            raise ServerFailedError(f"{self.label} already runs")
        if self._ports:
            await self._start_once()
            return
        # Between the probe and the server's own bind another process may take a port: choose again, twice.
        for last in (False, False, True):
            self._ports = [free_port() for _ in range(self.ports_needed)]
            try:
                await self._start_once()
            except ServerFailedError:
                if last or "in use" not in self.log.read_text(errors="replace"):
                    raise
                self.log.unlink()
            else:
                return

    async def _start_once(self) -> None:
        self._prepare()
        child = self.child = self._spawn()
        try:
            await self.ready()
        except BaseException:
            await child.kill()
            raise

    async def ready(self) -> None:
        """Wait until it answers its protocol, after `resume` say; ServerFailedError if it ends or is not in time.

        A Kafka that was paused needs this: its broker is fenced until it has told its controller that it lives.
        """
        child = self.child
        if child is None:
            raise ServerFailedError(f"{self.label} was never started")
        try:
            async with asyncio.timeout(self.ready_within_s):
                while child.returncode is None and not await self._ready():  # noqa: ASYNC110 - another process has no Event
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise ServerFailedError(
                f"{self.label} did not answer within {self.ready_within_s} s:\n{child.output(20)}"
            ) from None
        if child.returncode is not None:
            raise ServerFailedError(f"{self.label} ended with {child.returncode} at its start:\n{child.output(20)}")

    async def _ready(self) -> bool:
        try:
            return await self._answers()
        except OSError:
            return False

    async def stop(self) -> int:
        """End it politely; its exit status. Its data stay."""
        return await self._living().stop(self.stop_within_s, by=self.stop_signal)

    async def kill(self) -> int:
        """SIGKILL; -9 proves that the signal is what ended it. Its data stay as they are on the disk."""
        return await self._living().kill()

    async def pause(self) -> None:
        """SIGSTOP: connections stay, nothing answers."""
        await self._living().pause()

    async def resume(self) -> None:
        """SIGCONT."""
        await self._living().resume()

    async def restart(self) -> None:
        """Stop it if it runs, and start it again on the same port and data."""
        if self.running:
            await self.stop()
        await self.start()

    def snapshot(self) -> Path:
        """Copy the data as they are now. While it runs this is what a power cut would leave, file by file."""
        self._snapshots += 1
        return shutil.copytree(self.data_dir, self.home / f"snapshot-{self._snapshots}")

    def restore(self, snapshot: Path) -> None:
        """Put an older copy in the place of the data, while stopped. Owners and modes of the copy stay."""
        self.wipe()
        shutil.copytree(snapshot, self.data_dir, dirs_exist_ok=True)

    def wipe(self) -> None:
        """Remove all data, while stopped."""
        self._must_stand("wipe or restore the data of")
        for entry in self.data_dir.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    async def close(self) -> None:
        """Kill it if it runs, and remove its directory."""
        if self.running:
            await self.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    def _living(self) -> Child:
        if self.child is None or self.child.returncode is not None:
            raise ServerFailedError(f"{self.label} does not run")
        return self.child

    def _must_stand(self, verb: str) -> None:
        if self.running:
            raise ServerFailedError(f"cannot {verb} {self.label} while it runs: stop or kill it first")

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
