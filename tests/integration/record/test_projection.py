"""The log becomes the record: once, in order, with its position, whatever is thrown at it."""

from __future__ import annotations

import random
from typing import Any

import orjson
import pytest
from sqlalchemy import Table, select

from services.agents.explaining import decided
from services.agents.repository import Applied, Filter, ProjectedRecord, Repository
from services.agents.repository.receipts import Sending
from services.agents.repository.story import Story
from services.agents.tables import METADATA
from trunkline.bus.base import Partition, Position
from trunkline.events import (
    AgentPresenceChanged,
    AgentState,
    ConversationOffered,
    ConversationTold,
    ConversationTransferred,
    InboundDetails,
    MessageAdded,
    OfferAccepted,
    OfferDeclined,
    OfferRescinded,
    PreferenceChanged,
    Presence,
    Status,
    Taken,
    TellingDetails,
    Topic,
    TransferDetails,
)
from trunkline.messages import ContactCard, Text

from .stories import START, Log, Talk, life

ROUTING = Partition(Topic.ROUTING, 0)


class PowerCut(Exception):
    """The end, just before the commit."""


async def _rows(record: Repository, table: str) -> list[dict[str, Any]]:
    source: Table = METADATA.tables[table]
    async with record.database.read() as connection:
        rows = (await connection.execute(select(source).order_by(*source.primary_key))).mappings().all()
    return [{name: value for name, value in row.items() if name != "written_at"} for row in rows]


async def _everything(record: Repository) -> dict[str, list[dict[str, Any]]]:
    return {table: await _rows(record, table) for table in METADATA.tables}


async def test_a_conversation_is_told_whole(record: Repository, log: Log) -> None:
    talk, records = life(log, display="Jānis")

    applied = await record.projection.apply(records)
    transcript = await record.conversations.transcript(talk.id)

    assert applied == Applied(applied=len(records))
    assert transcript is not None
    conversation = transcript.conversation
    assert (conversation.version, conversation.status, conversation.owner) == (7, Status.CLOSED, "")
    assert (conversation.last_agent, conversation.last_words, conversation.unanswered) == ("ana", "Thank you", 1)
    assert conversation.display == "Jānis"
    assert conversation.opened_at == START
    said = [(message.sequence, message.direction, message.parts) for message in transcript.messages]
    assert said == [
        (1, "inbound", (Text(text="Where is my parcel?"),)),
        (2, "inbound", (Text(text="Hello?"),)),
        (3, "outbound", (Text(text="On its way"),)),
        (4, "inbound", (Text(text="Thank you"),)),
    ]
    assert [message.version for message in transcript.messages] == [1, 4, 5, 6]


async def test_an_address_left_is_the_last_word_and_is_found_by(record: Repository, log: Log) -> None:
    talk = Talk(log)
    left = talk.inbound("").model_copy(update={"parts": (ContactCard(name="", emails=("anna@mail.example",)),)})
    await record.projection.apply([talk.opens(), talk.step(MessageAdded, details=InboundDetails(message=left))])

    [found] = (await record.conversations.page(Filter(words="anna@mail"))).items

    assert (found.id, found.last_words) == (talk.id, "anna@mail.example")


async def test_the_history_says_who_and_why(record: Repository, log: Log) -> None:
    talk = Talk(log)
    records = [talk.opens(), talk.step(ConversationOffered, status=Status.OFFERED, offered_to="ana")]
    records += [talk.step(OfferDeclined, status=Status.QUEUED, offered_to="", reason="lunch")]
    records += [talk.step(OfferAccepted, status=Status.ACTIVE, owner="bert", offered_to="", reason="")]
    passed = TransferDetails(sender="bert", to_agent="ana", note="knows parcels")
    records += [talk.step(ConversationTransferred, details=passed, keeps="bert", offered_to="ana")]
    await record.projection.apply(records)

    events = await record.history.events(talk.id)

    assert [(event.version, event.agent, event.reason) for event in events] == [
        (1, "", ""),
        (2, "ana", ""),
        (3, "ana", "lunch"),
        (4, "bert", ""),
        (5, "bert", ""),
    ]
    assert events[4].details == {"sender": "bert", "to_agent": "ana", "note": "knows parcels"}
    assert [event.version for event in await record.history.events(talk.id, after=3)] == [4, 5]


