"""What a partition tells, read on from where one was: a test that looks again and again does not read it all anew."""

from __future__ import annotations

from trunkline.board.fold import Fold
from trunkline.bus import Partition, Position, Record
from trunkline.bus.terms import TermFilter
from trunkline.events import Header, Topic
from trunkline.testing.memory import MemoryLog


class Reading:
    """One partition's accepted records, as far as they were read."""

    def __init__(self, log: MemoryLog, place: Partition) -> None:
        self._log = log
        self._place = place
        self._begin()

    def _begin(self) -> None:
        self._first = self._log.bounds(self._place).first
        self._terms = TermFilter(Position(self._first))
        self.records: list[Record] = []
        self.fold = Fold()
        self.outbox: set[str] = set()
        """The ids of the outbox entries among them."""

    def on(self) -> None:
        """Read what is new; all anew if the log begins later than it did."""
        if self._first != self._log.bounds(self._place).first:
            self._begin()
        found = self._terms.keep(self._log.partition(self._place)[self._terms.offset - self._first :])
        self.records += found
        for record in found if self._place.topic == Topic.ROUTING else ():
            self.fold.take(record)
            self.outbox.add(record.header(Header.OUTBOX) or "")
