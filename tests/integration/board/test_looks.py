"""What people are told of the queues: what was promised, not what the line is ordered by."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from services.router.survey import Survey
from tests.integration.board.conftest import Floor, together
from trunkline.board import looks
from trunkline.due import due_in_ms
from trunkline.ids import shard_of

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


async def test_a_shard_tells_how_far_it_is_and_what_the_log_has_not_been_told(floor: Floor) -> None:
    before = await looks.progress(floor.board)
    await floor.receive("sms-main/+1")
    after = await looks.progress(floor.board)

    moved = [shard for shard, (was, now) in enumerate(zip(before, after, strict=True)) if was != now]
    assert moved == [shard_of("sms-main/+1", floor.board.shards)]
    [shard] = moved
    assert after[shard].applied == before[shard].applied + 1
    assert after[shard].unrelayed > before[shard].unrelayed

    told = await floor.events(shard)
    await floor.board.call("outbox", str(shard), str(floor.terms[shard]), told[-1].id, "10", "")
    assert (await looks.progress(floor.board))[shard].unrelayed == 0


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


async def test_however_many_ask_the_board_is_asked_once_in_a_while(floor: Floor) -> None:
    waits = looks.Waits(floor.board, fresh_s=60)
    await floor.receive("sms|+1")
    asked = await calls_of(floor)

    found = await together(*(waits.now() for _ in range(50)))
    await floor.receive("sms|+2")

    assert [len(lines) for lines in found] == [1] * 50
    assert (await waits.now())[0].waiting == 1, "as of a moment ago"
    assert await calls_of(floor) == asked + 2, "once for all who asked, once for the second message"
    assert (await looks.Waits(floor.board).now())[0].waiting == 2


async def calls_of(floor: Floor) -> int:
    """How often the script was called so far."""
    stats = await floor.board.client.info("commandstats")
    return int(stats["cmdstat_fcall"]["calls"])
