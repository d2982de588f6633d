"""A pace lets through who comes after a pause, and lets the rest share turns that keep their distance."""

from __future__ import annotations

import asyncio

import pytest

from trunkline.pace import Pace


def now() -> float:
    return asyncio.get_running_loop().time()


def delayed(pace: Pace) -> None:
    """From now on its interval is the longest."""
    pace.took(0.001)
    pace.took(100)


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
    delayed(pace)
    began = await passed(pace)

    times = await asyncio.gather(*(passed(pace) for _ in range(5)))

    assert max(times) - min(times) < 0.02
    assert min(times) - began >= 0.199


async def test_who_comes_after_a_shared_turn_waits_for_the_next() -> None:
    pace = Pace(1, most_s=0.1)
    delayed(pace)
    await pace.turn()
    shared = await passed(pace)

    assert await passed(pace) - shared >= 0.099


async def test_turns_are_apart_by_the_least_though_nothing_is_delayed() -> None:
    pace = Pace(0, most_s=0.1, apart_s=0.1)
    began = await passed(pace)

    assert await passed(pace) - began >= 0.099
    await asyncio.sleep(0.12)  # the pause after which nobody waits: longer than an interval
    began = now()
    assert await passed(pace) - began < 0.05


def often(pace: Pace, seconds: float) -> None:
    for _ in range(200):
        pace.took(seconds)


async def test_the_interval_follows_the_delay_of_requests_up_to_its_limit() -> None:
    pace = Pace(5, most_s=0.05)
    assert pace.interval_s == 0

    often(pace, 0.002)
    assert pace.interval_s == 0, "that is what a request to a server so far away takes"
    often(pace, 0.004)
    assert pace.interval_s == pytest.approx(0.010, rel=0.01)
    often(pace, 3)
    assert pace.interval_s == 0.05
    often(pace, 0.003)
    assert pace.interval_s == pytest.approx(0.005, rel=0.01)
