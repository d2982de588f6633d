"""The long proofs of routing, in short: their systems play, and their figures have goals."""

from __future__ import annotations

import pytest

from tests.bench.figures import EVERY, GOALS, ROUTING
from tests.bench.routing.__main__ import ROWS
from tests.bench.routing.exactness import play
from tests.bench.routing.systems import systems

ARRIVALS = 2_000


def test_every_row_has_a_goal_of_its_own() -> None:
    assert ROWS.keys() == ROUTING.keys()
    assert len(EVERY) == len(GOALS) + len(ROUTING)


@pytest.mark.parametrize("number", range(8), ids=[system.name for system in systems(ARRIVALS)])
def test_a_system_comes_near_its_exact_means_even_in_short(number: int) -> None:
    system = systems(ARRIVALS)[number]

    figures = play(number, ARRIVALS, 4)

    for key, exact in system.exact.items():
        assert figures[key] == pytest.approx(exact, rel=0.5), key
