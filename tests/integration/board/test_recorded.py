"""What the board's own events say of a day: from real moves to what `trunkline replay` plays."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.integration.board.conftest import Floor
from trunkline.board import moves
from trunkline.bus import Partition, Record
from trunkline.config.model import Config
from trunkline.events import Presence, Profile, Topic
from trunkline.ids import new_id
from trunkline.simulation.log import take
from trunkline.simulation.recorded import TooLittle, day_of
from trunkline.simulation.recording import Recording

T0 = 1_767_268_800_000
SINCE, UNTIL = T0 + 60_000, T0 + 600_000


@dataclass
class Log:
    """What the board said, read as time goes on: a board whose outbox nobody reads refuses agents' moves."""

    floor: Floor
    records: list[Record] = field(default_factory=list)

    async def at(self, seconds: int) -> None:
        """It is so many seconds after the beginning; what is due happens."""
        self.floor.travel(T0 + seconds * 1_000)
        await self.floor.tick()
        await self._read()

    async def _read(self) -> None:
        for shard in range(self.floor.board.shards):
            for entry in await self.floor.events(shard):
                one, place = entry.record, Partition(Topic.ROUTING, shard)
                self.records.append(Record(place, len(self.records), entry.at_ms, one.key, one.value, one.headers))

    async def recording(self) -> Recording:
        """Of the hours that the tests are about."""
        await self._read()
        found = Recording(SINCE, UNTIL)
        for record in self.records:
            take(found, record)
        return found


async def _give_up(floor: Floor, conversation: str) -> None:
    """A supervisor takes it out of the line and closes it, without a word."""
    given = await moves.assign(
        floor.board, operation=new_id(), agent="sue", conversation=conversation, to="berk", body=b"{}"
    )
    assert given.ok, given
    assert (await floor.close("berk", conversation)).ok


async def test_hands_absences_and_what_is_not_known(floor: Floor) -> None:
    log = Log(floor)
    await log.at(0)
    await floor.arrive("ana", skills={"lang.tr": 5}, lease_ms=10**9)
    await floor.arrive("berk", presence=Presence.AWAY, lease_ms=10**9)
    earlier = await floor.owned("ana", "sms-main|tel:+0")
    await log.at(65)
    await floor.close("ana", earlier)
    await log.at(70)
    served = (await floor.receive("sms-main|tel:+1", skills={"lang.tr": 3}, priority=2)).subject
    await log.at(75)
    await floor.accept("ana", served)
    await log.at(80)
    given_up = (await floor.receive("sms-main|tel:+2")).subject
    await log.at(135)
    await moves.snooze(
        floor.board, operation=new_id(), agent="ana", conversation=served, wake_at=T0 + 300_000, body=b'{"note":""}'
    )
    await floor.decline("ana", given_up)
    await log.at(140)
    await _give_up(floor, given_up)
    edited = Profile(agent="ana", name="ana", version=2, capacity=2, skills={"lang.tr": 5}, queues=("*",))
    await log.at(200)
    await moves.set_profile(floor.board, operation=new_id(), profile=edited)
    await log.at(300)
    await floor.accept("ana", served)
    await log.at(330)
    await floor.close("ana", served)
    await log.at(400)
    unfinished = (await floor.receive("sms-main|tel:+3", skills={"lang.tr": 3}, priority=2)).subject
    await floor.accept("ana", unfinished)
    await moves.set_presence(floor.board, operation=new_id(), agent="ana", presence=Presence.AWAY)
    await log.at(700)
    await floor.receive("sms-main|tel:+4")

    day = day_of(await log.recording(), None)

    turkish, plain = "support-sms", "support-sms-2"
    assert [(v.at_ms, v.kind, v.work_ms, v.patience_ms) for v in day.visits] == [
        (10_000, turkish, 90_000, None),  # 75 to 135 and 300 to 330: not what it was put off
        (20_000, plain, None, 60_000),
        (340_000, turkish, None, None),
    ]
    asked = day.floor.classes[turkish]
    assert (asked.requires, asked.priority, asked.target_s) == ({"lang.tr": 3}, 2, 180)
    first, second = day.attendance["ana-0001"], day.attendance["ana-2-0001"]
    assert (first.begins, first.within(0, 540_000)) == (True, 140_000)
    assert (second.begins, second.within(0, 540_000)) == (False, 200_000)
    assert (day.floor.agents["ana"].capacity, day.floor.agents["ana-2"].capacity) == (1, 2)
    assert "berk" not in day.floor.agents
    assert any("1 closed unanswered" in note for note in day.notes)
    assert any("1 had not ended" in note for note in day.notes)
    assert any("1 were under way" in note for note in day.notes)
    again = [list(day.arrivals(seed=1, replication=number)) for number in (0, 0, 1)]
    assert again[0] == again[1]
    assert [arrival.work_ms for arrival in again[2]] == [90_000] * 3


async def test_what_a_queue_asks_for_itself_is_left_to_the_queue(floor: Floor) -> None:
    log = Log(floor)
    await log.at(60)
    await floor.arrive("ana", skills={"lang.tr": 5, "vip": 5}, capacity=3, lease_ms=10**9)
    for number, skills in enumerate([{"lang.tr": 3, "vip": 2}, {"vip": 2}]):
        await log.at(65 + 40 * number)
        name = await floor.owned("ana", f"sms-main|tel:+{number}", skills=skills)
        await log.at(95 + 40 * number)
        await floor.close("ana", name)
    queue = {"title": "Support", "requires": {"vip": 2}, "target_s": 60}
    config = Config.model_validate(
        {"default_queue": "support", "queues": {"support": queue}, "skills": {"vip": {"title": "V"}}, "digest": "x"}
    )

    day = day_of(await log.recording(), config)

    asked = [day.floor.classes[visit.kind] for visit in day.visits]
    assert [(one.requires, one.target_s, one.priority) for one in asked] == [
        ({"lang.tr": 3}, None, None),
        ({}, None, None),
    ]


async def test_hours_of_which_the_log_says_nothing_are_told(floor: Floor) -> None:
    log = Log(floor)
    await log.at(0)
    with pytest.raises(TooLittle, match="nobody wrote"):
        day_of(await log.recording(), None)
    await log.at(70)
    await floor.receive("sms-main|tel:+1")
    with pytest.raises(TooLittle, match="nobody was answered"):
        day_of(await log.recording(), None)
