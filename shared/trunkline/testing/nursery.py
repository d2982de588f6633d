"""Processes of our own modules, forked from one that has imported them: a start costs a tenth of the CPU.

What is forked is a process like any other, with a session, an environment, a log and an exit status of its own; it has
only skipped the interpreter's start and its imports. Measured, a deployment's four services and its setup: 4.0 s of CPU
and 2.9 s until all are ready without, 0.4 and 0.5 s with. Not for what is to be measured: memory is shared with the
others, and no start outside of tests is like this. Linux only.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from trunkline.child import mortal
from trunkline.testing.child import Child
from trunkline.testing.errors import ChildError

POSSIBLE: Final = hasattr(os, "pidfd_open") and sys.platform == "linux"
"""Whether this machine can: the nursery waits for its children by pidfd."""
_END_S: Final = 10.0
_READ: Final = 65_536


class Nursery:
    """The process that has imported `modules`, and what it forked; started at once, from the main thread."""

    def __init__(self, modules: Sequence[str], *, cwd: Path, path: Sequence[Path]) -> None:
        self.modules = frozenset(modules)
        self._ended: dict[int, int] = {}
        self._read = b""
        ours, theirs = socket.socketpair()
        self._socket = ours
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                mortal([sys.executable, "-m", "trunkline.testing.nursery_process", *modules]),
                stdin=theirs.fileno(),
                env=environment | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join(map(str, path))},
                cwd=cwd,
                start_new_session=True,
            )

    def fork(
        self, module: str, arguments: Sequence[str], *, log: Path, env: Mapping[str, str], cwd: Path | None
    ) -> Child:
        """`python -m module arguments`, both streams appended to `log`; ChildError if the nursery is gone."""
        log.touch()
        asked = {"module": module, "arguments": [*arguments], "log": str(log.absolute()), "env": {**env}}
        try:
            self._socket.sendall(json.dumps(asked | {"cwd": None if cwd is None else str(cwd)}).encode() + b"\n")
            told = self._line(wait=True)
            while "born" not in told:
                self._note(told)
                told = self._line(wait=True)
        except OSError as error:
            raise ChildError(f"the nursery is gone: {error}") from error
        self._ended.pop(told["born"], None)
        return Child(_Forked(self, told["born"]), name=module, log=log)

    def ended(self, pid: int) -> int | None:
        """How a child ended; None while it runs."""
        with contextlib.suppress(BlockingIOError):
            while pid not in self._ended:
                self._note(self._line(wait=False))
        return self._ended.get(pid)

    def close(self) -> None:
        """End it, and with it all that it forked."""
        self._socket.close()
        self._process.wait(_END_S)

    def _note(self, told: dict[str, int]) -> None:
        self._ended[told["ended"]] = told["status"]

    def _line(self, *, wait: bool) -> dict[str, int]:
        while b"\n" not in self._read:
            more = self._socket.recv(_READ, 0 if wait else socket.MSG_DONTWAIT)
            if not more:
                raise ChildError("the nursery is gone, and all that it forked with it")
            self._read += more
        line, self._read = self._read.split(b"\n", 1)
        told: dict[str, int] = json.loads(line)
        return told


class _Forked:
    """One process that the nursery forked."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self._nursery = nursery
        self.pid = pid
        self._ended: int | None = None  # kept here: the kernel may give the pid to a later one

    def poll(self) -> int | None:
        """None while it runs; then its exit status, or minus the signal that ended it."""
        if self._ended is None:
            self._ended = self._nursery.ended(self.pid)
        return self._ended

    def send_signal(self, sig: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it ended in between, and the nursery has not told yet
                os.kill(self.pid, sig)
