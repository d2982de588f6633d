"""An agent's files of an hour."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.agents.allowance import Allowance


class Clock:
    """A clock that a test sets."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_files_are_counted_within_an_hour_and_each_agent_has_their_own(clock: Clock) -> None:
    allowance = Allowance(2, 1_000, clock=clock)
    assert allowance.take("ana", 1) == 0
    clock.now += 600
    assert allowance.take("ana", 1) == 0

    assert allowance.take("ana", 1) == 3_000
    assert allowance.take("bo", 1) == 0
    clock.now += 3_000
    assert allowance.take("ana", 1) == 0
    assert allowance.take("ana", 1) == 600


def test_bytes_are_counted_too_and_one_waits_until_enough_of_them_are_an_hour_old(clock: Clock) -> None:
    allowance = Allowance(100, 1_000, clock=clock)
    for size in (100, 700, 100):
        assert allowance.take("ana", size) == 0
        clock.now += 60

    assert allowance.take("ana", 100) == 0
    assert allowance.take("ana", 100) == 3_600 - 180
    assert allowance.take("ana", 500) == 3_600 - 120
    clock.now += 3_600 - 120
    assert allowance.take("ana", 500) == 0


def test_what_is_larger_than_an_hours_bytes_goes_alone(clock: Clock) -> None:
    allowance = Allowance(100, 1_000, clock=clock)
    assert allowance.take("ana", 5_000) == 0
    assert allowance.take("ana", 1) == 3_600


@given(st.lists(st.tuples(st.integers(0, 4_000), st.integers(1, 400)), max_size=40))
def test_no_hour_has_more_than_it_may_and_who_waits_as_told_is_taken(steps: list[tuple[int, int]]) -> None:
    clock = Clock()
    allowance = Allowance(5, 1_000, clock=clock)
    taken: list[tuple[float, int]] = []
    for pause, size in steps:
        clock.now += pause
        if wait := allowance.take("ana", size):
            clock.now += wait
            assert allowance.take("ana", size) == 0
        taken.append((clock.now, size))
        hour = [each for at, each in taken if at > clock.now - 3_600]
        assert len(hour) <= 5
        assert sum(hour) <= 1_000
