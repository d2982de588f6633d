"""Means, how sure they are, and differences of pairs."""

from __future__ import annotations

import pytest

from trunkline.simulation.estimate import differences, estimate, estimates, student_t
from trunkline.simulation.tally import Key, Scope, jain, quantile

WAIT = Key(Scope.FLOOR, "", "mean_wait_s")
LEFT = Key(Scope.FLOOR, "", "abandoned")


@pytest.mark.parametrize(
    ("freedom", "value"),
    [(1, 12.7062), (2, 4.30265), (3, 3.18245), (4, 2.77645), (9, 2.26216), (30, 2.04227), (999, 1.96234)],
)
def test_students_t_is_the_tables(freedom: int, value: float) -> None:
    assert student_t(freedom) == pytest.approx(value, rel=1e-5)


def test_a_mean_knows_how_sure_it_is() -> None:
    found = estimate([1.0, 2.0, 3.0])

    assert found.mean == 2.0
    assert found.half_width == pytest.approx(4.30265 / 3**0.5, rel=1e-5)
    assert not estimate([-1.0, 1.0, 2.0]).differs
    assert estimate([1.0, 1.1, 1.2]).differs
    assert estimate([5.0]).half_width is None
    assert not estimate([5.0]).differs


def test_pairs_are_surer_than_their_parts() -> None:
    first = [{WAIT: 10.0}, {WAIT: 20.0}, {WAIT: 30.0}]
    second = [{WAIT: 11.0}, {WAIT: 21.1}, {WAIT: 30.9}]

    apart = differences(second, first)[WAIT]

    assert apart.mean == pytest.approx(1.0)
    assert apart.differs
    assert (apart.half_width or 0) < 1
    assert (estimates(first)[WAIT].half_width or 0) > 20


def test_a_figure_that_a_replication_lacks_is_left_out_of_it() -> None:
    found = [{WAIT: 10.0, LEFT: 0.5}, {WAIT: 20.0}]

    assert estimates(found)[LEFT].mean == 0.5
    assert differences(found, [{WAIT: 1.0}, {WAIT: 2.0}]).keys() == {WAIT}


def test_fairness_is_one_when_all_are_equal_and_a_share_when_one_has_all() -> None:
    assert jain([0.4, 0.4, 0.4]) == pytest.approx(1.0)
    assert jain([1.0, 0.0, 0.0, 0.0]) == pytest.approx(0.25)
    assert jain([0.0, 0.0]) == 1.0


def test_a_quantile_lies_between_its_neighbours() -> None:
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.5
    assert quantile([1.0, 2.0, 3.0, 4.0], 1.0) == 4.0
    assert quantile([7.0], 0.95) == 7.0
