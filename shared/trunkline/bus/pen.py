"""Taking the pen of a partition, and starting to read at its end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from trunkline.bus.base import MAX_BATCH_RECORDS, AppendUnknown, NewRecord, Partition, Pen, Position
from trunkline.bus.lookback import Tailed
from trunkline.bus.terms import highest_term
from trunkline.events import Header, Taken, headers, pack

_WINDOW = 1_000


async def term_before(bus: Tailed, partition: Partition, offset: int) -> int:
    """The highest term before `offset`.

    Looks back until it has seen more owners' records than one batch can hold (or the log's beginning): a replaced
    owner can have only one batch in flight, so at least one of them is by the newest owner. Records of nobody
    (receipts between notify's outcomes) do not count.
    """
    highest = seen = 0
    while seen <= MAX_BATCH_RECORDS:
        records = await bus.tail(partition, _WINDOW, before=offset)
        if not records:
            break
        highest = max(highest, highest_term(records))
        seen += sum(record.term is not None for record in records)
        offset = records[0].offset
    return highest


async def end_position(bus: Tailed, partition: Partition) -> Position:
    """Where a reader stands who wants only what comes from now on."""
    end = (await bus.bounds(partition)).next
    return Position(end, await term_before(bus, partition, end))


Announce = Callable[[int], Awaitable[int]]
"""Told a term before it is written to the log; answers the term known there, ours or a higher one."""


async def take_pen(
    bus: Tailed, partition: Partition, owner: str, *, generation: str = "", announce: Announce | None = None
) -> Pen:
    """Become the partition's owner (DESIGN 3, rule 1).

    Appends a `taken` record with a term above any seen and reads back what came before it: when somebody else
    was quicker with as high a term it is void, and a higher one is tried. AppendUnknown is repeated: a `taken`
    record that landed unseen only raises the next term.
    """
    term = await term_before(bus, partition, (await bus.bounds(partition)).next)
    while True:
        term += 1
        if announce is not None and (known := await announce(term)) > term:
            term = known
            continue
        try:
            offset = await bus.append(partition, [taken_record(partition, term, owner, generation)])
        except AppendUnknown:
            term = max(term, await term_before(bus, partition, (await bus.bounds(partition)).next))
            continue
        before = await term_before(bus, partition, offset)
        if before < term:
            return Pen(partition, term, offset)
        term = before


def taken_record(partition: Partition, term: int, owner: str, generation: str) -> NewRecord:
    """The record that takes a pen."""
    event = Taken(term=term, owner=owner, generation=generation)
    value = pack(
        event,
        id=f"{partition.topic}-{partition.number}-taken-{term}-{owner}",
        source=f"trunkline/{owner}",
        subject=owner,
        time=datetime.now(UTC),
    )
    told = headers(Taken.type, (Header.TERM, str(term).encode()), (Header.GENERATION, generation.encode()))
    return NewRecord(owner.encode(), value, told)