async def test_who_is_asked_with_others_has_it_among_theirs_and_the_history_says_who_was_out_of_it(
    record: Repository, log: Log
) -> None:
    talk = Talk(log)
    offered = [talk.opens(), talk.step(ConversationOffered, status=Status.OFFERED, offered_to="ana,bert,cy_")]
    await record.projection.apply(offered)
    for agent, sees in {"ana": True, "bert": True, "cy_": True, "ber": False, "cyx": False}.items():
        assert [one.id for one in await record.conversations.mine(agent)] == ([talk.id] if sees else []), agent
        found = await record.conversations.page(Filter(queues=("elsewhere",), hand=agent))
        assert [one.id for one in found.items] == ([talk.id] if sees else []), agent
    [one] = await record.conversations.mine("bert")
    assert one.hands == {"ana", "bert", "cy_"}

    left = [talk.step(OfferDeclined, offered_to="ana,bert", reason="lunch")]
    left += [talk.step(OfferRescinded, offered_to="bert", reason="taken")]
    left += [talk.step(OfferAccepted, status=Status.ACTIVE, owner="bert", offered_to="", reason="")]
    await record.projection.apply(left)

    events = await record.history.events(talk.id, after=1)
    assert [event.agent for event in events] == ["ana,bert,cy_", "cy_", "ana", "bert"]
    assert [len(await record.conversations.mine(agent)) for agent in ("ana", "bert", "cy_")] == [0, 1, 0]
    [made] = decided(events, {"ana": "Ana"})
    assert (made.agent, made.name, made.outcome) == ("ana", "Ana", "rescinded")
    assert [(each.agent, each.outcome) for each in made.beside] == [("bert", "accepted"), ("cy_", "declined")]


async def test_the_same_batch_twice_is_once(record: Repository, log: Log) -> None:
    _, records = life(log)
    await record.projection.apply(records)
    once = await _everything(record)

    again = await record.projection.apply(records)

    assert again == Applied(skipped=len(records))
    assert await _everything(record) == once


async def test_reading_the_log_again_from_its_start_changes_nothing_either(record: Repository, log: Log) -> None:
    _, records = life(log)
    await record.projection.apply(records)
    once = await _everything(record)
    shifted = [
        ProjectedRecord(each.topic, each.partition, each.offset + 100, each.term, each.value) for each in records
    ]

    await record.projection.apply(shifted)

    again = await _everything(record)
    again["positions"] = once["positions"]
    assert again == once


@pytest.mark.parametrize("seed", range(4))
async def test_however_the_log_is_cut_into_batches_the_record_is_the_same(record: Repository, seed: int) -> None:
    chance = random.Random(seed)
    log = Log()
    lives = [life(log, contact=f"+371200000{number:02}")[1] for number in range(5)]
    records: list[ProjectedRecord] = []
    while lives:
        one = chance.choice(lives)
        records.append(one.pop(0))
        lives = [each for each in lives if each]
    # Offsets in the order they are read here.
    log = Log()
    records = [log.record(each.topic, each.value, shard=0, term=each.term) for each in records]
    rest = list(records)
    while rest:
        size = chance.randint(1, 9)
        # Every batch begins with what the one before had, as after a crash.
        start = max(0, len(records) - len(rest) - chance.randint(0, 4))
        await record.projection.apply(records[start : len(records) - len(rest) + size])
        rest = rest[size:]
    cut = await _everything(record)

    await _clear(record)
    await record.projection.apply(records)

    assert await _everything(record) == cut


async def _clear(record: Repository) -> None:
    async def work(connection: Any) -> None:
        for table in reversed(METADATA.sorted_tables):
            await connection.execute(table.delete())

    await record.database.write(work)


async def test_sequences_are_dense_for_everyone(record: Repository, log: Log) -> None:
    talks = [Talk(log, contact=f"+3712000{number:04}") for number in range(20)]
    chance = random.Random(7)
    records = [talk.opens() for talk in talks]
    records += [chance.choice(talks).writes(str(number)) for number in range(300)]
    for first in range(0, len(records), 37):
        await record.projection.apply(records[first : first + 37])

    for talk in talks:
        transcript = await record.conversations.transcript(talk.id)
        assert transcript is not None
        assert [message.sequence for message in transcript.messages] == list(range(1, talk.said + 1))
        assert transcript.conversation.last_sequence == talk.said
        assert transcript.conversation.unanswered == talk.said


async def test_a_message_told_twice_takes_no_second_place(record: Repository, log: Log) -> None:
    talk = Talk(log)
    first = talk.opens("one")
    talk.said = 0
    repeat, last = talk.writes("one"), talk.writes("two")

    await record.projection.apply([first, repeat, last])

    transcript = await record.conversations.transcript(talk.id)
    assert transcript is not None
    assert [(message.sequence, message.version) for message in transcript.messages] == [(1, 1), (2, 3)]


async def test_an_older_event_never_lowers_a_conversation(record: Repository, log: Log) -> None:
    talk = Talk(log)
    first, second, third = talk.opens(), talk.writes("a"), talk.writes("b")
    await record.projection.apply([first, second, third])
    late = log.record(Topic.ROUTING, second.value)

    applied = await record.projection.apply([late])

    transcript = await record.conversations.transcript(talk.id)
    assert applied == Applied(skipped=1)
    assert transcript is not None
    assert transcript.conversation.version == 3
    assert len(transcript.messages) == 3


async def test_a_jumped_version_is_counted_and_what_comes_is_kept(record: Repository, log: Log) -> None:
    talk = Talk(log)
    first, _, third = talk.opens(), talk.writes("lost"), talk.writes("b")

    applied = await record.projection.apply([first, third])

    transcript = await record.conversations.transcript(talk.id)
    assert applied.gaps == 1
    assert transcript is not None
    assert (transcript.conversation.version, len(transcript.messages)) == (3, 2)


