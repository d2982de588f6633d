"""Free ports of this machine, apart from the servers for tests: the demo needs a port, and nothing else of theirs."""

from __future__ import annotations

import random
import socket

from trunkline.testing.errors import ServerFailedError

HOST = "127.0.0.1"

_PORTS = range(15_000, 32_000)
"""Below Linux' ephemeral range (32768 on): there another client's connection could take the port while its server is
down, and a client that reconnects to a dead loopback port can, by TCP's simultaneous open, connect to itself."""


def free_port() -> int:
    """A loopback TCP port that nothing listens on now."""
    for _ in range(1_000):
        port = random.choice(_PORTS)  # noqa: S311 - no secret
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise ServerFailedError(f"found no free port between {_PORTS.start} and {_PORTS.stop}")
