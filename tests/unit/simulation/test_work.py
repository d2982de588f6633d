"""Agents at work, and on shift."""

from __future__ import annotations

import pytest

from trunkline.simulation.demand import HOUR_MS
from trunkline.simulation.desk import Desk
from trunkline.simulation.floor import Floor, Group
from trunkline.simulation.roster import attendance, on_shift, shifts

FLOOR = Floor.model_validate(
    {
        "hours": 24,
        "starts_at": 8,
        "classes": {"a": {"queue": "q", "per_hour": 1, "handle": {"mean_s": 1}}},
        "agents": {"all": {"count": 1}},
    }
)


def test_one_at_a_time_takes_as_long_as_its_work_at_the_agents_speed() -> None:
    desk = Desk(())

    assert desk.begin(1, 60_000, 1.0, 1_000) == [(1, 61_000)]
    assert desk.begin(2, 60_000, 1.5, 1_000) == [(2, 41_000)]
    assert desk.end(2, 41_000) == []


def test_who_has_two_at_once_goes_slower_with_both_until_one_is_over() -> None:
    desk = Desk((1.0, 0.5))

    assert desk.begin(1, 10_000, 1.0, 0) == [(1, 10_000)]
    assert sorted(desk.begin(2, 2_000, 1.0, 4_000)) == [(1, 16_000), (2, 8_000)]
    assert desk.end(2, 8_000) == [(1, 12_000)]  # 4 s alone, 2 s' worth beside the other, 4 s alone
    assert desk.version[1] == 3


def test_beyond_the_paces_that_were_said_the_last_one_holds() -> None:
    desk = Desk((1.0, 0.5))
    desk.begin(1, 10_000, 1.0, 0)
    desk.begin(2, 10_000, 1.0, 0)

    assert sorted(desk.begin(3, 10_000, 1.0, 0)) == [(1, 20_000), (2, 20_000), (3, 20_000)]


@pytest.mark.parametrize(
    ("shift", "at_eight", "hours"), [(None, True, 24), ((9, 17), False, 8), ((22, 6), False, 8), ((6, 12), True, 6)]
)
def test_a_shift_is_where_the_day_has_it(shift: tuple[float, float] | None, at_eight: bool, hours: int) -> None:
    group = Group(count=1, shift=shift)

    assert on_shift(group, 8) is at_eight
    assert attendance(group, FLOOR).within(0, 24 * HOUR_MS) == hours * HOUR_MS


def test_a_shift_past_midnight_begins_and_ends_each_day() -> None:
    changes = sorted(shifts(Group(count=1, shift=(22, 6)), FLOOR))

    assert changes[:3] == [(14 * HOUR_MS, True), (22 * HOUR_MS, False), (38 * HOUR_MS, True)]
