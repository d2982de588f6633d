"""Agents' counters of room compared with what they count: equal always. What is not is repaired, and told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import structlog

from services.router.core import Core
from services.router.shard import Shard
from trunkline.board import Board, BoardAway, BoardClosed
from trunkline.metrics import RECOUNTED

log = structlog.get_logger()

_EVERY_S = 30.0
_SLICE_S = 0.1
"""Between two calls, each of some fifty agents: nobody waits for a thousand."""


async def run_recount(core: Core, owned: Callable[[], Iterable[Shard]]) -> None:
    """All agents each half minute, by the owner of shard 0; a closed or absent board is waited out."""
    while True:
        await asyncio.sleep(_EVERY_S)
        for shard in owned():
            if shard.number == 0 and shard.verified:
                try:
                    await recount(core.board, shard.term)
                except (BoardClosed, BoardAway) as error:
                    log.debug("recount_waits", reason=str(error))


async def recount(board: Board, term: int) -> int:
    """Go through all present agents once; how many counters were wrong. BoardClosed or BoardAway as of `Board.call`.

    `term` is that of shard 0; under an older one nothing is done.
    """
    cursor, wrong = "0", 0
    while True:
        answer = await board.call("recount", "0", str(term), cursor)
        if answer[0] != b"ok":
            return wrong
        for agent, counter, said, counts in ([part.decode() for part in one] for one in answer[2]):
            wrong += 1
            RECOUNTED.inc()
            log.error("counter_repaired", agent=agent, counter=counter, said=said, counts=counts)
        cursor = answer[1].decode()
        if cursor == "0":
            return wrong
        await asyncio.sleep(_SLICE_S)
