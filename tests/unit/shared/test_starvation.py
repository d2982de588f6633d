"""The stated bound: what waits is overtaken only by what came within its target and ten steps of head start."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trunkline.due import HEAD_START_S, due_in_ms

targets = st.integers(1, 30 * 86_400)
priorities = st.integers(0, 10)


@given(waiting=targets, coming=targets, priority=priorities, later_s=st.integers(0, 60 * 86_400))
def test_nothing_that_comes_after_the_bound_is_served_before(
    waiting: int, coming: int, priority: int, later_s: int
) -> None:
    bound_s = waiting + 10 * HEAD_START_S
    overtakes = later_s * 1_000 + due_in_ms(coming, priority) < due_in_ms(waiting, 0)

    assert not overtakes or later_s < bound_s


@given(waiting=targets)
def test_the_bound_is_reached_and_so_not_stated_too_wide(waiting: int) -> None:
    just_within = waiting + 10 * HEAD_START_S - 2

    assert just_within * 1_000 + due_in_ms(1, 10) < due_in_ms(waiting, 0)
