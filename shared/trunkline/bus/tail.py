"""What the end of a shard's `routing-events` says: read back from the log, never from the board's memory."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from trunkline.bus.base import Partition, Position, Record
from trunkline.bus.lookback import Tailed
from trunkline.bus.pen import term_before
from trunkline.bus.terms import TermFilter
from trunkline.events import Header

_PAGE = 1_000


class Tail(NamedTuple):
    """The newest of what owners wrote: '' where the log has none yet."""

    generation: str
    outbox: str
    applied: int = -1


async def last_written(
    bus: Tailed, partition: Partition, *, before: int | None = None, ours: Collection[int] = ()
) -> Tail:
    """The newest generation named, the last relayed outbox entry and applied offset, by accepted records only.

    `ours`: offsets of the caller's own records, which name no generation for it.
    """
    end = (await bus.bounds(partition)).next if before is None else before
    generation = outbox = applied = ""
    while not (generation and outbox):
        page = await bus.tail(partition, _PAGE, before=end)
        if not page:
            break
        start = page[0].offset
        accepted = TermFilter(Position(start, await term_before(bus, partition, start))).keep(page)
        others = [record for record in accepted if record.offset not in ours]
        generation = generation or _newest(others, Header.GENERATION)
        outbox = outbox or _newest(accepted, Header.OUTBOX)
        applied = applied or _newest(accepted, Header.APPLIED)
        end = start
    return Tail(generation, outbox, int(applied or -1))


def _newest(records: list[Record], header: str) -> str:
    return next((text for record in reversed(records) if (text := record.header(header))), "")
