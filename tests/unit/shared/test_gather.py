"""Many small calls become few large ones, in order, one in flight; whatever goes wrong is told to those it befell."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from trunkline.gather import Gather


class Server:
    """Remembers the batches it was called with; answers when it is let, with twice each item."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.busy = 0
        self.let = asyncio.Event()
        self.let.set()
        self.answer: Callable[[list[int]], list[int]] = lambda batch: [2 * item for item in batch]

    async def call(self, batch: list[int]) -> list[int]:
        self.batches.append(batch)
        self.busy += 1
        assert self.busy == 1, "one in flight"
        try:
            await self.let.wait()
            return self.answer(batch)
        finally:
            self.busy -= 1


async def called(server: Server, times: int) -> None:
    async with asyncio.timeout(5):
        while len(server.batches) < times:
            await asyncio.sleep(0)


async def test_what_comes_during_a_call_is_the_next_one_in_order() -> None:
    server = Server()
    server.let.clear()
    gather = Gather(server.call)
    first = gather.submit(0)
    await called(server, 1)
    later = [gather.submit(item) for item in range(1, 6)]

    server.let.set()

    assert [await first, *[await one for one in later]] == [0, 2, 4, 6, 8, 10]
    assert server.batches == [[0], [1, 2, 3, 4, 5]]


async def test_a_batch_is_never_above_its_limit() -> None:
    server = Server()
    gather = Gather(server.call, limit=3)

    assert await asyncio.gather(*(gather.submit(item) for item in range(7))) == [2 * item for item in range(7)]

    assert [len(batch) for batch in server.batches] == [3, 3, 1]


async def test_what_comes_while_a_turn_is_waited_for_is_in_its_batch() -> None:
    server, turns, waiting = Server(), asyncio.Semaphore(0), asyncio.Event()

    async def turn() -> None:
        waiting.set()
        await turns.acquire()

    gather = Gather(server.call, turn=turn)
    first = gather.submit(1)
    await asyncio.wait_for(waiting.wait(), 5)
    second = gather.submit(2)
    assert server.batches == []

    turns.release()

    assert [await first, await second] == [2, 4]
    assert server.batches == [[1, 2]]


async def test_an_error_befalls_its_batch_only() -> None:
    server = Server()
    gather = Gather(server.call, limit=2)

    def fails_at_first(batch: list[int]) -> list[int]:
        if 0 in batch:
            raise OSError("away")
        return batch

    server.answer = fails_at_first
    told = await asyncio.gather(*(gather.submit(item) for item in range(4)), return_exceptions=True)

    assert [type(one) for one in told[:2]] == [OSError, OSError]
    assert told[2:] == [2, 3]


async def test_too_few_results_are_nobodys() -> None:
    server = Server()
    server.answer = lambda batch: batch[1:]

    told = await asyncio.gather(*(Gather(server.call).submit(item) for item in range(2)), return_exceptions=True)

    assert [type(one) for one in told] == [RuntimeError, RuntimeError]


async def test_who_gives_up_loses_only_the_answer() -> None:
    server = Server()
    server.let.clear()
    gather = Gather(server.call)
    first, second = gather.submit(1), gather.submit(2)
    await called(server, 1)
    first.cancel()

    server.let.set()

    assert await second == 4
    assert server.batches == [[1, 2]]


async def test_closed_it_calls_no_more_and_nobody_waits_for_ever() -> None:
    server = Server()
    server.let.clear()
    gather = Gather(server.call)
    on_the_way = gather.submit(1)
    await called(server, 1)
    behind = gather.submit(2)

    await gather.close()

    for one in (on_the_way, behind):
        with pytest.raises(asyncio.CancelledError):
            await one
    assert server.batches == [[1]]
