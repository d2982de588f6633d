"""How flexible an agent is: what they could do besides, smoothed over time."""

from __future__ import annotations

import pytest

from trunkline.flexibility import MEMORY_S, Able, Loads, changed, flexibilities

TURKISH, LATVIAN, ENGLISH = "support|sms|1|lang.tr:3", "support|sms|1|lang.lv:3", "support|sms|1|lang.en:3"


def able(name: str, *satisfies: str, capacity: int = 2, flexibility: float = 0.0) -> Able:
    return Able(name, capacity, flexibility, satisfies)


def test_a_specialist_counts_the_load_of_one_kind_a_generalist_that_of_all() -> None:
    agents = [able("ana", TURKISH), able("berk", TURKISH, LATVIAN)]

    found = flexibilities({TURKISH: 2.0, LATVIAN: 1.0}, agents)

    assert found == {"ana": pytest.approx(2 / 4), "berk": pytest.approx(2 / 4 + 1 / 2)}


def test_work_nobody_does_now_makes_nobody_flexible() -> None:
    assert flexibilities({}, [able("ana", TURKISH, LATVIAN, ENGLISH)]) == {"ana": 0.0}


def test_the_scarcer_the_people_the_more_a_kind_of_work_counts() -> None:
    many = flexibilities({TURKISH: 2.0}, [able("ana", TURKISH), able("berk", TURKISH)])
    few = flexibilities({TURKISH: 2.0}, [able("ana", TURKISH)])

    assert few["ana"] > many["ana"]


def test_a_lull_fades_in_slowly_and_work_that_is_gone_is_forgotten_in_the_end() -> None:
    loads = Loads()
    loads.see({TURKISH: 10.0}, after_s=60)
    loads.see({}, after_s=60)
    assert 8.5 < loads.seen[TURKISH] < 10

    loads.see({}, after_s=20 * MEMORY_S)
    assert loads.seen == {}


def test_the_board_is_told_of_noticeable_changes_only() -> None:
    agents = [able("ana", flexibility=0.50), able("berk", flexibility=0.50)]

    assert changed(agents, {"ana": 0.51, "berk": 0.75}) == {"berk": 0.75}
