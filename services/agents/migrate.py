"""Bring the record to the newest revision: `python -m services.agents.migrate` (`trunkline setup` runs it).

Safe from many processes at once: one does it, the others wait and find it done. `--new "what changes"` writes the
next revision from the difference between `tables` and the newest one; then raise NEWEST here.

Alembic is imported only when there is something to do: it takes a second, and a warm start has five for everything.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

NEWEST: Final = "0007"
"""The revision this code needs; a test holds that it is the last one in `migrations`."""


class Migrated(NamedTuple):
    """Revisions before (None: an empty database) and after."""

    before: str | None
    after: str


class NewerRecord(Exception):
    """The record was made by a newer Trunkline than this one."""


async def migrate(database_url: str) -> Migrated:
    """Bring the database to the newest revision; nothing happens if it is there.

    All or nothing, in one transaction. RecordAway if the database does not answer, NewerRecord if it is ahead of this
    code, ValueError for an address that is none.
    """
    if _is_newest_file(database_url):
        return Migrated(NEWEST, NEWEST)
    from services.agents.migrations.upgrade import upgrade  # noqa: PLC0415  see the module's docstring

    return await upgrade(database_url)


def _is_newest_file(database_url: str) -> bool:
    """Whether it is surely an SQLite file at NEWEST; who does not know says no."""
    scheme, _, path = database_url.partition(":///")
    if scheme not in {"sqlite", "sqlite+aiosqlite"} or "?" in path or "%" in path or not Path(path).is_file():
        return False
    try:
        with closing(sqlite3.connect(path, timeout=5)) as connection:
            return connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(NEWEST,)]
    except sqlite3.Error:
        return False


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main(arguments: list[str] | None = None) -> int:
    """The command line; 0 if the record is at the newest revision now."""
    parser = argparse.ArgumentParser(prog="python -m services.agents.migrate", description="Migrate the record.")
    parser.add_argument("database_url", nargs="?", help="default: TRUNKLINE_DATABASE_URL, then DATABASE_URL")
    parser.add_argument("--new", metavar="WHAT", help="write the next revision instead")
    given = parser.parse_args(arguments)
    if given.new:
        from services.agents.migrations.upgrade import new_revision  # noqa: PLC0415  see the module's docstring

        asyncio.run(new_revision(given.new))
        return 0
    address = given.database_url or os.environ.get("TRUNKLINE_DATABASE_URL") or os.environ.get("DATABASE_URL")
    if not address:
        _say("record: no address; give one or set TRUNKLINE_DATABASE_URL")
        return 2
    return _migrate(address)


def _migrate(address: str) -> int:
    try:
        done = asyncio.run(migrate(address))
    except Exception as error:  # noqa: BLE001  whatever it is, the operator gets one sentence and setup a status
        _say(f"record: not migrated: {type(error).__name__}: {error}")
        return 1
    was = "" if done.before == done.after else f" (was {done.before or 'empty'})"
    _say(f"record: at revision {done.after}{was}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
