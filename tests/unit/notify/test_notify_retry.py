"""When to try again: jitter within its bounds, and the provider's own word as the least."""

from __future__ import annotations

import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.retry import pause_s
from services.notify.window import Window
from trunkline.channels.base import Failed, FailureClass


@given(st.integers(1, 200), st.none() | st.floats(0, 86_400), st.sampled_from(list(FailureClass)), st.integers())
def test_a_pause_is_never_shorter_than_the_provider_says_nor_longer_than_five_minutes_more(
    attempt: int, told: float | None, kind: FailureClass, seed: int
) -> None:
    pause = pause_s(Failed(kind=kind, text="", retry_after_s=told), attempt, chance=random.Random(seed))

    least = told or 0.0
    if kind in {FailureClass.AUTH, FailureClass.QUOTA}:
        least = max(60.0, least)
    assert least <= pause <= least + min(300.0, 0.5 * 2**attempt)


@pytest.mark.parametrize(("attempt", "most"), [(1, 1.0), (2, 2.0), (5, 16.0), (30, 300.0)])
def test_jitter_is_full_so_that_those_who_failed_together_do_not_come_back_together(attempt: int, most: float) -> None:
    chance = random.Random(1)
    pauses = [pause_s(Failed(kind=FailureClass.RETRY, text=""), attempt, chance=chance) for _ in range(2_000)]

    assert min(pauses) < most * 0.01
    assert max(pauses) > most * 0.99
    assert statistics.mean(pauses) == pytest.approx(most / 2, rel=0.05)


@given(st.integers(0, 2**53), st.dictionaries(st.integers(0, 2**53), st.integers(0, 9_999), max_size=1_000))
def test_a_position_is_read_back_as_it_was_written(following: int, unfinal: dict[int, int]) -> None:
    window = Window(following, unfinal)

    assert Window.read(window.text()) == window
    assert list(Window.read(window.text()).open) == list(unfinal)


@pytest.mark.parametrize("text", ["", "x", "1;2", "1;2:", "1;2:x", "1;:1"])
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        Window.read(text)
