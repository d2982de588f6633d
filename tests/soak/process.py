"""`python -m tests.soak.process URL NUMBER LIFE JOURNAL [FAULT]`: one life of one mover, asked over its stdin."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tests.bench.worker import Method, work
from tests.soak.floor import DEPLOYMENT, SHARDS
from tests.soak.mover import Mover
from tests.soak.planted import planted
from trunkline.board import Board


@asynccontextmanager
async def _start() -> AsyncIterator[Mapping[str, Method]]:
    url, number, life, path, *faults = sys.argv[1:]
    async with AsyncExitStack() as stack:
        for fault in faults:
            stack.enter_context(planted(fault))
        board = await stack.enter_async_context(Board(url, deployment=DEPLOYMENT, shards=SHARDS))
        mover = Mover(board, int(number), int(life), Path(path))
        try:
            yield {"start": mover.start, "hold": mover.hold, "go": mover.go}
        finally:
            await mover.end()


if __name__ == "__main__":
    work(_start)
