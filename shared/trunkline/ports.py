"""Who holds a port of this machine: so that "in use" can be said with a name."""

from __future__ import annotations

import errno
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LISTENING: Final = "0A"  # the state column of /proc/net/tcp (Linux, include/net/tcp_states.h)


@dataclass(frozen=True)
class PortNeed:
    """A port that must be free, who needs it, and the variable that changes it."""

    port: int
    what: str
    variable: str
    host: str = "127.0.0.1"


def port_problem(need: PortNeed) -> str | None:
    """None when the port can be listened on now, else one sentence that says what to do."""
    try:
        family = socket.AF_INET6 if ":" in need.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((need.host, need.port))
            probe.listen(1)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            return f"port {need.port} for {need.what} cannot be had ({error.strerror}): set {need.variable} to another"
        holder = holder_of(need.port)
        who = f" by process {holder[0]} ({holder[1]})" if holder else ""
        return f"port {need.port} for {need.what} is in use{who}: stop it, or set {need.variable} to another"
    return None


def holder_of(port: int) -> tuple[int, str] | None:
    """The id and name of the process that listens on a TCP port; None if unknown (not Linux, another user's)."""
    if sys.platform != "linux":
        return None
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    if not sockets:
        return None
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and _holds(process, sockets):
            return int(process.name), _name_of(process)
    return None


def _listening_inodes(port: int) -> set[str]:
    found: set[str] = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.exists():
            continue
        for line in table.read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == _LISTENING and int(columns[1].rpartition(":")[2], 16) == port:
                found.add(columns[9])
    return found


def _holds(process: Path, sockets: set[str]) -> bool:
    try:
        return any(str(descriptor.readlink()) in sockets for descriptor in (process / "fd").iterdir())
    except OSError:  # another user's, or gone while we looked: then we do not know
        return False


def _name_of(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:  # gone while we looked
        return "gone"
