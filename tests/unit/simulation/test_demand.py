"""The same seed gives the same customers, at the rates and with the times that were asked for."""

from __future__ import annotations

import statistics
from typing import Any

import pytest
from pydantic import ValidationError

from trunkline.simulation.chance import Duration
from trunkline.simulation.demand import HOUR_MS, Arrival, arrivals
from trunkline.simulation.floor import Floor

ORDERS = {"queue": "q", "per_hour": 200, "handle": {"mean_s": 60}, "patience": {"mean_s": 30}}
AGENTS = {"all": {"count": 1}}


def drawn(classes: dict[str, Any], *, seed: int = 1, replication: int = 0, **floor: Any) -> list[Arrival]:
    described = {"hours": 10, "classes": classes, "agents": AGENTS, **floor}
    return list(arrivals(Floor.model_validate(described), seed=seed, replication=replication))


def test_a_seed_and_replication_are_the_same_customers_and_others_are_not() -> None:
    assert drawn({"orders": ORDERS}) == drawn({"orders": ORDERS})
    assert drawn({"orders": ORDERS}) != drawn({"orders": ORDERS}, seed=2)
    assert drawn({"orders": ORDERS}) != drawn({"orders": ORDERS}, replication=1)


def test_another_class_or_other_agents_shift_nobody() -> None:
    alone = drawn({"orders": ORDERS})
    beside = drawn({"prices": {**ORDERS, "per_hour": 50}, "orders": ORDERS}, agents={"few": {"count": 9}})

    assert [arrival for arrival in beside if arrival.kind == "orders"] == alone
    assert beside == sorted(beside, key=lambda arrival: arrival.at_ms)


def test_another_handling_time_changes_no_arrival_and_no_patience() -> None:
    slow = drawn({"orders": {**ORDERS, "handle": {"mean_s": 120}}})
    quick = drawn({"orders": ORDERS})

    assert [(one.at_ms, one.patience_ms) for one in slow] == [(one.at_ms, one.patience_ms) for one in quick]
    assert [one.work_ms for one in slow] == pytest.approx([2 * one.work_ms for one in quick])


def test_arrivals_follow_the_hours_of_the_day() -> None:
    rates = {"8": 1_000, "10": 3_000, "12": 0}
    found = drawn({"orders": {**ORDERS, "per_hour": rates}}, starts_at=7, hours=8)
    by_hour = [sum(1 for one in found if one.at_ms // HOUR_MS == hour) for hour in range(8)]

    expected = [0, 1_000, 1_000, 3_000, 3_000, 0, 0, 0]  # before eight yesterday's midday rate still holds
    assert all(abs(many - rate) <= 5 * rate**0.5 for many, rate in zip(by_hour, expected, strict=True))


@pytest.mark.parametrize(
    "duration",
    [
        {"mean_s": 40},
        {"mean_s": 40, "shape": "lognormal", "cv": 0.5},
        {"mean_s": 40, "shape": "lognormal"},
        {"mean_s": 40, "shape": "uniform", "cv": 0.3},
        {"mean_s": 40, "shape": "fixed"},
    ],
)
def test_a_duration_has_its_mean_and_its_spread(duration: dict[str, Any]) -> None:
    described = Duration.model_validate(duration)
    times = [described.at((place + 0.5) / 100_000) for place in range(100_000)]
    spread = {"exponential": 1.0, "fixed": 0.0}.get(described.shape, described.cv or 1.0)

    assert times == sorted(times)
    assert min(times) >= 0
    assert statistics.fmean(times) == pytest.approx(40, rel=5e-3)
    assert statistics.pstdev(times) / 40 == pytest.approx(spread, abs=0.02)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"hours": 0}, "greater than 0"),
        ({"warm_up_h": 10}, "`warm_up_h` of 10 leaves nothing"),
        ({"agents": {"all": {"count": 10_001}}}, "10000"),
        ({"agents": {"a": {"count": 6_000}, "b": {"count": 6_000}}}, "12,000 agents; at most 10,000"),
        ({"agents": {"a": {"count": 1, "speeds": {"order": 2}}}}, "there is no class 'order'"),
        ({"classes": {"orders": {**ORDERS, "per_hour": 1_000_000}}, "hours": 1_000}, "at most 20,000,000"),
        ({"classes": {"orders": {**ORDERS, "per_hour": {"24": 1}}}}, "less than or equal to 23"),
        ({"classes": {"orders": {**ORDERS, "handle": {"mean_s": 1, "cv": 2}}}}, "exponential has no `cv`"),
        ({"classes": {"orders": {**ORDERS, "handle": {"mean_s": 1, "shape": "uniform", "cv": 1}}}}, "at most 0.577"),
        ({"classes": {}}, "at least 1"),
    ],
)  # fmt: skip
def test_a_floor_that_cannot_be_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Floor.model_validate({"hours": 10, "classes": {"orders": ORDERS}, "agents": AGENTS, **changed})
