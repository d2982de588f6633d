"""Statements of the projection, prepared once: a row costs its values, not a walk through the statement builder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

import orjson
from sqlalchemy import BindParameter, Connection, Dialect, Select, Text, bindparam, func, select, tuple_
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
        self._names = tuple(compiled.positiontup)
        processors = (compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in self._names)
        self._processors = tuple((place, process) for place, process in enumerate(processors) if process is not None)

    def run(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Run it with each row; nothing for none."""
        if rows:
            named = [row | self._fixed for row in rows] if self._fixed else rows
            connection.exec_driver_sql(self._sql, [self._tuple(row) for row in named])

    def _tuple(self, row: Row) -> tuple[Any, ...]:
        values = [row[name] for name in self._names]
        for place, process in self._processors:
            values[place] = process(values[place])
        return tuple(values)


class Look:
    """A SELECT of the rows whose key (one column, or several as a tuple) is among many."""

    def __init__(self, statement: Select[Any], *key: ColumnElement[Any], as_json: bool) -> None:
        """With `as_json` (SQLite) the keys are one parameter: else each is one of its own, which costs far more."""
        column = key[0] if len(key) == 1 else tuple_(*key)
        self._as_json = as_json
        self._statement = statement.where(column.in_(_told(len(key)) if as_json else _EACH))

    def rows(self, connection: Connection, keys: Iterable[Any]) -> Iterator[Row]:
        """The rows there are."""
        for some in in_chunks(keys):
            wanted = orjson.dumps(some).decode() if self._as_json else some
            found = connection.execute(self._statement, {"wanted": wanted})
            names = tuple(found.keys())
            for row in found.all():
                yield dict(zip(names, row, strict=True))


_EACH: Final[BindParameter[Any]] = bindparam("wanted", expanding=True)


def _told(length: int) -> Select[Any]:
    """The keys of a JSON array of keys, or of arrays of as many parts."""
    value = func.json_each(bindparam("wanted", type_=Text)).table_valued("value").c.value
    if length == 1:
        return select(value)
    return select(*(func.json_extract(value, f"$[{place}]") for place in range(length)))
