"""The one place where a stale owner's records are dropped (DESIGN 3, rule 1)."""

from __future__ import annotations

from collections.abc import Iterable

from trunkline.bus.base import Position, Record
from trunkline.events import Taken


class TermFilter:
    """Judges one partition's records in order.

    A record with a term lower than the highest before it was written by an owner that had already been
    replaced: it never happened. A `taken` record whose term is not above all before it is void. Records without
    a term belong to nobody and always pass.
    """

    def __init__(self, start: Position) -> None:
        self.offset = start.offset
        self.term = start.term

    @property
    def position(self) -> Position:
        """After the last record judged."""
        return Position(self.offset, self.term)

    def accept(self, record: Record) -> bool:
        """Whether the record counts; moves the position past it either way."""
        self.offset = record.offset + 1
        term = record.term
        if term is None:
            return True
        if term < self.term or (term == self.term and record.type == Taken.type):
            return False
        self.term = term
        return True

    def keep(self, records: Iterable[Record]) -> list[Record]:
        """The records that count."""
        return [record for record in records if self.accept(record)]


def highest_term(records: Iterable[Record]) -> int:
    """The highest term among these records, 0 if none has one."""
    return max((record.term or 0 for record in records), default=0)
