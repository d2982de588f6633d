"""What cannot be read, or held, is set aside with its reason and holds up nothing."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from services.agents.repository import Applied, ProjectedRecord, Repository
from tests.later import of_a_later_version
from trunkline.bus.base import Partition
from trunkline.events import Topic
from trunkline.messages import Text

from .stories import Log, Talk, life

ROUTING = Partition(Topic.ROUTING, 0)

BROKEN = [
    (b"{not json", "unexpected character"),
    (b"", "empty"),
    (b"[]", "Input should be"),
    (b"\xff\xfe", ""),
    (b'{"specversion":"1.0"}', "id: Field required"),
    (b"[" * 100_000, ""),
    (b'{"a":"' + b"x" * 300_000 + b'"}', "larger than"),
]


@pytest.mark.parametrize(("value", "reason"), BROKEN, ids=[str(number) for number in range(len(BROKEN))])
async def test_what_cannot_be_read_is_set_aside_and_holds_up_nothing(
    record: Repository, log: Log, value: bytes, reason: str
) -> None:
    talk = Talk(log)
    batch = [talk.opens(), log.record(Topic.ROUTING, value), talk.writes("after it")]

    applied = await record.projection.apply(batch)

    aside = await record.projection.refused()
    assert applied == Applied(applied=2, refused=1)
    assert [(each.place, each.offset) for each in aside] == [(ROUTING, 1)]
    assert reason in aside[0].reason
    assert aside[0].value == value[:262_144]
    assert (await record.projection.positions(Topic.ROUTING))[0].offset == 3


def _changed(record: ProjectedRecord, **state: Any) -> ProjectedRecord:
    document = orjson.loads(record.value)
    document["data"]["state"] |= state
    return ProjectedRecord(record.topic, record.partition, record.offset, record.term, orjson.dumps(document))


@pytest.mark.parametrize(
    "state",
    [{"due": 10**18}, {"version": 2**63 + 1}, {"status": "lost"}, {"weight": 2**62, "due": 2**62}],
    ids=["a time past the calendar", "a version past 64 bits", "an unknown status", "all too large"],
)
async def test_an_event_no_database_can_hold_is_set_aside_alone(
    record: Repository, log: Log, state: dict[str, Any]
) -> None:
    good, bad = Talk(log), Talk(log, contact="+37120000002")
    batch = [good.opens(), _changed(bad.opens("bad"), **state), *(good.writes(str(number)) for number in range(9))]

    applied = await record.projection.apply(batch)

    assert applied == Applied(applied=10, refused=1)
    assert [each.offset for each in await record.projection.refused()] == [1]
    transcript = await record.conversations.transcript(good.id)
    assert transcript is not None
    assert len(transcript.messages) == 10


async def test_what_a_later_version_wrote_becomes_a_transcript(record: Repository, log: Log) -> None:
    _, records = life(log)
    later = [_grown(each) for each in records]

    applied = await record.projection.apply(later)

    transcript = await record.conversations.transcript(orjson.loads(records[0].value)["data"]["state"]["id"])
    assert applied == Applied(applied=len(records))
    assert transcript is not None
    assert [part.text for message in transcript.messages for part in message.parts if isinstance(part, Text)] == [
        "Where is my parcel?", "Hello?", "On its way", "Thank you",
    ]  # fmt: skip


def _grown(record: ProjectedRecord) -> ProjectedRecord:
    value, _ = of_a_later_version(orjson.loads(record.value))
    return ProjectedRecord(record.topic, record.partition, record.offset, record.term, orjson.dumps(value))


async def test_a_customer_may_write_any_character(record: Repository, log: Log) -> None:
    talk = Talk(log, display="a\x00b")
    words = "nul \x00 emoji 👩‍👩‍👧 rtl \u202e end"

    applied = await record.projection.apply([talk.opens(words)])

    transcript = await record.conversations.transcript(talk.id)
    assert applied.refused == 0
    assert transcript is not None
    assert transcript.messages[0].parts == (Text(text=words.replace("\x00", "\ufffd")),)
    assert transcript.conversation.display == "a\ufffdb"