async def test_positions_are_the_next_offset_and_the_highest_term(record: Repository, log: Log) -> None:
    talk = Talk(log, shard=3)
    taken = log.event(Taken(term=7, owner="router-0"), shard=3, term=7)
    await record.projection.apply([taken, talk.opens(), log.record(Topic.ROUTING, b"{}", shard=3, term=5)])

    assert await record.projection.positions(Topic.ROUTING) == {3: Position(3, 7)}
    assert await record.projection.positions(Topic.DELIVERIES) == {}


async def test_a_reader_may_be_further_than_its_last_record_but_never_falls_back(record: Repository, log: Log) -> None:
    talk = Talk(log)
    await record.projection.apply([talk.opens()], {ROUTING: Position(9, 4)})
    await record.projection.apply([], {ROUTING: Position(5, 2), Partition(Topic.DELIVERIES, 1): Position(2, 1)})

    assert await record.projection.positions(Topic.ROUTING) == {0: Position(9, 4)}
    assert await record.projection.positions(Topic.DELIVERIES) == {1: Position(2, 1)}


async def test_types_it_does_not_know_or_need_are_read_past(record: Repository, log: Log) -> None:
    unknown = orjson.loads(Talk(log).opens().value) | {"type": "trunkline.future.v9"}
    state = AgentState(id="ana", presence=Presence.AVAILABLE, capacity=3)
    agent = AgentPresenceChanged(state=state)

    applied = await record.projection.apply([log.record(Topic.ROUTING, orjson.dumps(unknown)), log.event(agent)])

    assert applied == Applied(applied=2)
    assert await record.projection.refused() == []


async def test_rows_and_position_stand_or_fall_together(
    record: Repository, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk, records = life(log)
    await record.projection.apply(records[:2])
    before = await _everything(record)
    whole = Sending.send

    def dies(self: Sending, readings: Any, story: Story) -> None:
        whole(self, readings, story)
        raise PowerCut

    monkeypatch.setattr(Sending, "send", dies)
    with pytest.raises(PowerCut):
        await record.projection.apply(records)
    monkeypatch.undo()

    assert await _everything(record) == before
    await record.projection.apply(records)
    transcript = await record.conversations.transcript(talk.id)
    assert transcript is not None
    assert transcript.conversation.version == 7


async def test_a_contact_is_one_however_many_conversations_tell_of_it(record: Repository, log: Log) -> None:
    nameless, named, renamed = Talk(log), Talk(log, display="Jānis"), Talk(log, display="J. Bērziņš")
    await record.projection.apply([nameless.opens()])
    await record.projection.apply([named.opens(), renamed.opens()])

    people, places = await _rows(record, "contacts"), await _rows(record, "addresses")

    assert len(people) == len(places) == 1
    assert (people[0]["name"], places[0]["display"]) == ("J. Bērziņš", "J. Bērziņš")
    shown = [await record.conversations.transcript(talk.id) for talk in (nameless, named, renamed)]
    assert {each.conversation.contact for each in shown if each} == {people[0]["id"]}


async def test_opting_out_marks_the_threads_conversations(record: Repository, log: Log) -> None:
    talk, other = Talk(log), Talk(log, contact="+37120000009")
    stop = PreferenceChanged(thread=talk.state.thread, opted_out=True)
    await record.projection.apply([talk.opens(), other.opens(), log.event(stop)])

    seen = [await record.conversations.transcript(each.id) for each in (talk, other)]

    assert [each.conversation.opted_out for each in seen if each] == [True, False]


async def test_a_batch_larger_than_a_transaction_is_applied_whole(record: Repository, log: Log) -> None:
    talk = Talk(log)
    records = [talk.opens(), *(talk.writes(str(number)) for number in range(2_200))]

    applied = await record.projection.apply(records, {ROUTING: Position(5_000, 2)})

    assert applied == Applied(applied=2_201)
    assert await record.projection.positions(Topic.ROUTING) == {0: Position(5_000, 2)}
    transcript = await record.conversations.transcript(talk.id)
    assert transcript is not None
    assert transcript.conversation.last_sequence == 2_201
    assert not transcript.complete


async def test_words_without_an_agent_are_in_the_transcript_and_answer_nothing(record: Repository, log: Log) -> None:
    talk = Talk(log)
    said = talk.outbound("We are closed.").model_copy(update={"agent": None})
    events = [talk.opens(), talk.step(ConversationTold, details=TellingDetails(kind="closed", message=said))]
    assert (await record.projection.apply([*events, talk.sent(said, "SM9")])).refused == 0
    found = await record.conversations.transcript(talk.id, limit=10)
    assert found is not None
    assert [(one.direction, one.agent, one.status) for one in found.messages][1:] == [("outbound", None, "sent")]
    assert (found.conversation.unanswered, found.conversation.last_words) == (1, "Hello")
