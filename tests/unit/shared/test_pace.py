"""A pace lets through who comes after a pause, and lets the rest share turns that keep their distance."""

from __future__ import annotations

import asyncio

import pytest

from trunkline.pace import Pace


def now() -> float:
    return asyncio.get_running_loop().time()


async def passed(pace: Pace) -> float:
    await pace.turn()
    return now()


async def test_without_a_request_before_nobody_waits() -> None:
    pace = Pace(5, most_s=10)
    async with asyncio.timeout(1):
        for _ in range(3):
            await pace.turn()


async def test_those_who_come_within_an_interval_pass_together_when_it_ends() -> None:
    pace = Pace(1, most_s=0.2)
    pace.took(100)  # the longest interval
    began = await passed(pace)

    times = await asyncio.gather(*(passed(pace) for _ in range(5)))

    assert max(times) - min(times) < 0.02
    assert min(times) - began >= 0.199


async def test_who_comes_after_a_shared_turn_waits_for_the_next() -> None:
    pace = Pace(1, most_s=0.1)
    pace.took(100)
    await pace.turn()
    shared = await passed(pace)

    assert await passed(pace) - shared >= 0.099


async def test_the_interval_follows_what_requests_take_up_to_its_limit() -> None:
    pace = Pace(5, most_s=0.05)
    assert pace.interval_s == 0

    for _ in range(200):
        pace.took(0.002)
    assert pace.interval_s == pytest.approx(0.010, rel=0.01)
    for _ in range(200):
        pace.took(3)
    assert pace.interval_s == 0.05
    for _ in range(200):
        pace.took(0.001)
    assert pace.interval_s == pytest.approx(0.005, rel=0.01)


async def test_one_who_gives_up_costs_the_others_nothing() -> None:
    pace = Pace(1, most_s=0.1)
    pace.took(100)
    await pace.turn()
    impatient, patient = asyncio.create_task(pace.turn()), asyncio.create_task(pace.turn())
    await asyncio.sleep(0)

    impatient.cancel()

    async with asyncio.timeout(1):
        await patient
    assert impatient.cancelled()
