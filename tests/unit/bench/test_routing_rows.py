"""The long proofs of routing, in short: their systems play, and their figures have goals."""

from __future__ import annotations

import pytest

from tests.bench.figures import EVERY, GOALS, ROUTING
from tests.bench.routing.__main__ import ROWS
from tests.bench.routing.exactness import play
from tests.bench.routing.graphs import KINDS, graph
from tests.bench.routing.policies import compare
from tests.bench.routing.systems import systems

ARRIVALS = 2_000


def test_every_row_has_a_goal_of_its_own() -> None:
    assert ROWS.keys() == ROUTING.keys()
    assert len(EVERY) == len(GOALS) + len(ROUTING)


def test_a_graph_is_the_same_for_both_policies_and_only_its_order_of_agents_differs() -> None:
    for kind in KINDS:
        ours, theirs = (graph(kind, 7, policy, arrivals=200) for policy in ("index", "longest-idle"))

        assert ours.floor == theirs.floor
        assert graph(kind, 8, "index", arrivals=200).floor != ours.floor
        assert {it.requirement for it in ours.routes.values()} != {it.requirement for it in theirs.routes.values()}


def test_a_floor_with_fast_and_slow_agents_is_better_off_by_asking_the_fast_ones() -> None:
    assert compare("s5", 7, 300).mean < 1


@pytest.mark.parametrize("number", range(8), ids=[system.name for system in systems(ARRIVALS)])
def test_a_system_comes_near_its_exact_means_even_in_short(number: int) -> None:
    system = systems(ARRIVALS)[number]

    figures = play(number, ARRIVALS, 4)

    for key, exact in system.exact.items():
        assert figures[key] == pytest.approx(exact, rel=0.5), key
