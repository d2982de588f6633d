"""What is particular about the record on SQLite: how a connection is prepared, and the thread that writes batches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

T = TypeVar("T")

_BUSY_TIMEOUT_MS: Final = 5_000
_WRITERS_CACHE_KB: Final = 2_000
READERS_CACHE_KB: Final = 500
"""There are up to fifteen readers, and the system keeps the file's pages in memory once for all."""

ARGUMENTS: Final[dict[str, Any]] = {
    # The driver begins nothing by itself; `_begin` below does, in the mode that was asked for.
    "isolation_level": None,
    "timeout": _BUSY_TIMEOUT_MS / 1000,
}


def prepare(engine: Engine, *, cache_kb: int) -> None:
    """Let each connection of the engine keep what it is told, and so much of the file in memory."""
    event.listen(engine, "connect", partial(_connected, cache_kb))
    event.listen(engine, "begin", _begin)


class Bulk:
    """SQLite in one thread of its own: a batch's twenty statements cost one change of threads instead of eighty."""

    def __init__(self, url: URL, **options: Any) -> None:
        """For the database at `url`; `options` are the engine's."""
        self._engine = create_engine(
            url.set(drivername="sqlite+pysqlite"), connect_args=ARGUMENTS, pool_size=1, **options
        )
        prepare(self._engine, cache_kb=_WRITERS_CACHE_KB)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="record")

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction. Who is cancelled still waits for its end, so that no writer comes between."""
        running = asyncio.get_running_loop().run_in_executor(self._thread, self._write, work)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running])
            if not running.cancelled():
                running.exception()  # the caller is gone: nobody else will look at it
            raise

    def _write(self, work: Callable[[Connection], T]) -> T:
        with self._engine.connect() as plain:
            connection = plain.execution_options(sqlite_begin="IMMEDIATE")
            with connection.begin():
                return work(connection)

    def close(self) -> None:
        """Close the connection, after the transaction in hand."""
        self._thread.submit(self._engine.dispose)
        self._thread.shutdown(wait=True)


def _connected(cache_kb: int, connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # FULL: the roster has no other copy, so a power cut must not take back what was answered.
    durable = (f"busy_timeout={_BUSY_TIMEOUT_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
    for pragma in (*durable, f"cache_size=-{cache_kb}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get("sqlite_begin")
    if mode is not None:
        connection.exec_driver_sql(f"BEGIN {mode}")
