"""What agents write by themselves: drafts, notes, canned replies; and whom they write to."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from pydantic import ValidationError

from services.agents.repository import (
    CannedText,
    DraftText,
    Note,
    NotThere,
    Repository,
    ShortcutTaken,
    VersionConflict,
)
from services.agents.repository import drafts as drafts_module
from trunkline.ids import new_id

from .stories import START, Log, life


async def test_the_last_word_of_a_draft_counts_and_an_empty_one_is_gone(record: Repository) -> None:
    await record.drafts.keep("ana", "0-a", DraftText(reply="Hel"), now=START)
    await record.drafts.keep("ana", "0-a", DraftText(reply="Hello", note="ask Ben"), now=START + timedelta(seconds=1))
    await record.drafts.keep("ben", "0-a", DraftText(reply="mine"), now=START)

    [draft] = await record.drafts.of("ana")
    assert (draft.reply, draft.note) == ("Hello", "ask Ben")
    await record.drafts.keep("ana", "0-a", DraftText(), now=START + timedelta(seconds=2))
    assert await record.drafts.of("ana") == []
    assert [draft.reply for draft in await record.drafts.of("ben")] == ["mine"]


async def test_of_too_many_drafts_the_oldest_go(record: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts_module, "KEPT_PER_AGENT", 3)
    for number in range(5):
        await record.drafts.keep("ana", f"0-{number}", DraftText(reply="x"), now=START + timedelta(seconds=number))

    assert [draft.conversation for draft in await record.drafts.of("ana")] == ["0-4", "0-3", "0-2"]


async def test_a_note_written_twice_with_one_id_is_one_note(record: Repository, log: Log) -> None:
    talk, records = life(log)
    await record.projection.apply(records)
    note = Note(id=new_id(), conversation=talk.id, agent="ana", text="asked", at=START)

    first = await record.notes.add(note)
    again = await record.notes.add(note.model_copy(update={"text": "other words"}))

    assert first == again == note
    assert await record.notes.of(talk.id) == [note]


async def test_notes_come_in_the_order_they_were_written(record: Repository, log: Log) -> None:
    talk, records = life(log)
    await record.projection.apply(records)
    for number in (2, 0, 1):
        at = START + timedelta(seconds=number)
        await record.notes.add(Note(id=new_id(), conversation=talk.id, agent="ana", text=str(number), at=at))

    assert [note.text for note in await record.notes.of(talk.id)] == ["0", "1", "2"]


def _text(shortcut: str, text: str = "Hello {contact}") -> CannedText:
    return CannedText(shortcut=shortcut, title="Greeting", text=text)


async def test_a_canned_reply_is_edited_at_the_version_that_was_read(record: Repository) -> None:
    made = await record.canned.add(_text("hello"), now=START)
    edited = await record.canned.change(made.id, _text("hello", "Hi"), version=1, now=START)

    assert (edited.version, edited.text) == (2, "Hi")
    with pytest.raises(VersionConflict):
        await record.canned.change(made.id, _text("hello", "Hey"), version=1, now=START)
    with pytest.raises(NotThere):
        await record.canned.change(new_id(), _text("other"), version=1, now=START)
    assert [each.text for each in await record.canned.all()] == ["Hi"]
    await record.canned.remove(made.id)
    await record.canned.remove(made.id)
    assert await record.canned.all() == []


async def test_of_two_who_take_a_shortcut_at_once_one_is_told_that_it_is_taken(record: Repository) -> None:
    both = await asyncio.gather(
        *(record.canned.add(_text("hello"), now=START) for _ in range(2)), return_exceptions=True
    )

    assert sorted(type(one).__name__ for one in both) == ["CannedReply", "ShortcutTaken"]
    other = await record.canned.add(_text("bye"), now=START)
    with pytest.raises(ShortcutTaken):
        await record.canned.change(other.id, _text("hello"), version=1, now=START)


def test_a_variable_nobody_fills_in_is_refused_where_it_is_written() -> None:
    with pytest.raises(ValidationError, match="is no variable"):
        _text("hello", "Dear {name}")
    assert _text("hello", "{contact}, {agent}, {queue}, { and }").text


async def test_a_contact_has_the_addresses_they_wrote_from(record: Repository, log: Log) -> None:
    talk, records = life(log)
    await record.projection.apply(records)
    one = await record.conversations.one(talk.id)
    assert one is not None

    contact = await record.contacts.get(one.contact)

    assert contact is not None
    assert [(address.scheme, address.value) for address in contact.addresses] == [(one.scheme, one.address)]
    assert await record.contacts.get(new_id()) is None
