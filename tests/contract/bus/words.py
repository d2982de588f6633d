"""What the tests of the bus say and hear."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from trunkline.bus import Bus, Follower, NewRecord, Partition, Position, Record
from trunkline.bus.pen import taken_record
from trunkline.events import Header, Topic

INBOUND = Partition(Topic.INBOUND, 1)
ROUTING = Partition(Topic.ROUTING, 2)


def said(word: object, *, term: int | None = None) -> NewRecord:
    """A record that says one word, by an owner if it has a term."""
    headers: list[tuple[str, bytes]] = [(Header.TYPE, b"said")]
    if term is not None:
        headers.append((Header.TERM, str(term).encode()))
    return NewRecord(b"key", str(word).encode(), tuple(headers))


def taken(term: int, owner: str = "somebody") -> NewRecord:
    """A `taken` record as `take_pen` writes it."""
    return taken_record(ROUTING, term, owner, "")


def words(records: Iterable[Record]) -> list[str]:
    """What records said; a `taken` record says its term."""
    return [record.value.decode() if record.type == "said" else f"taken {record.term}" for record in records]


async def read(
    bus: Bus, partition: Partition, start: Position | None = None, *, end: int | None = None
) -> list[Record]:
    """All accepted records of a partition."""
    end = (await bus.bounds(partition)).next if end is None else end
    return [record async for records in bus.read(partition, start or Position(0), end=end) for record in records]


async def follow(follower: Follower, partition: Partition, count: int, *, within: float = 10) -> list[Record]:
    """The next records of a partition, at least `count`."""
    found: list[Record] = []
    async with asyncio.timeout(within):
        while len(found) < count:
            found += (await follower.next()).get(partition, [])
    return found


def now() -> float:
    """Seconds, by the loop's clock."""
    return asyncio.get_running_loop().time()
