"""The breaker of an account: opens, lets one try, closes for all."""

from __future__ import annotations

import asyncio

import pytest

from services.notify.breaker import Breaker
from tests.unit.notify.clock import now, run


def _opened() -> Breaker:
    breaker = Breaker("sms-main")
    for _ in range(5):
        breaker.failed(tried=False)
    assert breaker.is_open
    return breaker


def test_four_failures_in_a_row_do_not_open_it_and_a_success_between_starts_anew() -> None:
    async def scene() -> None:
        breaker = Breaker("sms-main")
        for _ in range(3):
            for _ in range(4):
                breaker.failed(tried=False)
            breaker.succeeded()
        assert not breaker.is_open
        assert await breaker.enter() is False

    run(scene())


def test_while_it_is_open_one_call_tries_after_two_four_and_eight_seconds_up_to_a_minute() -> None:
    async def scene() -> None:
        breaker, began, tries = _opened(), now(), list[float]()
        for _ in range(8):
            assert await breaker.enter() is True
            tries.append(now() - began)
            breaker.failed(tried=True)
        pauses = [later - earlier for earlier, later in zip([0.0, *tries], tries, strict=False)]
        assert pauses == pytest.approx([2, 4, 8, 16, 32, 60, 60, 60])

    run(scene())


def test_calls_under_way_when_it_opened_do_not_lengthen_the_pause() -> None:
    async def scene() -> None:
        breaker, began = _opened(), now()
        for _ in range(200):
            breaker.failed(tried=False)
        assert await breaker.enter() is True
        assert now() - began == pytest.approx(2.0)

    run(scene())


def test_a_success_lets_everybody_through_at_once() -> None:
    async def scene() -> None:
        breaker, began, through = _opened(), now(), list[float]()

        async def call() -> None:
            if await breaker.enter():
                await asyncio.sleep(0.3)  # the call that tries
                breaker.succeeded()
            through.append(now() - began)

        await asyncio.gather(*(call() for _ in range(20)))
        assert not breaker.is_open
        assert through == pytest.approx([2.3] * 20)

    run(scene())


def test_while_one_tries_the_others_wait_for_how_it_ends() -> None:
    async def scene() -> None:
        breaker, trying, most = _opened(), 0, 0

        async def call() -> None:
            nonlocal trying, most
            while await breaker.enter():
                trying += 1
                most = max(most, trying)
                await asyncio.sleep(0.3)
                trying -= 1
                if now() > 1_040:
                    breaker.succeeded()
                else:
                    breaker.failed(tried=True)

        await asyncio.gather(*(call() for _ in range(10)))
        assert most == 1

    run(scene())


def test_who_tried_and_was_cancelled_leaves_the_next_one_a_try() -> None:
    async def scene() -> None:
        breaker = _opened()

        async def call() -> None:
            await breaker.enter()
            await asyncio.sleep(1_000)

        lost = asyncio.create_task(call())
        await asyncio.sleep(3)
        lost.cancel()
        assert await breaker.enter() is True

    run(scene())
