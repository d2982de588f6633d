"""Free ports of this machine, apart from the servers for tests: the demo needs a port, and nothing else of theirs."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from itertools import cycle

from trunkline.testing.errors import ServerFailedError

HOST = "127.0.0.1"

_PORTS = range(15_000, 32_000)
"""Below Linux' ephemeral range (32768 on): there another client's connection could take the port while its server is
down, and a client that reconnects to a dead loopback port can, by TCP's simultaneous open, connect to itself."""
_BLOCK = 250
"""Ports that one process owns: more than a test's servers need together, and enough blocks for 67 processes."""


def free_port() -> int:
    """A loopback TCP port that nothing listens on now, and that no other process of ours will be given.

    A server is started seconds after its port was drawn, and stays down a while in many a test: several workers that
    drew from one range would now and then give the same port twice. So each process draws from a block of its own, in
    turn; a port comes again only after all others of the block. ServerFailedError if there is none.
    """
    if _Own.process != os.getpid():
        _Own.take()
    for _ in range(_BLOCK):
        port = next(_Own.ports)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if _bound(probe, port):
                return port
    raise ServerFailedError(f"all {_BLOCK} ports of this process are in use")


class _Own:
    """The block of this process: it holds the block's first port, bound, until it ends. A fork takes one of its own."""

    process = 0
    ports: Iterator[int]
    holder: socket.socket

    @classmethod
    def take(cls) -> None:
        starts = list(_PORTS[::_BLOCK])
        for start in random.sample(starts, len(starts)):
            holder = socket.socket()
            # Without SO_REUSEADDR: with it on both sides two processes may bind what nobody listens on.
            if _bound(holder, start):
                cls.process, cls.holder = os.getpid(), holder
                cls.ports = cycle(range(start + 1, start + _BLOCK))
                return
            holder.close()
        raise ServerFailedError(f"no block of ports between {_PORTS.start} and {_PORTS.stop} is free")


def _bound(probe: socket.socket, port: int) -> bool:
    try:
        probe.bind((HOST, port))
    except OSError:
        return False
    return True
