"""What the rows of all tables share: how a moment is kept, and one metadata of our own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import DateTime, Dialect, MetaData
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import SQLModel


class _SqliteTime(sqlite.DATETIME):
    """SQLAlchemy's own, written by the interpreter instead of a format string: a third of its time."""

    def bind_processor(self, _dialect: Dialect) -> Callable[[datetime | None], str | None]:
        return _written


def _written(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat(" ", "microseconds")[:_WITHOUT_ZONE]


_WITHOUT_ZONE = len("2026-01-01 00:00:00.000000")


class Utc(TypeDecorator[datetime]):
    """An instant. SQLite keeps no zone, so it is written as UTC and read back as UTC; naive times are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """How this database's driver is given a time."""
        if dialect.name == "sqlite":
            return _SqliteTime()  # type: ignore[no-untyped-call]  # SQLAlchemy's
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse what would be ambiguous, then write UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be kept")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Row(SQLModel):
    """What all tables share: one metadata of our own, with constraint names that migrations can rely on."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
