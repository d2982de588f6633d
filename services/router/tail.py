"""What the end of a shard's `routing-events` says: read back from the log, never from the board's memory."""

from __future__ import annotations

from typing import NamedTuple

from trunkline.bus import Bus, Partition, Position, Record, TermFilter
from trunkline.bus.pen import term_before
from trunkline.events import Header

_PAGE = 1_000


class Tail(NamedTuple):
    """The newest of what owners wrote: '' where the log has none yet."""

    generation: str
    outbox: str


async def last_written(bus: Bus, partition: Partition, *, before: int | None = None) -> Tail:
    """The newest generation named, and the id of the last relayed outbox entry, by accepted records only."""
    end = (await bus.bounds(partition)).next if before is None else before
    generation = outbox = ""
    while not (generation and outbox):
        page = await bus.tail(partition, _PAGE, before=end)
        if not page:
            break
        start = page[0].offset
        accepted = TermFilter(Position(start, await term_before(bus, partition, start))).keep(page)
        generation = generation or _newest(accepted, Header.GENERATION)
        outbox = outbox or _newest(accepted, Header.OUTBOX)
        end = start
    return Tail(generation, outbox)


def _newest(records: list[Record], header: str) -> str:
    return next((text for record in reversed(records) if (text := record.header(header))), "")
