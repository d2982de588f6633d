"""A child process that a test can stop, pause and kill, and that never outlives the test's own process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, Self

import psutil

from trunkline.testing.errors import ChildError

_STEP_S = 0.005
"""How often a wait looks again. Polled, not awaited: a child may be started in one event loop and ended in another."""

# Run by a fresh interpreter that then *becomes* the program (same pid). Not `preexec_fn`: that forks a process with
# threads. Identity first, because a change of it clears the death signal; then the parent is checked once more,
# because it may have died before the signal was asked for.
_BECOME = """
import ctypes, os, signal, sys
parent, user = int(sys.argv[1]), sys.argv[2]
if user:
    import pwd
    who = pwd.getpwnam(user)
    os.initgroups(user, who.pw_gid)
    os.setgid(who.pw_gid)
    os.setuid(who.pw_uid)
if sys.platform == "linux":
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
os.execvp(sys.argv[3], sys.argv[3:])
"""


class Process(Protocol):
    """What a child needs of subprocess.Popen; a nursery has another."""

    @property
    def pid(self) -> int:
        """The process id."""

    def poll(self) -> int | None:
        """None while it runs; then its exit status, or minus the signal that ended it."""

    def send_signal(self, sig: int, /) -> None:
        """Send it a signal, unless it has ended."""


class Child:
    """One process and, for pauses, its descendants. Output of both streams goes to a file.

    On Linux the kernel kills it when the *thread* that started it ends, so start it from the main thread. It has a
    session of its own: Ctrl-C reaches the test, which then ends its children in order.
    """

    def __init__(self, process: Process, *, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process

    @classmethod
    def run(
        cls,
        argv: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str = "",
    ) -> Self:
        """Start a program; `user` is whom it runs as, ours when empty."""
        become = [sys.executable, "-I", "-S", "-c", _BECOME, str(os.getpid()), user]
        with log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 - the caller's own program, no shell
                [*become, *argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if env is None else dict(env),
                cwd=cwd,
                start_new_session=True,
            )
        return cls(process, name=Path(argv[0]).name, log=log)

    @property
    def pid(self) -> int:
        """The process id, the program's own from the first moment."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs; then the exit status, or minus the signal that ended it."""
        return self._process.poll()

    def output(self, lines: int | None = None) -> str:
        """What it has written so far, or the last lines of it."""
        text = self.log.read_text(errors="replace")
        return text if lines is None else "\n".join(text.splitlines()[-lines:])

    async def wait(self, within: float) -> int:
        """The exit status; ChildError if it still runs after `within` seconds."""
        await self._until(lambda: self.returncode is not None, within, "to end")
        if (status := self.returncode) is None:
            raise RuntimeError("it has ended, and how is not known")
        return status

    async def stop(self, within: float, *, by: signal.Signals = signal.SIGTERM) -> int:
        """End it politely, also when paused, and give its exit status; ChildError (and killed) after `within` s."""
        if self.returncode is None:
            self._process.send_signal(by)
            self._signal_all(signal.SIGCONT)
        try:
            return await self.wait(within)
        except ChildError:
            await self.kill()
            raise

    async def kill(self) -> int:
        """SIGKILL; gives the exit status, -9 if the signal is what ended it (an earlier end gives that one's)."""
        if self.returncode is None:
            self._process.send_signal(signal.SIGKILL)
        return await self.wait(10)

    async def pause(self) -> None:
        """SIGSTOP it and its descendants; returns when the kernel says that they stand."""
        paused = self._signal_all(signal.SIGSTOP)
        if not paused:
            raise ChildError(f"cannot pause {self.name}: it has ended with {self.returncode}")
        await self._until(lambda: all(_stands(process) for process in paused), 5, "to stand still")

    async def resume(self) -> None:
        """SIGCONT it and its descendants."""
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: signal.Signals) -> list[psutil.Process]:
        """Parent first, so that a paused parent starts no child unseen."""
        reached: list[psutil.Process] = []
        if self.returncode is not None:
            return reached
        # What ends in between has nothing left to signal; a nursery's child may be gone before its end is known here.
        with contextlib.suppress(psutil.NoSuchProcess):
            first = psutil.Process(self.pid)
            first.send_signal(number)
            reached.append(first)
            for process in first.children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(number)
                    reached.append(process)
        return reached

    async def _until(self, done: Callable[[], bool], within: float, what: str) -> None:
        deadline = asyncio.get_running_loop().time() + within
        while not done():
            if asyncio.get_running_loop().time() > deadline:
                raise ChildError(f"{self.name} took more than {within} s {what}; its last lines:\n{self.output(20)}")
            await asyncio.sleep(_STEP_S)


def _stands(process: psutil.Process) -> bool:
    try:
        return process.status() in {psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE}
    except psutil.NoSuchProcess:
        return True
