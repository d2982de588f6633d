"""Statements of the projection, prepared once: a row costs its values, not a walk through the statement builder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Connection, Dialect, Select, bindparam, tuple_
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.elements import ColumnElement

T = TypeVar("T")
Row = dict[str, Any]


def in_chunks(values: Iterable[T], size: int = 5_000) -> Iterator[list[T]]:
    """Values in lists short enough for one statement (both databases stop at about 32 000 parameters)."""
    rest = iter(values)
    while some := list(islice(rest, size)):
        yield some


class Many:
    """An INSERT or UPDATE that is run with many rows, compiled for one dialect. Rows name every parameter."""

    def __init__(self, statement: UpdateBase, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        self._sql = str(compiled)
        self._fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        self._values = tuple(
            (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in compiled.positiontup
        )

    def run(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Run it with each row; nothing for none."""
        if rows:
            named = [row | self._fixed for row in rows] if self._fixed else rows
            connection.exec_driver_sql(self._sql, [self._tuple(row) for row in named])

    def _tuple(self, row: Row) -> tuple[Any, ...]:
        return tuple(row[name] if process is None else process(row[name]) for name, process in self._values)


class Look:
    """A SELECT of the rows whose key (one column, or several as a tuple) is among many."""

    def __init__(self, statement: Select[Any], *key: ColumnElement[Any]) -> None:
        wanted: BindParameter[Any] = bindparam("wanted", expanding=True)
        column = key[0] if len(key) == 1 else tuple_(*key)
        self._statement = statement.where(column.in_(wanted))

    def rows(self, connection: Connection, keys: Iterable[Any]) -> Iterator[Any]:
        """The rows there are, as mappings."""
        for some in in_chunks(keys):
            yield from connection.execute(self._statement, {"wanted": some}).mappings()
