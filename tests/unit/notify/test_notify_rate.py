"""The bucket of an account: its rate, what a 429 does to it, and that it recovers."""

from __future__ import annotations

import asyncio

import pytest

from services.notify.rate import Bucket
from tests.unit.notify.clock import now, run


async def _times(bucket: Bucket, count: int, cost: float = 1.0) -> list[float]:
    began, times = now(), []
    for _ in range(count):
        await bucket.take(cost)
        times.append(now() - began)
    return times


def test_a_second_of_burst_and_then_the_rate() -> None:
    async def scene() -> None:
        times = await _times(Bucket(5), 15)
        assert times[:5] == [0.0] * 5
        assert times[5:] == pytest.approx([0.2 * n for n in range(1, 11)])

    run(scene())


def test_first_come_first_served() -> None:
    async def scene() -> None:
        bucket, order = Bucket(2), list[int]()

        async def come(number: int) -> None:
            await bucket.take(1)
            order.append(number)

        await asyncio.gather(*(come(number) for number in range(10)))
        assert order == list(range(10))

    run(scene())


def test_who_leaves_the_line_takes_nothing_along() -> None:
    async def scene() -> None:
        bucket = Bucket(1)
        await bucket.take(1)
        leaving = asyncio.create_task(bucket.take(1))
        await asyncio.sleep(0.5)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        began = now()
        await bucket.take(1)
        assert now() - began == pytest.approx(0.5)

    run(scene())


def test_what_costs_more_than_a_second_of_the_rate_still_goes() -> None:
    async def scene() -> None:
        bucket = Bucket(2)
        assert await _times(bucket, 2, cost=10) == pytest.approx([0.0, 5.0])

    run(scene())


def test_a_429_closes_the_bucket_as_long_as_the_provider_says() -> None:
    async def scene() -> None:
        bucket = Bucket(10)
        bucket.throttled(7.0)
        assert (await _times(bucket, 1))[0] == pytest.approx(7.0)

    run(scene())


def test_a_429_halves_the_rate_and_half_a_minute_restores_it() -> None:
    async def scene() -> None:
        bucket = Bucket(10)
        await _times(bucket, 10)
        bucket.throttled(None)
        slow = (await _times(bucket, 10))[-1]
        assert 1.2 < slow <= 2.0, "about half the rate, already on its way back"
        await asyncio.sleep(30)
        await _times(bucket, 10)  # the burst
        assert (await _times(bucket, 20))[-1] == pytest.approx(2.0, rel=0.01)

    run(scene())


def test_the_rate_never_falls_to_nothing() -> None:
    async def scene() -> None:
        bucket = Bucket(10)
        await _times(bucket, 10)
        for _ in range(50):
            bucket.throttled(None)
        assert (await _times(bucket, 1))[0] <= 1.0

    run(scene())
