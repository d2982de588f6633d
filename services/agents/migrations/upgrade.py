"""Running the revisions. `services.agents.migrate` is the door to this."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from services.agents.migrate import NEWEST, Migrated, NewerRecord
from services.agents.repository.engine import Database, read_url

_LOCK: Final = "trunkline-migrations"


def is_of_the_models(name: str | None, kind: str, _parents: object) -> bool:
    """Whether a comparison with the models is about this: the search's own table and its shadows are not."""
    return kind != "table" or not (name or "").startswith("message_words")


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Connection) -> Migrated:
    before = _current(connection)
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if before is not None and before not in known:
        raise NewerRecord(f"the record is at revision {before[:40]}, which this Trunkline does not know")
    if before != NEWEST:
        command.upgrade(_config(connection), "head")
    return Migrated(before, NEWEST)


async def upgrade(database_url: str) -> Migrated:
    """What `services.agents.migrate.migrate` promises, for any database in any state."""
    url = read_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)

    async with Database(database_url) as database:

        async def work(connection: AsyncConnection) -> Migrated:
            await database.exclusively(connection, _LOCK, [0])
            return await connection.run_sync(_upgrade)

        return await database.write(work)


async def new_revision(message: str) -> None:
    """Write the next revision: what `tables` has and the newest one has not."""
    with tempfile.TemporaryDirectory() as folder:
        address = f"sqlite:///{folder}/record.db"
        await upgrade(address)

        async def work(connection: AsyncConnection) -> None:
            await connection.run_sync(lambda sync: command.revision(_config(sync), message, autogenerate=True))

        async with Database(address) as database:
            await database.write(work)
