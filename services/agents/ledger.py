"""The ledger: what was accepted and has not come to its end yet, counted over all shards."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from trunkline.board import Board, looks
from trunkline.bus import Bus, Partition
from trunkline.events import Topic


class Difference(NamedTuple):
    """Both are 0 on a quiet floor, a few on a busy one; what stays is stuck."""

    unrouted: int
    """Items that were safely in `inbound` when asked, and the router had not applied a moment later."""
    unrelayed: int
    """What the board has decided and the log has not been told, or not been seen to have."""


async def difference(bus: Bus, board: Board) -> Difference:
    """Of this moment. BusError while the log does not answer; BoardClosed or BoardAway as of `Board.call`."""
    # The log first: what comes in between was not accepted before, so it is not missing.
    bounds = await asyncio.gather(*(bus.bounds(Partition(Topic.INBOUND, shard)) for shard in range(bus.shards)))
    shards = await looks.progress(board)
    unrouted = sum(max(0, kept.next - 1 - at.applied) for kept, at in zip(bounds, shards, strict=True))
    return Difference(unrouted=unrouted, unrelayed=sum(at.unrelayed for at in shards))
