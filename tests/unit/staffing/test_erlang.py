"""Erlang's formulas against published tables, against each other, and against the chain they solve."""

from __future__ import annotations

import math

import pytest

from trunkline.staffing.erlang import Impatient, Load, Patient, erlang_b, line
from trunkline.staffing.plan import agents_needed

GARNETT = Load(48 / 60, 60)
"""50 agents, 48 calls a minute of one minute: Garnett, Mandelbaum and Reiman, 2002."""


@pytest.mark.parametrize(
    ("per_hour", "mean_wait_s", "at_once"),
    [(800, 0.0, 1.000), (1_400, 2.4, 0.869), (1_550, 47.9, 0.335), (1_580, 153.9, 0.145), (1_585, 213.6, 0.110)],
)
def test_a_hundred_agents_of_three_minutes_forty_five(per_hour: int, mean_wait_s: float, at_once: float) -> None:
    found = line(Load(per_hour / 3_600, 225), 100)

    assert found.mean_wait_s == pytest.approx(mean_wait_s, abs=0.05)
    assert 1 - found.delayed == pytest.approx(at_once, abs=5e-4)


def test_fifty_patient_agents_as_published() -> None:
    found = line(GARNETT, 50)

    assert found.mean_wait_s == pytest.approx(20.83, abs=0.005)
    assert found.longer_than(58.1) == pytest.approx(0.1, abs=5e-4)
    assert found.mean_wait_s * GARNETT.per_s == pytest.approx(16.67, abs=0.005)
    assert found.occupancy == pytest.approx(0.96)
    assert found.delayed == pytest.approx(0.6945, abs=5e-5)


def test_fifty_agents_whose_customers_leave_after_two_minutes_as_published() -> None:
    found = line(Load(48 / 60, 60, 120), 50)

    assert found.abandoned == pytest.approx(0.0309, abs=5e-5)
    assert found.mean_wait_s == pytest.approx(3.71, abs=0.005)
    assert found.longer_than(12.4) == pytest.approx(0.1, abs=1e-3)
    assert found.mean_wait_s * GARNETT.per_s == pytest.approx(2.97, abs=0.005)
    assert found.occupancy == pytest.approx(0.930, abs=5e-4)
    assert found.delayed == pytest.approx(0.4678, abs=5e-5)


@pytest.mark.parametrize(
    ("agents", "in_target", "mean_wait_s"),
    [(33, 0.6485, 29.43), (34, 0.7587, 16.94), (35, 0.8367, 10.24), (36, 0.8912, 6.36)],
)
def test_eighty_twenty_at_ten_a_minute(agents: int, in_target: float, mean_wait_s: float) -> None:
    found = line(Load(10 / 60, 180), agents)

    assert found.answered_within(20) == pytest.approx(in_target, abs=5e-5)
    assert found.mean_wait_s == pytest.approx(mean_wait_s, abs=0.005)
    assert agents_needed(Load(10 / 60, 180), target_s=20, share=0.8) == 35


def test_the_pooled_floor_of_wallace_and_whitt() -> None:
    found = line(Load(84 / 600, 600), 90)

    assert found.mean_wait_s == pytest.approx(41.20, abs=0.005)
    assert found.delayed == pytest.approx(0.4120, abs=5e-5)
    assert found.longer_than(210.9) == pytest.approx(0.05, abs=1e-4)
    assert found.answered_within(20) == pytest.approx(0.6627, abs=5e-5)


@pytest.mark.parametrize(
    ("agents", "per_s", "patience_s"), [(50, 0.8, 120.0), (3, 0.2, 15.0), (20, 1.0, 600.0), (40, 0.3, 30.0)]
)
def test_erlang_a_is_the_steady_state_of_its_chain(agents: int, per_s: float, patience_s: float) -> None:
    found = line(Load(per_s, 60, patience_s), agents)
    weights = [1.0]
    for present in range(1, agents + 5_000):
        leaving = min(present, agents) / 60 + max(0, present - agents) / patience_s
        weights.append(weights[-1] * per_s / leaving)
        if weights[-1] < max(weights) * 1e-25:
            break
    chain = [weight / math.fsum(weights) for weight in weights]
    waiting = math.fsum(share * (present - agents) for present, share in enumerate(chain) if present > agents)

    assert found.delayed == pytest.approx(math.fsum(chain[agents:]), rel=1e-9)
    assert found.abandoned == pytest.approx(waiting / patience_s / per_s, rel=1e-9)
    assert found.mean_wait_s == pytest.approx(waiting / per_s, rel=1e-9)


