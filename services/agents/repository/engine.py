"""The one way to the database: reads, consistent reads, and writes that are tried again when two of them met.

SQLite: WAL, and write transactions begin IMMEDIATE: a deferred one that reads and then writes fails at once when
another writer was faster, whatever the busy timeout (reference/reliability.md 2.4). One process writes, one
transaction at a time. PostgreSQL: READ COMMITTED for writes, REPEATABLE READ for consistent reads.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import orjson
from sqlalchemy import Connection, Insert, Select, Table, select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.elements import ColumnElement

from services.agents.repository import on_sqlite
from services.agents.repository.bulk import Look, Many
from services.agents.repository.errors import RecordAway
from services.agents.repository.failures import failures, met_another, raise_known
from services.agents.tables import POSITIONS

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

T = TypeVar("T")

ATTEMPTS: Final = 6
"""How often a write that met another one is tried; with the pauses below about a second in all."""

_FIRST_PAUSE_S: Final = 0.02
_CONNECT_TIMEOUT_S: Final = 5
_STATEMENT_TIMEOUT_S: Final = 30

_DRIVERS = {
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
}

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext(:name), :number)")


def read_url(address: str) -> URL:
    """The database's address with the driver we use; ValueError (never with the password) for any other kind."""
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise ValueError("the record's address is not a database URL") from error
    if url.drivername not in _DRIVERS:
        raise ValueError(f"the record is kept in sqlite or postgresql, not in {url.drivername[:40]!r}")
    url = url.set(drivername=_DRIVERS[url.drivername])
    if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
        raise ValueError("the record needs a file: sqlite:///path/record.db")
    return url


def _dumps(value: object) -> str:
    return orjson.dumps(value).decode()


def _json() -> dict[str, Any]:
    return {"json_serializer": _dumps, "json_deserializer": orjson.loads}


def _make_engine(url: URL) -> AsyncEngine:
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(url, connect_args=on_sqlite.ARGUMENTS, **_json())
        on_sqlite.prepare(engine.sync_engine, cache_kb=on_sqlite.READERS_CACHE_KB)
        return engine
    return create_async_engine(
        url,
        # A server that was restarted is noticed before a statement is lost to a dead connection.
        pool_pre_ping=True,
        pool_timeout=_CONNECT_TIMEOUT_S,
        connect_args={
            "timeout": _CONNECT_TIMEOUT_S,
            "command_timeout": _STATEMENT_TIMEOUT_S,
            "server_settings": {"application_name": "trunkline-agents", "timezone": "UTC"},
        },
        **_json(),
    )


