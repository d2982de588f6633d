"""Whom of the roster a requirement could ever reach."""

from __future__ import annotations

from services.agents.reach import Reached, reached
from services.agents.repository import Ability

LATVIAN = "support|sms|1|lang.lv:3,senior:2"

ANA = Ability({"lang.lv": 3, "senior": 2}, ("*",))
NEAR = Ability({"lang.lv": 3, "senior": 1}, ("support",))
FAR = Ability({}, ("support",))
ELSEWHERE = Ability({"lang.lv": 9}, ("sales",))


def test_everybody_who_satisfies_it_is_counted_there_or_not() -> None:
    assert reached(LATVIAN, [(FAR, 1), (ANA, 3), (NEAR, 2)]) == Reached(3, {})


def test_where_nobody_does_the_nearest_tells_what_is_missing() -> None:
    assert reached(LATVIAN, [(FAR, 4), (NEAR, 1), (ELSEWHERE, 1)]) == Reached(0, {"senior": 2})


def test_where_nobody_serves_the_queue_no_skill_would_help() -> None:
    assert reached(LATVIAN, [(ELSEWHERE, 5)]) == Reached(0, {})


def test_what_is_asked_of_one_agent_alone_for_a_while_is_not_out_of_reach() -> None:
    assert reached("support|sms|1|agent.somebody:1,lang.lv:3", [(ANA, 1), (FAR, 2)]) == Reached(1, {})
    assert reached("support|sms|1|agent.somebody:1,lang.lv:3", [(FAR, 2)]) == Reached(0, {"lang.lv": 3})
