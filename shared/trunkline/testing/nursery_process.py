"""`python -m trunkline.testing.nursery_process MODULE…`: imports them, then forks whichever it is asked to run.

Asked by JSON lines on standard input, a socket; it answers there, a line when a child is born and one when it has
ended. It ends when the other side closes, and the kernel then kills its children.
"""

from __future__ import annotations

import ctypes
import gc
import importlib.util
import json
import os
import runpy
import select
import signal
import socket
import sys
import time
from collections.abc import Iterable
from typing import Any

Asked = dict[str, Any]
"""What is to run: its number, module, arguments, environment, log and folder."""

_PR_SET_PDEATHSIG = 1
_READ = 65_536
_OPEN_FILES = 1_024
"""Descriptors that a child may have from the nursery: one for each of its living siblings."""


def preload(modules: Iterable[str]) -> None:
    """Import what these modules import. They themselves are forgotten again: each runs once, in a child, as main."""
    for name in modules:
        found = importlib.util.find_spec(name)
        whole = f"{name}.__main__" if found is not None and found.submodule_search_locations is not None else name
        importlib.import_module(whole)
        del sys.modules[whole]
    gc.collect()
    gc.freeze()  # else the first collection of each child copies every page that it looks at


class Births:
    """Whom it has forked, and the line on which it is asked for more and tells of their ends."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._read = b""
        self._kernel, self._parent = ctypes.CDLL(None), os.getpid()
        self._living: dict[int, tuple[int, int]] = {}  # by pidfd: the pid, and the number it was asked for with
        self._poll = select.poll()
        self._poll.register(line, select.POLLIN)

    def serve(self) -> Asked | None:
        """In the nursery: fork until the other side closes, then None. In each child: what it is to run."""
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor != self._line.fileno():
                    self._ended(descriptor)
                    continue
                asked = self._asked()
                if asked is None:
                    return None
                for one in asked:
                    if self._in_child(one["number"]):
                        return one

    def _asked(self) -> list[Asked] | None:
        more = self._line.recv(_READ)
        *lines, self._read = (self._read + more).split(b"\n")
        return [json.loads(line) for line in lines] if more else None

    def _in_child(self, number: int) -> bool:
        """Fork; whether this is the child."""
        if (pid := os.fork()) == 0:
            self._kernel.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != self._parent:  # it died before the signal was asked for
                os._exit(1)
            return True
        self._living[pidfd := os.pidfd_open(pid)] = pid, number
        self._poll.register(pidfd, select.POLLIN)
        self._tell(number=number, pid=pid)
        return False

    def _ended(self, pidfd: int) -> None:
        pid, number = self._living.pop(pidfd)
        self._poll.unregister(pidfd)
        os.close(pidfd)
        self._tell(number=number, status=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

    def _tell(self, **what: int) -> None:
        self._line.sendall(json.dumps(what).encode() + b"\n")


def become(asked: Asked) -> None:
    """Be the process that was asked for, from its session to its name; returns when its module does."""
    os.setsid()
    os.closerange(3, _OPEN_FILES)
    log = os.open(asked["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, ours in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(descriptor, ours)
    os.closerange(3, _OPEN_FILES)
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    if asked["cwd"] is not None:
        os.chdir(asked["cwd"])
    sys.argv = [asked["module"], *asked["arguments"]]
    runpy.run_module(asked["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    preload(sys.argv[1:])
    # The child comes back from here too, and ends as any program does: its exit status is the interpreter's own.
    if (mine := Births(socket.socket(fileno=os.dup(0))).serve()) is not None:
        become(mine)
