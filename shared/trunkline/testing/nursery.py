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
from itertools import count
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
        self._numbers = count()
        self._status: dict[int, int] = {}  # by number, for the kernel may give a pid again
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
        asked = {
            "number": next(self._numbers), "module": module, "arguments": [*arguments], "env": {**env},
            "log": str(log.absolute()), "cwd": None if cwd is None else str(cwd),
        }  # fmt: skip
        try:
            self._socket.sendall(json.dumps(asked).encode() + b"\n")
            told = self._line(wait=True)
            while "pid" not in told:
                self._note(told)
                told = self._line(wait=True)
        except OSError as error:
            raise ChildError(f"the nursery is gone: {error}") from error
        return Child(_Forked(self, told["number"], told["pid"]), name=module, log=log)

    def status(self, number: int) -> int | None:
        """How that child ended; None while it runs."""
        with contextlib.suppress(BlockingIOError):
            while number not in self._status:
                self._note(self._line(wait=False))
        return self._status.get(number)

    def close(self) -> None:
        """End it, and with it all that it forked."""
        self._socket.close()
        self._process.wait(_END_S)

    def _note(self, told: dict[str, int]) -> None:
        self._status[told["number"]] = told["status"]

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

    def __init__(self, nursery: Nursery, number: int, pid: int) -> None:
        self._nursery = nursery
        self._number = number
        self.pid = pid

    def poll(self) -> int | None:
        """None while it runs; then its exit status, or minus the signal that ended it."""
        return self._nursery.status(self._number)

    def send_signal(self, sig: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it ended in between, and the nursery has not told yet
                os.kill(self.pid, sig)
