"""What people are told of the queues: what was promised, not what the line is ordered by."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from services.router.survey import Survey
from tests.integration.board.conftest import Floor
from trunkline.board import looks
from trunkline.due import due_in_ms

TARGET_S = 300


async def test_what_is_urgent_by_priority_is_not_called_late(floor: Floor) -> None:
    due = due_in_ms(TARGET_S, priority=8)
    assert due < 0, "its head start is longer than its target: it stands before all that was due long ago"
    await floor.receive("sms-main/+1", due=due, priority=8)

    (line,) = await looks.waiting(floor.board)
    assert line.slack_s == pytest.approx(TARGET_S, abs=5)

    survey = Survey()
    survey.show(await floor.board.call("survey"))
    labels = {"queue": "support", "channel": "sms"}
    assert REGISTRY.get_sample_value("trunkline_queue_slack_seconds", labels) == pytest.approx(TARGET_S, abs=5)
    survey.clear()


async def test_what_waits_longer_than_promised_is_late_by_the_difference(floor: Floor) -> None:
    await floor.receive("sms-main/+1", due=due_in_ms(TARGET_S, priority=2), priority=2)
    now = int((await floor.board.call("survey"))[2])
    floor.travel(now + (TARGET_S + 40) * 1_000)

    (line,) = await looks.waiting(floor.board)

    assert line.slack_s == pytest.approx(-40, abs=5)


async def test_who_waits_longest_is_told_also_behind_a_more_urgent_one(floor: Floor) -> None:
    await floor.receive("sms-main/+1", due=due_in_ms(TARGET_S, priority=0), priority=0)
    now = int((await floor.board.call("survey"))[2])
    floor.travel(now + 60_000)
    await floor.receive("sms-main/+2", due=due_in_ms(TARGET_S, priority=9), priority=9)

    (before,) = await looks.waiting(floor.board)
    await floor.rebuild()
    (after,) = await looks.waiting(floor.board)

    for line in (before, after):
        assert line.waiting == 2
        assert line.oldest_s == pytest.approx(60, abs=5)
        assert line.slack_s == pytest.approx(TARGET_S - 60, abs=5)
