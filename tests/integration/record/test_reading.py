"""What agents and the router read: joins that hold, lists that page, words that are found."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Literal

import pytest

from services.agents.repository import BadCursor, Conversation, Filter, Repository
from trunkline.bus.base import Partition
from trunkline.events import Status, Topic
from trunkline.ids import message_id

from .stories import ACCOUNT, START, Log, Talk

ROUTING = Partition(Topic.ROUTING, 0)


def _ids(conversations: list[Conversation]) -> list[str]:
    return [conversation.id for conversation in conversations]


async def test_version_and_messages_are_always_of_one_moment(record: Repository, log: Log) -> None:
    talk = Talk(log)
    await record.projection.apply([talk.opens()])
    records = [talk.writes(str(number)) for number in range(150)]
    done = asyncio.Event()
    seen: set[int] = set()

    async def write() -> None:
        for each in records:
            await record.projection.apply([each])
        done.set()

    async def read() -> None:
        while not done.is_set():
            transcript = await record.conversations.transcript(talk.id)
            assert transcript is not None
            versions = [message.version for message in transcript.messages]
            assert versions == list(range(1, transcript.conversation.version + 1))
            seen.add(transcript.conversation.version)

    await asyncio.gather(write(), read(), read())
    assert len(seen) > 5


async def test_a_transcript_is_read_backwards_in_pieces(record: Repository, log: Log) -> None:
    talk = Talk(log)
    await record.projection.apply([talk.opens(), *(talk.writes(str(number)) for number in range(9))])

    last = await record.conversations.transcript(talk.id, limit=4)
    assert last is not None
    first = await record.conversations.transcript(talk.id, before=last.messages[0].sequence, limit=100)

    assert first is not None
    assert [message.sequence for message in last.messages] == [7, 8, 9, 10]
    assert [message.sequence for message in first.messages] == [1, 2, 3, 4, 5, 6]
    assert (last.complete, first.complete) == (False, True)
    assert await record.conversations.transcript("0-" + "0" * 32) is None


async def test_mine_is_what_i_hold_am_offered_or_keep(record: Repository, log: Log) -> None:
    later, now = int((START + timedelta(hours=1)).timestamp() * 1000), int(START.timestamp() * 1000)
    owned = Talk(log, status=Status.ACTIVE, owner="ana", due=later)
    offered = Talk(log, status=Status.OFFERED, offered_to="ana", due=now)
    kept = Talk(log, status=Status.OFFERED, offered_to="bert", keeps="ana", due=later + 1)
    closed = Talk(log, status=Status.CLOSED, owner="ana")
    others = Talk(log, status=Status.ACTIVE, owner="bert")
    await record.projection.apply([talk.opens() for talk in (owned, offered, kept, closed, others)])

    assert _ids(await record.conversations.mine("ana")) == [offered.id, owned.id, kept.id]


async def test_lists_filter_and_page_through_everything_once(record: Repository, log: Log) -> None:
    talks = [
        Talk(log, contact=f"+3712000{number:04}", queue=("support", "sales")[number % 2], due=1 + number // 3)
        for number in range(23)
    ]
    await record.projection.apply([talk.opens() for talk in talks])
    orders: tuple[Literal["recent", "due"], ...] = ("recent", "due")
    for order in orders:
        seen: list[str] = []
        after = None
        while True:
            page = await record.conversations.page(Filter(), order=order, after=after, limit=4)
            seen += [conversation.id for conversation in page.items]
            after = page.next
            if after is None:
                break
        assert len(seen) == 23
        by_due = sorted(talks, key=lambda talk: (talk.state.due, talk.id))
        assert seen == [talk.id for talk in (reversed(talks) if order == "recent" else by_due)]

    sales = await record.conversations.page(Filter(queues=("sales",), statuses=(Status.QUEUED,)))
    assert {conversation.queue for conversation in sales.items} == {"sales"}
    assert len(sales.items) == 11
    assert (await record.conversations.page(Filter(owner="nobody"))).items == ()


@pytest.mark.parametrize("words", ["kekava", "ĶEKAVA", "Sisli", "ŞİŞLİ", "100%", "_x", "20000777", "jānis"])
async def test_words_are_found_without_case_and_accents(record: Repository, log: Log, words: str) -> None:
    talk = Talk(log, contact="+37120000777", display="JANIS")
    other = Talk(log, contact="+37120000001")
    await record.projection.apply([talk.opens("Ķekava, Şişli, 100% _x"), other.opens("kekvava sssli 1000 ax")])

    found = await record.conversations.page(Filter(words=words))

    assert [conversation.id for conversation in found.items] == [talk.id]


@pytest.mark.parametrize("cursor", ["", "x", "====", "MjAyNg", "ÿ", "a" * 600, "MjAyNi0wMS0wMVQwMDowMDowMHxh"])
async def test_a_cursor_of_somebody_elses_is_refused(record: Repository, cursor: str) -> None:
    with pytest.raises(BadCursor):
        await record.conversations.page(Filter(), after=cursor)


async def test_a_contacts_history_is_the_latest_first(record: Repository, log: Log) -> None:
    talks = []
    for _ in range(5):
        log.clock += timedelta(minutes=1)
        talks.append(Talk(log))
        await record.projection.apply([talks[-1].opens()])
    await record.projection.apply([Talk(log, contact="+37129999999").opens()])
    shown = await record.conversations.transcript(talks[0].id)
    assert shown is not None

    first = await record.history.of_contact(shown.conversation.contact, limit=3)
    rest = await record.history.of_contact(shown.conversation.contact, limit=3, after=first.next)

    assert _ids([*first.items, *rest.items]) == [talk.id for talk in reversed(talks)]
    assert rest.next is None


async def test_a_known_message_is_confirmed_with_how_far_the_record_has_read(record: Repository, log: Log) -> None:
    talk = Talk(log)
    name = message_id(ACCOUNT, f"SM{talk.id}1")
    before = await record.history.known_message(ACCOUNT, name, partition=ROUTING)
    await record.projection.apply([talk.opens()])
    after = await record.history.known_message(ACCOUNT, name, partition=ROUTING)
    stranger = await record.history.known_message("sms-other", name, partition=ROUTING)

    assert (before.known, before.offset, before.event_at) == (False, 0, None)
    assert (after.known, after.conversation, after.offset, after.term) == (True, talk.id, 1, 1)
    assert after.event_at == log.clock
    assert not stranger.known


async def test_a_threads_last_conversation_says_who_answered(record: Repository, log: Log) -> None:
    old = Talk(log, last_agent="ana")
    await record.projection.apply([old.opens()])
    log.clock += timedelta(days=1)
    closed = int(log.clock.timestamp() * 1000)
    new = Talk(log, last_agent="bert", display="Jānis", language="lv", status=Status.CLOSED, closed_at=closed)
    await record.projection.apply([new.opens()])

    last = await record.history.last_of_thread(new.state.thread)

    assert last is not None
    assert (last.id, last.last_agent, last.language, last.contact_name) == (new.id, "bert", "lv", "Jānis")
    assert last.closed_at is not None
    assert int(last.closed_at.timestamp() * 1000) == closed
    assert await record.history.last_of_thread("nobody") is None
