"""A Valkey of our own for the time of a simulation: in memory, on loopback, gone afterwards."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from trunkline.child import mortal
from trunkline.embedded import EmbeddedValkeyMissingError, valkey_binary

_START_S = 15.0
_OPTIONS = {
    "save": "", "appendonly": "no", "maxmemory-policy": "noeviction", "loglevel": "warning", "port": "0",
    "unixsocketperm": "700",
}  # fmt: skip


class ServerFailed(Exception):
    """There is no board to simulate on; the text says why."""


@asynccontextmanager
async def own_board() -> AsyncIterator[str]:
    """The URL of an empty server that only we can reach; ServerFailed if it does not start."""
    try:
        binary = valkey_binary()
    except EmbeddedValkeyMissingError as error:
        raise ServerFailed(str(error)) from error
    with tempfile.TemporaryDirectory(prefix="trunkline-simulate-") as folder:
        path = Path(folder) / "board.sock"
        words = [word for name, value in _OPTIONS.items() for word in (f"--{name}", value)]
        log = Path(folder) / "log"
        command = [str(binary), *words, "--dir", folder, "--unixsocket", str(path), "--logfile", str(log)]
        # A session of its own: a Ctrl-C at the terminal is for us, and we end it.
        server = await asyncio.create_subprocess_exec(*mortal(command), start_new_session=True)
        try:
            await _answers(server, path, log)
            yield f"unix://{path}?db=0"
        finally:
            if server.returncode is None:
                server.kill()
            await server.wait()


async def _answers(server: asyncio.subprocess.Process, path: Path, log: Path) -> None:
    """Return when it takes connections."""
    gone = asyncio.create_task(server.wait())
    try:
        async with asyncio.timeout(_START_S):
            while not _listens(path):
                done, _ = await asyncio.wait([gone], timeout=0.02)
                if done:
                    raise ServerFailed(f"the embedded Valkey ended at its start: {_said(log)}")
    except TimeoutError as error:
        raise ServerFailed(f"the embedded Valkey did not answer within {_START_S:.0f} s: {_said(log)}") from error
    finally:
        gone.cancel()


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _said(log: Path) -> str:
    return log.read_text(errors="replace")[-500:].strip() if log.exists() else "it said nothing"
