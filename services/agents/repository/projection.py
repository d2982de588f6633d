"""The projection: the log's events become the record's rows, in the same transaction as the position they bring it to.

Told twice, an event changes nothing: an offset below the stored position is passed over, a conversation's version
never falls, a message's id is there once. What cannot be read is set aside and never holds up what follows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.agents.repository import decoding
from services.agents.repository.decoding import ProjectedRecord, Reading
from services.agents.repository.engine import Database
from services.agents.repository.errors import Unstorable
from services.agents.repository.receipts import Sending, SendingStatements
from services.agents.repository.storytelling import Storyteller
from services.agents.tables import PENDING_RECEIPTS, POSITIONS, REFUSED
from trunkline.bus.base import Partition, Position
from trunkline.events import MAX_EVENT_BYTES, Topic
from trunkline.failpoints import failpoint

MAX_TRANSACTION: Final = 1_000
"""Most records of one transaction; a larger batch is several, each with its own positions."""

_DECODED_AT_ONCE: Final = 64
"""Records decoded before the event loop gets its turn."""

_LOCK = "trunkline-projection"


class Applied(NamedTuple):
    """What became of a batch: folded in, passed over as known, set aside; versions that were jumped over."""

    applied: int = 0
    skipped: int = 0
    refused: int = 0
    gaps: int = 0

    def plus(self, other: Applied) -> Applied:
        """Both together."""
        return Applied(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that was set aside."""

    place: Partition
    offset: int
    reason: str
    at: datetime
    value: bytes


@dataclass(slots=True)
class _Place:
    position: Position
    event_at: datetime | None
    moved: bool = False

    def reach(self, position: Position) -> None:
        higher = Position(max(self.position.offset, position.offset), max(self.position.term, position.term))
        if higher != self.position:
            self.position, self.moved = higher, True


class Projection:
    """Writes what the log says. One process at a time in a partition; on PostgreSQL several share the partitions.

    It relies on DESIGN 3: what concerns one conversation, its receipts too, is in partitions of one number.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._storyteller = Storyteller(database)
        self._sending = SendingStatements(database)
        self._put_refused = database.many(database.insert_new(REFUSED))
        self._put_positions = database.many(database.upsert(POSITIONS))

    async def positions(self, topic: Topic) -> dict[int, Position]:
        """Where to read on in each partition of a topic; a partition never read is not in it."""
        query = select(POSITIONS).where(POSITIONS.c.topic == topic.value)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return {row["partition"]: Position(row["next_offset"], row["term"]) for row in rows}

    async def apply(
        self, records: Sequence[ProjectedRecord], positions: Mapping[Partition, Position] | None = None
    ) -> Applied:
        """Fold records in, each partition's in order, and reach `positions` (past records the reader dropped).

        Rows and positions are one transaction (for every MAX_TRANSACTION records). RecordAway: nothing is known to be
        written; give the same batch again.
        """
        total = Applied()
        reached = positions or {}
        for first in range(0, max(len(records), 1), MAX_TRANSACTION):
            some = records[first : first + MAX_TRANSACTION]
            last = first + MAX_TRANSACTION >= len(records)
            total = total.plus(await self._apply(await _decoded(some), reached if last else {}))
        return total

    async def refused(self, *, limit: int = 100) -> list[Refused]:
        """What was set aside, the newest first."""
        query = select(REFUSED).order_by(REFUSED.c.at.desc(), REFUSED.c.offset.desc()).limit(min(max(limit, 1), 1_000))
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [_refused(row) for row in rows]

    async def prune(self, *, before: datetime) -> int:
        """Forget receipts and refusals from before a time (the log's retention); how many there were."""

        async def work(connection: AsyncConnection) -> int:
            gone = 0
            for table in (PENDING_RECEIPTS, REFUSED):
                gone += (await connection.execute(delete(table).where(table.c.at < before))).rowcount
            return gone

        return await self._database.write(work)

    async def _apply(self, readings: list[Reading], reached: Mapping[Partition, Position]) -> Applied:
        def work(connection: Connection) -> Applied:
            return self._fold(connection, readings, reached)

        try:
            return await self._database.write_bulk(work)
        except Unstorable as error:
            # One record of the batch holds what this database refuses: halve until it is alone, and set it aside.
            if len(readings) > 1:
                middle = len(readings) // 2
                done = await self._apply(readings[:middle], {})
                return done.plus(await self._apply(readings[middle:], reached))
            if not readings or readings[0].refusal:
                raise
            return await self._apply([Reading(readings[0].record, refusal=str(error)[:500])], reached)

    def _fold(self, connection: Connection, readings: list[Reading], reached: Mapping[Partition, Position]) -> Applied:
        touched = {reading.record.place for reading in readings} | set(reached)
        self._database.exclusively_now(connection, _LOCK, [place.number for place in touched])
        places = _places(connection, touched)
        fresh = [reading for reading in readings if _advances(places[reading.record.place], reading)]
        for place, position in reached.items():
            places[place].reach(position)

        story = self._storyteller.tell(connection, fresh)
        Sending(self._sending, connection).send(fresh, story)
        refusals = [reading for reading in fresh if reading.refusal]
        self._put_refused.run(connection, _refusal_rows(refusals))
        self._put_positions.run(connection, _position_rows(places))
        failpoint("projection.applied")
        return Applied(
            applied=len(fresh) - len(refusals) - story.retold,
            skipped=len(readings) - len(fresh) + story.retold,
            refused=len(refusals),
            gaps=story.gaps,
        )


async def _decoded(records: Sequence[ProjectedRecord]) -> list[Reading]:
    readings: list[Reading] = []
    for first in range(0, len(records), _DECODED_AT_ONCE):
        readings += [decoding.read(record) for record in records[first : first + _DECODED_AT_ONCE]]
        await asyncio.sleep(0)
    return readings


def _places(connection: Connection, wanted: Iterable[Partition]) -> dict[Partition, _Place]:
    places = {place: _Place(Position(0, 0), None) for place in wanted}
    for row in connection.execute(select(POSITIONS)).mappings():
        place = Partition(Topic(row["topic"]), row["partition"])
        if place in places:
            places[place] = _Place(Position(row["next_offset"], row["term"]), row["event_at"])
    return places


def _advances(place: _Place, reading: Reading) -> bool:
    record = reading.record
    if record.offset < place.position.offset:
        return False
    place.reach(Position(record.offset + 1, record.term or 0))
    place.event_at = reading.at or place.event_at
    return True


def _refused(row: Any) -> Refused:
    place = Partition(Topic(row["topic"]), row["partition"])
    return Refused(place, row["offset"], row["reason"], row["at"], row["value"])


def _refusal_rows(refusals: Iterable[Reading]) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    return [
        {
            "topic": reading.record.topic.value,
            "partition": reading.record.partition,
            "offset": reading.record.offset,
            "reason": reading.refusal.replace("\x00", "\ufffd"),
            "at": now,
            "value": reading.record.value[:MAX_EVENT_BYTES],
        }
        for reading in refusals
    ]


def _position_rows(places: Mapping[Partition, _Place]) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    return [
        {
            "topic": place.topic.value,
            "partition": place.number,
            "next_offset": held.position.offset,
            "term": held.position.term,
            "event_at": held.event_at,
            "written_at": now,
        }
        for place, held in places.items()
        if held.moved
    ]
