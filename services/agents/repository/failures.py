"""What a database driver's exceptions mean for who asked: try again, wait, or never."""

from __future__ import annotations

import sqlite3
import sys
from typing import Any, Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from services.agents.repository.errors import RecordAway, Unstorable

_MET = {"40001", "40P01"}
"""PostgreSQL: serialization failure, deadlock (Appendix A of its manual)."""

_AWAY = ("08", "53", "57P", "58", "25006", "55P03")
"""PostgreSQL: connection, resources, shutdown or start, system errors; read-only standby; lock not to be had."""

_STOPPED = "57014"
"""PostgreSQL: query canceled, here by its own timeout."""

_SQLITE_MET = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_SQLITE_AWAY = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}

_OF_ANY: Final = (DBAPIError, PoolExhausted, OSError, OverflowError)


def failures() -> tuple[type[BaseException], ...]:
    """All that a driver, the pool or the network may raise.

    Asked when something was raised: by then asyncpg is imported if it was asyncpg that raised it (the engine imports
    it for a record that is kept in PostgreSQL), and no other record pays for it.
    """
    asyncpg = sys.modules.get("asyncpg")
    return _OF_ANY if asyncpg is None else (*_OF_ANY, asyncpg.PostgresError, asyncpg.InterfaceError)


def _of_sqlite(code: int) -> type[Exception] | None:
    if code & 0xFF in _SQLITE_AWAY:
        return RecordAway
    lasting = {sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE}
    return Unstorable if code & 0xFF in lasting else None


def _of_postgres(state: str) -> type[Exception] | None:
    if state.startswith(_AWAY):
        return RecordAway
    # 22 data exception, 23 constraint, 54 program limit (a key too long for its index).
    return Unstorable if state[:2] in {"22", "23", "54"} else None


def _of_asyncpg(error: BaseException, kind: str) -> bool:
    asyncpg: Any = sys.modules.get("asyncpg")
    return asyncpg is not None and isinstance(error, getattr(asyncpg, kind))


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and len(found) < 10:
        found.append(current)
        current = getattr(current, "orig", None) or current.__cause__
    return found


def met_another(error: BaseException) -> bool:
    """Whether a write failed only because another one was in its way."""
    for cause in _causes(error):
        if getattr(cause, "sqlstate", None) in _MET:
            return True
        if getattr(cause, "sqlite_errorcode", 0) & 0xFF in _SQLITE_MET:
            return True
    return False


def is_stopped(error: BaseException) -> bool:
    """Whether a read was stopped because it took longer than its reader waits."""
    return any(
        getattr(cause, "sqlstate", None) == _STOPPED
        or getattr(cause, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_INTERRUPT
        for cause in _causes(error)
    )


def translate(error: BaseException) -> Exception | None:
    """RecordAway or Unstorable for what the driver raised; None if it is neither (a mistake of ours, a broken file)."""
    for cause in _causes(error):
        kind: type[Exception] | None = None
        if code := getattr(cause, "sqlite_errorcode", 0):
            kind = _of_sqlite(code)
        elif state := getattr(cause, "sqlstate", None):
            kind = _of_postgres(state)
        elif isinstance(cause, OverflowError) or _of_asyncpg(cause, "DataError"):
            kind = Unstorable
        elif isinstance(cause, OSError | PoolExhausted) or _of_asyncpg(cause, "InterfaceError"):
            kind = RecordAway
        if kind is not None:
            return kind(f"{type(cause).__name__}: {str(cause)[:300]}")
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return RecordAway(str(error.orig)[:300])
    return None


def raise_known(error: BaseException) -> None:
    """Raise what `error` means, if that is known; else return, and the caller raises it as it is."""
    known = translate(error)
    if known is not None:
        raise known from error
