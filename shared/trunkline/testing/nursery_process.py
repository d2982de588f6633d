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


def asked_in_child(line: socket.socket) -> dict[str, Any] | None:
    """In the nursery: serve until the other side closes, then None. In each child: what it is to run."""
    kernel, nursery = ctypes.CDLL(None), os.getpid()
    children: dict[int, int] = {}  # by pidfd
    poll = select.poll()
    poll.register(line, select.POLLIN)
    read = b""
    while True:
        for descriptor, _ in poll.poll():
            if descriptor == line.fileno():
                more = line.recv(_READ)
                if not more:
                    return None
                *asked, read = (read + more).split(b"\n")
                for one in asked:
                    pid = os.fork()
                    if pid == 0:
                        kernel.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
                        if os.getppid() != nursery:  # it died before the signal was asked for
                            os._exit(1)
                        given: dict[str, Any] = json.loads(one)
                        return given
                    children[pidfd := os.pidfd_open(pid)] = pid
                    poll.register(pidfd, select.POLLIN)
                    tell(line, born=pid)
            else:
                pid = children.pop(descriptor)
                poll.unregister(descriptor)
                os.close(descriptor)
                tell(line, ended=pid, status=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def tell(line: socket.socket, **what: int) -> None:
    """Tell the other side."""
    line.sendall(json.dumps(what).encode() + b"\n")


def become(asked: dict[str, Any]) -> None:
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
    if (mine := asked_in_child(socket.socket(fileno=os.dup(0)))) is not None:
        become(mine)