@pytest.mark.parametrize("within_s", [0.5, 5, 20, 60])
def test_who_is_answered_in_time_is_the_sum_over_places_in_the_line(within_s: float) -> None:
    agents, per_s, patience_s = 4, 0.09, 40.0
    found = line(Load(per_s, 50, patience_s), agents)
    weights = [1.0]
    for present in range(1, 60):
        weights.append(weights[-1] * per_s / (min(present, agents) / 50 + max(0, present - agents) / patience_s))
    total = math.fsum(weights)
    # A newcomer who stands behind k others is answered after k + 1 departures, unless patience ends before. The share
    # answered in time obeys a chain of its own: step it through in small slices (fourth order).
    rates = [agents / 50 + place / patience_s for place in range(60 - agents)]

    def slope(shares: list[float]) -> list[float]:
        return [
            (shares[place + 1] * (rates[place + 1]) if place + 1 < len(shares) else 0.0)
            - shares[place] * (rates[place] + 1 / patience_s)
            for place in range(len(shares))
        ]

    shares = [weight / total for weight in weights[agents:]]
    answered, slices = math.fsum(weights[:agents]) / total, 400
    for _ in range(slices):
        h = within_s / slices
        k1 = slope(shares)
        k2 = slope([s + h / 2 * k for s, k in zip(shares, k1, strict=True)])
        k3 = slope([s + h / 2 * k for s, k in zip(shares, k2, strict=True)])
        k4 = slope([s + h * k for s, k in zip(shares, k3, strict=True)])
        after = [s + h / 6 * (a + 2 * b + 2 * c + d) for s, a, b, c, d in zip(shares, k1, k2, k3, k4, strict=True)]
        middle = [s + h / 2 * k for s, k in zip(shares, k2, strict=True)]
        answered += h / 6 * rates[0] * (shares[0] + 4 * middle[0] + after[0])
        shares = after

    assert found.answered_within(within_s) == pytest.approx(answered, abs=1e-6)


def test_endless_patience_is_erlang_c() -> None:
    patient, nearly = line(GARNETT, 50), line(Load(GARNETT.per_s, 60, 1e9), 50)

    assert nearly.mean_wait_s == pytest.approx(patient.mean_wait_s, rel=1e-4)
    assert nearly.answered_within(20) == pytest.approx(patient.answered_within(20), rel=1e-4)


@pytest.mark.parametrize("kind", [None, 300.0, 86_000.0])
def test_thousands_of_agents_neither_overflow_nor_lose_digits(kind: float | None) -> None:
    load = Load(50, 200, kind)  # 10 000 agents' work

    shares = [line(load, agents).answered_within(20) for agents in (10_001, 10_050, 10_200, 11_000, 20_000)]

    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert all(0 < share <= 1 and math.isfinite(share) for share in shares)


def test_a_floor_with_next_to_nobody_turns_nearly_everybody_away() -> None:
    found = Impatient(Load(100, 180, 3_600), 1)

    assert found.abandoned == pytest.approx(1 - 1 / 18_000, rel=1e-9)
    assert found.delayed == 1.0


def test_too_few_patient_agents_never_settle() -> None:
    found = Patient(Load(1, 60), 60)

    assert math.isinf(found.mean_wait_s)
    assert found.answered_within(10_000) == 0
    assert found.occupancy == 1.0


def test_erlang_b_of_the_textbooks() -> None:
    assert erlang_b(10, 10) == pytest.approx(0.2145823, abs=1e-7)


def test_what_is_needed_is_the_least_that_is_enough() -> None:
    for load in (Load(0.3, 100), Load(0.3, 100, 60), Load(0.0001, 30, 30), Load(2, 300, 20)):
        for share in (0.05, 0.5, 0.8, 0.99, 0.9999):
            agents = agents_needed(load, target_s=15, share=share)

            assert line(load, agents).answered_within(15) >= share
            assert agents == 1 or line(load, agents - 1).answered_within(15) < share
    assert agents_needed(Load(0, 100), target_s=15, share=0.8) == 0
