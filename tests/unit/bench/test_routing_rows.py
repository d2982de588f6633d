"""The long proofs of routing, in short: their systems play, and their figures have goals."""

from __future__ import annotations

import random

import pytest

from tests.bench.figures import EVERY, GOALS, ROUTING
from tests.bench.routing.__main__ import ROWS
from tests.bench.routing.chance import chance_of
from tests.bench.routing.controls import controlled
from tests.bench.routing.exactness import play
from tests.bench.routing.graphs import KINDS, graph
from tests.bench.routing.policies import compare
from tests.bench.routing.systems import systems
from trunkline.simulation.estimate import estimate

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

    figures, _ = play(number, ARRIVALS, 4)

    for key, exact in system.exact.items():
        assert figures[key] == pytest.approx(exact, rel=0.5), key


@pytest.mark.parametrize("number", range(8), ids=[system.name for system in systems(ARRIVALS)])
def test_chance_brings_as_much_work_as_its_mean_says(number: int) -> None:
    scenario = systems(ARRIVALS)[number].scenario

    found = estimate([chance_of(scenario, replication).surplus for replication in range(60)])

    assert found.half_width is not None
    assert abs(found.mean) < 2 * found.half_width < 0.03


@pytest.mark.parametrize("number", [0, 6, 7], ids=["pooled", "speeds differ", "three classes"])
def test_one_agent_as_fast_as_all_keeps_customers_waiting_as_its_formula_says(number: int) -> None:
    scenario = systems(4 * ARRIVALS)[number].scenario

    found = estimate([chance_of(scenario, replication).congestion for replication in range(20)])

    assert found.half_width is not None
    assert abs(found.mean) < 2 * found.half_width < 0.4


def test_what_goes_with_a_known_mean_is_known_better_and_no_worse_where_nothing_goes_with_it() -> None:
    chance = random.Random(7)
    inside = []
    for _ in range(300):
        controls = [chance.gauss(0, 1) for _ in range(20)]
        values = [5 + 2 * control + chance.gauss(0, 0.5) for control in controls]
        known, plain = controlled(values, controls), estimate(values)
        assert known.half_width is not None
        assert plain.half_width is not None
        assert known.half_width < plain.half_width / 2
        inside.append(abs(known.mean - 5) <= known.half_width)
        alone = controlled(values, [chance.gauss(0, 1) for _ in range(20)]).half_width
        assert alone is not None
        assert alone < 1.5 * plain.half_width

    assert 0.91 < sum(inside) / len(inside) < 0.99


def test_several_known_means_take_out_what_each_explains_though_they_go_with_each_other() -> None:
    chance = random.Random(11)
    inside = []
    for _ in range(300):
        one = [chance.gauss(0, 1) for _ in range(20)]
        other = [0.8 * first + chance.gauss(0, 1) for first in one]
        values = [5 + 2 * a - 3 * b + chance.gauss(0, 0.5) for a, b in zip(one, other, strict=True)]
        both, first_alone = controlled(values, one, other), controlled(values, one)
        assert both.half_width is not None
        assert first_alone.half_width is not None
        assert both.half_width < first_alone.half_width / 2
        inside.append(abs(both.mean - 5) <= both.half_width)
        again = controlled(values, one, other, one)
        assert again.mean == pytest.approx(both.mean), "said twice, it says no more"

    assert 0.91 < sum(inside) / len(inside) < 0.99


def test_too_few_pairs_to_draw_a_line_are_a_plain_mean() -> None:
    assert controlled([1.0, 2.0, 4.0], [0.1, 0.2, 0.3]) == estimate([1.0, 2.0, 4.0])
    assert controlled([1.0, 2.0, 4.0, 5.0], [0.0, 0.0, 0.0, 0.0]) == estimate([1.0, 2.0, 4.0, 5.0])
