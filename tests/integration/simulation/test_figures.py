"""What a floor comes to on the real board is what queueing theory and the arithmetic of small floors say.

The seed is fixed: a figure here changes only when the moves or the simulation do. Longer runs: `make bench-routing`.
"""

from __future__ import annotations

from statistics import fmean
from typing import Any

import pytest
from redis.asyncio import Redis

from trunkline.simulation.demand import HOUR_MS, arrivals
from trunkline.simulation.estimate import estimates
from trunkline.simulation.floor import Floor
from trunkline.simulation.scenario import Scenario, scenario
from trunkline.simulation.study import Outcome, boards_at, study
from trunkline.simulation.tally import Key, Scope
from trunkline.staffing.erlang import Load, line
from trunkline.testing.servers import Valkey

SEED, REPLICATIONS = 3, 3


def one_class(agents: int, per_hour: float, *, patience_s: float | None = None, hours: float = 10) -> Scenario:
    described: dict[str, Any] = {"queue": "q", "per_hour": per_hour, "handle": {"mean_s": 60}}
    if patience_s is not None:
        described["patience"] = {"mean_s": patience_s}
    floor = {"hours": hours, "warm_up_h": 1, "classes": {"c": described}, "agents": {"g": {"count": agents}}}
    return scenario("floor", Floor.model_validate(floor), None)


async def played(valkey: Valkey, described: Scenario, *, replications: int = REPLICATIONS) -> Outcome:
    return (await study([described], boards_at(valkey.url), seed=SEED, replications=replications))[0]


def mean(outcome: Outcome, figure: str, scope: Scope = Scope.FLOOR, name: str = "") -> float:
    return estimates(outcome.replications)[Key(scope, name, figure)].mean


def load_drawn(described: Scenario) -> Load:
    """The load that these seeds really drew: a few thousand customers are a per cent off their rates, waits ten."""
    drawn = [
        arrival
        for replication in range(REPLICATIONS)
        for arrival in arrivals(described.floor, seed=SEED, replication=replication)
        if arrival.at_ms >= HOUR_MS
    ]
    patience = [arrival.patience_ms / 1_000 for arrival in drawn if arrival.patience_ms is not None]
    return Load(
        len(drawn) / (REPLICATIONS * (described.floor.hours - 1) * 3_600),
        fmean(arrival.work_ms for arrival in drawn) / 1_000,
        fmean(patience) if patience else None,
    )


async def test_patient_customers_wait_as_erlang_c_says(valkey: Valkey) -> None:
    described = one_class(2, 40, hours=38)
    outcome = await played(valkey, described)
    expected = line(load_drawn(described), 2)

    assert mean(outcome, "mean_wait_s") == pytest.approx(expected.mean_wait_s, rel=0.05)
    assert mean(outcome, "utilisation") == pytest.approx(expected.occupancy, rel=0.01)
    assert mean(outcome, "abandoned") == mean(outcome, "unserved") == 0


async def test_impatient_customers_wait_and_leave_as_erlang_a_says(valkey: Valkey) -> None:
    described = one_class(3, 234, patience_s=60, hours=5)
    outcome = await played(valkey, described)
    expected = line(load_drawn(described), 3)

    assert mean(outcome, "mean_wait_s") == pytest.approx(expected.mean_wait_s, rel=0.05)
    assert mean(outcome, "abandoned") == pytest.approx(expected.abandoned, rel=0.05)
    assert mean(outcome, "utilisation") == pytest.approx(expected.occupancy, rel=0.05)


async def test_what_nobody_can_serve_is_said_and_does_not_go_on_for_ever(valkey: Valkey) -> None:
    floor = Floor.model_validate(
        {
            "hours": 1,
            "classes": {"c": {"queue": "q", "requires": {"latvian": 3}, "per_hour": 20, "handle": {"mean_s": 60}}},
            "agents": {"g": {"count": 2, "skills": {"latvian": 2}}},
        }
    )

    outcome = await played(valkey, scenario("stranded", floor, None), replications=1)

    assert mean(outcome, "unserved") == mean(outcome, "arrived") > 0
    assert mean(outcome, "utilisation") == 0


async def test_floors_that_are_compared_have_the_same_customers(valkey: Valkey) -> None:
    few, many = one_class(3, 234, patience_s=60, hours=1.5), one_class(5, 234, patience_s=60, hours=1.5)

    first, second = await study([few, many], boards_at(valkey.url), seed=3, replications=2)

    assert [one[Key(Scope.FLOOR, "", "arrived")] for one in first.replications] == [
        one[Key(Scope.FLOOR, "", "arrived")] for one in second.replications
    ]
    assert mean(second, "mean_wait_s") < mean(first, "mean_wait_s")
    assert mean(second, "abandoned") < mean(first, "abandoned")


async def test_a_simulation_leaves_nothing_on_its_server(valkey: Valkey) -> None:
    outcome = await played(valkey, one_class(2, 72, hours=2), replications=1)

    assert mean(outcome, "answered") > 0
    async with Redis.from_url(valkey.url) as client:
        left = [key async for key in client.scan_iter(match=b"*:1-simulated:*")]
    assert left == []
