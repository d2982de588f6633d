"""One suite, two databases: every test here runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.agents.migrate import migrate
from services.agents.repository import Database, Repository
from services.agents.tables import METADATA
from trunkline.testing.servers import Postgres

from .stories import Log


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'record.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy: migrating each anew would be most of the suite's time."""
    path = tmp_path_factory.mktemp("migrated") / "record.db"
    subprocess.run([sys.executable, "-m", "services.agents.migrate", f"sqlite:///{path}"], check=True, timeout=30)
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def migrated_postgres(postgres_server: Postgres) -> str:
    """A migrated PostgreSQL database, emptied for each test: making one anew would be most of the suite's time."""
    address = postgres_server.database_url(await postgres_server.create_database(), driver="asyncpg")
    await migrate(address)
    return address


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a migrated database, with rows that an earlier test may have left."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("migrated_postgres"))
    shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "record.db")
    return f"sqlite:///{tmp_path / 'record.db'}"


@pytest_asyncio.fixture
async def record_url(migrated_url: str) -> str:
    """The address of a migrated database without rows."""
    if not migrated_url.startswith("sqlite"):
        async with Database(migrated_url) as database:

            async def empty(connection: AsyncConnection) -> None:
                await connection.execute(text(f"TRUNCATE {', '.join([*METADATA.tables, 'message_words'])}"))

            await database.write(empty)
    return migrated_url


@pytest_asyncio.fixture
async def record(record_url: str) -> AsyncIterator[Repository]:
    """The record on an empty, migrated database."""
    async with Repository(record_url) as repository:
        yield repository


@pytest.fixture
def log() -> Log:
    """An empty log."""
    return Log()