class Database:
    """A pool of connections to the record, opened as a component (`async with`)."""

    def __init__(self, url: str) -> None:
        self.url = read_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._engine = _make_engine(self.url)
        self._bulk = on_sqlite.Bulk(self.url, **_json()) if self.is_sqlite else None
        self._writer = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Nothing is opened yet: an absent database is waited out by whoever asks."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        await self._engine.dispose()
        if self._bulk is not None:
            await asyncio.to_thread(self._bulk.close)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for single reads, each its own truth. RecordAway when the database does not answer."""
        async with self._connected(isolation_level=None if self.is_sqlite else "AUTOCOMMIT") as connection:
            yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose reads all see the same moment. RecordAway when the database does not answer."""
        options: dict[str, Any] = (
            {"sqlite_begin": "DEFERRED"}
            if self.is_sqlite
            else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )
        async with self._connected(**options) as connection, connection.begin():
            yield connection

    async def write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run `work` in one transaction, all or nothing; its result.

        `work` may be run several times, so it must only speak SQL. RecordAway when the database does not answer
        (whether a commit it broke off at was kept is then unknown), Unstorable when it refuses the values.
        """

        async def once() -> T:
            async with self._engine.connect() as plain:
                connection = await plain.execution_options(**({"sqlite_begin": "IMMEDIATE"} if self.is_sqlite else {}))
                async with connection.begin():
                    return await work(connection)

        return await self._in_turn(once)

    async def write_bulk(self, work: Callable[[Connection], T]) -> T:
        """As `write`, for work of many statements: on SQLite it runs in another thread, so it shares nothing."""
        bulk = self._bulk

        async def once() -> T:
            if bulk is not None:
                return await bulk.write(work)
            async with self._engine.begin() as connection:
                return await connection.run_sync(work)

        return await self._in_turn(once)

    async def _in_turn(self, once: Callable[[], Awaitable[T]]) -> T:
        if not self.is_sqlite:
            return await self._tried(once)
        async with self._writer:
            return await self._tried(once)

    async def _tried(self, once: Callable[[], Awaitable[T]]) -> T:
        self._require_folder()
        for attempt in range(ATTEMPTS):
            try:
                return await once()
            except failures() as error:
                if not met_another(error):
                    raise_known(error)
                    raise
                failure = error
            await asyncio.sleep(random.uniform(0, _FIRST_PAUSE_S * 2**attempt))  # noqa: S311  jitter, no secret
        raise RecordAway(f"other writers were in the way {ATTEMPTS} times") from failure

    @asynccontextmanager
    async def _connected(self, **options: Any) -> AsyncIterator[AsyncConnection]:
        given = {name: value for name, value in options.items() if value is not None}
        self._require_folder()
        try:
            async with self._engine.connect() as plain:
                yield await plain.execution_options(**given)
        except failures() as error:
            if met_another(error):
                raise RecordAway(str(error)[:300]) from error
            raise_known(error)
            raise

    def _require_folder(self) -> None:
        # Clearer than the driver's "unable to open", and its thread need not begin (it outlives a failed opening).
        if self.is_sqlite and not Path(str(self.url.database)).parent.is_dir():
            raise RecordAway(f"the folder of {self.url.database} is not there")

    async def problem(self) -> str | None:
        """Why the record cannot be used now (away, or not migrated), or None."""
        try:
            async with self.read() as connection:
                await connection.execute(select(POSITIONS.c.topic).limit(1))
        except RecordAway as error:
            return f"the record does not answer: {error}"
        except DBAPIError as error:
            return f"the record is not migrated: {str(error.orig)[:200]}"
        return None

    async def exclusively(self, connection: AsyncConnection, name: str, numbers: Iterable[int]) -> None:
        """Within a write: keep other processes out of these numbered parts until it ends (SQLite does so anyway)."""
        await connection.run_sync(self.exclusively_now, name, numbers)

    def exclusively_now(self, connection: Connection, name: str, numbers: Iterable[int]) -> None:
        """The same within a bulk write. In the order of the numbers, so that two cannot wait for each other."""
        if not self.is_sqlite:
            for number in sorted(set(numbers)):
                connection.execute(_LOCK, {"name": name, "number": number})

    def many(self, statement: UpdateBase) -> Many:
        """A statement prepared for many rows within bulk writes."""
        return Many(statement, self._engine.dialect)

    def look(self, statement: Select[Any], *key: ColumnElement[Any]) -> Look:
        """A SELECT by many keys within bulk writes."""
        return Look(statement, *key, as_json=self.is_sqlite)

    def insert(self, table: Table) -> postgresql.Insert | sqlite.Insert:
        """An INSERT that knows ON CONFLICT, in this database's dialect."""
        if self.is_sqlite:
            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415  2 MB that a record in SQLite does without

        return postgresql.insert(table)

    def insert_new(self, table: Table) -> Insert:
        """An INSERT that leaves a row alone that is there already."""
        return self.insert(table).on_conflict_do_nothing()

    def upsert(self, table: Table, *, newer: str | None = None) -> Insert:
        """An INSERT that overwrites the row of that primary key; with `newer`, only if that column grows."""
        statement = self.insert(table)
        keys = [column.name for column in table.primary_key]
        values = {column.name: statement.excluded[column.name] for column in table.c if column.name not in keys}
        where = None if newer is None else statement.excluded[newer] > table.c[newer]
        return statement.on_conflict_do_update(index_elements=keys, set_=values, where=where)
