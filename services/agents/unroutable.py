"""The metric of what nobody can ever take: only the agents service knows who is on the roster."""

from __future__ import annotations

import asyncio
from collections import Counter

import structlog

from services.agents.reach import Reach
from services.agents.repository import RecordAway
from trunkline import metrics
from trunkline.board import Board, BoardAway, BoardClosed, looks

log = structlog.get_logger()

_EVERY_S = 5.0


async def reckon(board: Board, reach: Reach, shown: set[str]) -> int:
    """Show for each queue how many wait for nobody; how many in all. `shown`: queues that were shown, 0 again now.

    The roster is asked only about what waits while no available agent would do.
    BoardClosed, BoardAway or RecordAway: the figures stay what they were.
    """
    waits = await looks.waiting(board)
    found = await reach.of_waiting(waits)
    stuck: Counter[str] = Counter()
    for one in waits:
        if one.requirement in found and not found[one.requirement].able:
            stuck[one.queue] += one.waiting
    for queue in shown.union(stuck):
        metrics.UNROUTABLE.labels(queue).set(stuck[queue])
    shown.update(stuck)
    return stuck.total()


async def run_unroutable(board: Board, reach: Reach, *, every_s: float = _EVERY_S) -> None:
    """Reckon every few seconds, for ever."""
    shown: set[str] = set()
    while True:
        try:
            await reckon(board, reach, shown)
        except (BoardClosed, BoardAway, RecordAway) as error:
            log.info("unroutable_not_known", reason=str(error))
        await asyncio.sleep(every_s)
