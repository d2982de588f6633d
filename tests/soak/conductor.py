"""The run: a board of its own, eight movers, kills of both, and moments at which all are held and judged."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.worker import Worker, WorkerError
from tests.soak import journal
from tests.soak.floor import DEPLOYMENT, SHARDS
from tests.soak.keeper import Keeper
from tests.soak.planted import planted
from trunkline.board import Board
from trunkline.testing.servers import Valkey

_READ_S = 0.02
_AT_ONCE = 2
_HOLD_S = 60.0
_LONGEST = 3
"""On a slow machine a run lasts until every kind of move was made, but not longer than so many times what was asked."""
_SERVER_OPTIONS = {"auto-aof-rewrite-min-size": "64mb"}


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, how often it is judged, and how often something is killed (seconds between two)."""

    seconds: float | None = None
    operations: int = 1_000_000
    judge_every_s: float = 15.0
    mover_dies_every_s: float = 4.0
    board_dies_every_s: float = 20.0
    fault: str = ""


@dataclass
class Outcome:
    """What came of it."""

    operations: int = 0
    entries: int = 0
    offers: int = 0
    movers_killed: int = 0
    board_killed: int = 0
    judged: int = 0
    made: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    never: list[str] = field(default_factory=list)
    """What it therefore proves nothing of."""
    wrong: list[str] = field(default_factory=list)


class Conductor:
    """One run."""

    def __init__(self, plan: Plan, folder: Path, *, seed: int, say: Callable[[str], None]) -> None:
        self.outcome = Outcome()
        self._plan = plan
        self._folder = folder
        self._chance = random.Random(seed)
        self._say = say
        self._stack = AsyncExitStack()
        self._server = Valkey(appendonly=True, appendfsync="no", options=_SERVER_OPTIONS)
        self._movers: list[Worker | None] = [None] * SHARDS
        self._lives = [0] * SHARDS
        self._turn = asyncio.Lock()
        """Whoever kills, reads or judges: one at a time, for the server must be there for the others."""

    async def run(self) -> Outcome:
        """Until enough was done or something is wrong."""
        async with self._stack:
            if self._plan.fault:
                self._stack.enter_context(planted(self._plan.fault))
            await self._stack.enter_async_context(self._server)
            board = Board(self._server.url, deployment=DEPLOYMENT, shards=SHARDS)
            self._keeper = Keeper(await self._stack.enter_async_context(board))
            await self._keeper.open()
            for first in range(0, SHARDS, _AT_ONCE):
                await asyncio.gather(*(self._live(number) for number in range(first, first + _AT_ONCE)))
            try:
                await self._until_done()
            finally:
                await asyncio.gather(*(mover.__aexit__(None, None, None) for mover in self._movers if mover))
        return self.outcome

    async def _until_done(self) -> None:
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            others = [group.create_task(part()) for part in (self._reading, self._killing_movers, self._killing_board)]
            while not self.outcome.wrong and not self._done(began):
                await asyncio.sleep(self._plan.judge_every_s)
                await self._judge(began)
            for task in others:
                task.cancel()

    def _done(self, began: float) -> bool:
        if self._plan.seconds is not None:
            lasted = time.monotonic() - began
            proved = not self.outcome.never or lasted >= self._plan.seconds * _LONGEST
            return lasted >= self._plan.seconds and proved
        return self.outcome.operations >= self._plan.operations

    # --- what happens -------------------------------------------------------------------------------------

    async def _live(self, number: int) -> None:
        """The next life of a mover."""
        self._lives[number] += 1
        words = [self._server.url, str(number), str(self._lives[number]), str(self._journal(number))]
        worker = Worker("tests.soak.process", *words, *([self._plan.fault] if self._plan.fault else []))
        self._movers[number] = await worker.__aenter__()
        await worker.ask("start", within=_HOLD_S)

    def _journal(self, number: int) -> Path:
        return self._folder / f"mover-{number}.journal"

    async def _reading(self) -> None:
        while True:
            async with self._turn:
                read = await self._keeper.read()
            await asyncio.sleep(_READ_S if read < 100 else 0)

    async def _killing_movers(self) -> None:
        while True:
            await asyncio.sleep(self._chance.uniform(0.5, 1.5) * self._plan.mover_dies_every_s)
            number = self._chance.randrange(SHARDS)
            async with self._turn:
                mover = self._movers[number]
                if mover is None:
                    raise RuntimeError(f"mover {number} was never there")
                os.kill(mover.pid, signal.SIGKILL)
                with suppress(WorkerError):
                    await mover.__aexit__(None, None, None)
                self.outcome.movers_killed += 1
                await self._live(number)

    async def _killing_board(self) -> None:
        while True:
            await asyncio.sleep(self._chance.uniform(0.5, 1.5) * self._plan.board_dies_every_s)
            async with self._turn:
                await self._server.kill()
                await self._server.start()
                await self._keeper.verify()
                self.outcome.board_killed += 1

    # --- judgement ----------------------------------------------------------------------------------------

    async def _judge(self, began: float) -> None:
        """Hold everybody, look at everything, let them go on."""
        async with self._turn:
            movers = [mover for mover in self._movers if mover is not None]
            await asyncio.gather(*(mover.ask("hold", within=_HOLD_S) for mover in movers))
            told = [journal.read(self._journal(number)) for number in range(SHARDS)]
            self.outcome.wrong += await self._keeper.judge(told)
            for number in range(SHARDS):
                os.truncate(self._journal(number), 0)
            self._count(began)
            await asyncio.gather(*(mover.ask("go") for mover in movers))

    def _count(self, began: float) -> None:
        it, keeper = self.outcome, self._keeper
        it.judged += 1
        it.operations, it.entries, it.offers = keeper.operations, keeper.story.entries, keeper.story.barred.judged
        it.made, it.happened, it.never = keeper.made, keeper.story.kinds, keeper.never()
        self._say(
            f"{time.monotonic() - began:6.1f} s  {it.operations:9,} operations, {it.entries:9,} events, "
            f"{it.offers:8,} offers; killed: {it.movers_killed} movers, {it.board_killed} boards; {len(it.wrong)} wrong"
        )
