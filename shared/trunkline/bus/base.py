"""The contract of the log (DESIGN 6): explicit partitions, dense offsets, one owner per partition, pens.

Everything above the bus is the same code on Kafka and on Redis Streams. `tests/contract/bus` holds both
implementations to every sentence below.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from trunkline.events import Header, Topic

MAX_BATCH_RECORDS = 500
"""Most records of one append: who starts reading at the end relies on it (DESIGN 3, rule 1)."""

MAX_BATCH_BYTES = 900_000
"""Most bytes of one append, keys, values and headers: below Kafka's default `message.max.bytes`."""


class BusError(Exception):
    """The log cannot do that."""


class BusAway(BusError):
    """The log does not answer. Wait and ask again."""


class AppendUnknown(BusAway):
    """No answer in time: the records may or may not be in the log. Repeat with the same ids."""


class OffsetGone(BusError):
    """The log no longer has (or does not yet have) the asked offset: history was lost or trimmed."""


class ShardsDiffer(BusError):
    """The log was made with another number of partitions; it never changes under a log."""


class Partition(NamedTuple):
    """One partition of one topic."""

    topic: Topic
    number: int


class Position(NamedTuple):
    """Where a reader stands: the next offset, and the highest term among the records before it."""

    offset: int
    term: int = 0


class Bounds(NamedTuple):
    """First offset still kept, and the offset the next record will get."""

    first: int
    next: int


class Pen(NamedTuple):
    """The right to write to a partition as its owner, until somebody takes a higher term."""

    partition: Partition
    term: int
    offset: int
    """Offset of the `taken` record: what is before it was written by earlier owners."""


class NewRecord(NamedTuple):
    """A record to append."""

    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()

    @property
    def size(self) -> int:
        """Bytes on the wire, near enough to cut batches by."""
        return len(self.key) + len(self.value) + sum(len(name) + len(value) for name, value in self.headers) + 64


class Record(NamedTuple):
    """A record read back."""

    partition: Partition
    offset: int
    timestamp_ms: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]

    def header(self, name: str) -> str | None:
        """The first value of a header, or None."""
        for key, value in self.headers:
            if key == name:
                return value.decode()
        return None

    @property
    def term(self) -> int | None:
        """The owner's term; None on a record that needs no pen."""
        text = self.header(Header.TERM)
        return None if text is None else int(text)

    @property
    def type(self) -> str:
        """The event's type, from the header."""
        return self.header(Header.TYPE) or ""


class _Entered(Protocol):
    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Follower(_Entered, Protocol):
    """Reads partitions without a group, from given positions, for ever; stale owners' records dropped."""

    async def next(self) -> dict[Partition, list[Record]]:
        """Wait for records (at least one accepted, or a second or so for none); at most 500 a partition.

        Waits out an absent broker. OffsetGone when a partition's position is outside the log.
        """
        ...

    async def set(self, positions: Mapping[Partition, Position]) -> None:
        """Follow these partitions instead; those already followed keep their own position."""
        ...

    def position(self, partition: Partition) -> Position:
        """The position after the last record handed out (or dropped)."""
        ...


class Membership(_Entered, Protocol):
    """A share of a topic's partitions, one owner each.

    A name that returns within the session timeout gets its partitions back at once. Ownership is a hint that
    may be late; the pen is what fences.
    """

    @property
    def joined(self) -> bool:
        """Whether the group has ever said what we hold, be it nothing."""
        ...

    @property
    def owned(self) -> frozenset[int]:
        """The partitions held now."""
        ...

    async def changed(self) -> frozenset[int]:
        """Wait until `owned` differs from what the last call returned (at first: from nothing)."""
        ...

    async def commit(self, offsets: Mapping[int, int]) -> None:
        """Record next offsets, for lag only. Bounded in time; a failure is logged, never raised."""
        ...


class Bus(_Entered, Protocol):
    """The log."""

    shards: int
    session_timeout_s: float

    async def create_topics(self, replication: int = 1) -> list[str]:
        """Make what is missing and say what was made. ShardsDiffer if the log has another count."""
        ...

    async def check(self) -> str | None:
        """None when the log answers, else why not, for readiness."""
        ...

    async def turn(self) -> None:
        """Return when the log has room for another append, at once where little is asked of it.

        For who gathers: what comes while they wait shares the append, which they then make with `paced`.
        """
        ...

    async def append(self, partition: Partition, records: Sequence[NewRecord], *, paced: bool = False) -> int:
        """Append in order as one batch, all or none; the first one's offset, once it is safely in the log.

        It waits for its turn first, unless the caller has just done so (`paced`).
        AppendUnknown after a few seconds without an answer. ValueError for no record, and above MAX_BATCH_*.
        """
        ...

    async def bounds(self, partition: Partition) -> Bounds:
        """First and next offset. BusAway, as of all reading, when the log does not answer in a few seconds."""
        ...

    async def tail(self, partition: Partition, count: int, *, before: int | None = None) -> list[Record]:
        """The last `count` records (before an offset), oldest first, unfiltered."""
        ...

    def read(self, partition: Partition, start: Position, *, end: int) -> AsyncIterator[list[Record]]:
        """Accepted records from `start` up to but not including offset `end`, in batches.

        OffsetGone if `start` is no longer there.
        """
        ...

    def follower(self, positions: Mapping[Partition, Position], *, rest_s: float = 0.0) -> Follower:
        """A reader without a group.

        After an answer it asks for nothing for `rest_s` seconds, so that what comes meanwhile comes together; not if
        more was there than one answer holds.
        """
        ...

    def membership(self, topic: Topic, group: str, member: str) -> Membership:
        """Join a group under a name that stays the same across restarts."""
        ...

    async def lag(self, topic: Topic, group: str) -> dict[int, int]:
        """Records behind the group's committed offset, a partition each."""
        ...

    async def expire(self, partition: Partition, *, older_than_s: float) -> None:
        """Drop records past retention, where the log does not do so itself."""
        ...


def check_batch(records: Sequence[NewRecord]) -> None:
    """ValueError unless these records may be one batch."""
    if not 1 <= len(records) <= MAX_BATCH_RECORDS or sum(record.size for record in records) > MAX_BATCH_BYTES:
        raise ValueError(f"a batch is 1 to {MAX_BATCH_RECORDS} records of at most {MAX_BATCH_BYTES} bytes in all")
