"""Reads that a person waits for: stopped after a time, so that no search can hold a connection for long."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.agents.repository.engine import Database
from services.agents.repository.errors import TooBroad
from services.agents.repository.failures import is_stopped

_STEPS: Final = 20_000
"""Instructions of SQLite's machine between two looks at the clock; well under a millisecond."""


@asynccontextmanager
async def patient(database: Database, seconds: float) -> AsyncIterator[AsyncConnection]:
    """A connection whose reads see one moment; TooBroad once they took so long, RecordAway as ever."""
    async with database.snapshot() as connection:
        try:
            if database.is_sqlite:
                async with _interrupted(connection, seconds):
                    yield connection
            else:
                await connection.execute(text(f"SET LOCAL statement_timeout = {max(1, int(seconds * 1000))}"))
                yield connection
        except DBAPIError as error:
            if is_stopped(error):
                raise TooBroad("that is found in too much to look through; search for more or longer words") from error
            raise


@asynccontextmanager
async def _interrupted(connection: AsyncConnection, seconds: float) -> AsyncIterator[None]:
    raw: Any = (await connection.get_raw_connection()).driver_connection
    deadline = time.monotonic() + seconds
    await raw.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    try:
        yield
    finally:
        # The connection goes back to the pool, for readers who have all the time they need.
        await raw.set_progress_handler(None, 0)
