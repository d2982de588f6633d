"""The SQL around the fold of `routing-events`: what it needs to know, and what it leaves behind."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from services.agents.repository.decoding import Reading
from services.agents.repository.engine import Database
from services.agents.repository.found import put_words
from services.agents.repository.story import FOUND_BY, KNOWN, AddressKey, Story
from services.agents.tables import ADDRESSES, CONTACTS, CONVERSATIONS, EVENTS, MESSAGES

_CONTACTS = uuid.UUID("0b6f7f43-8f0e-5d0b-9b0a-3c2f7a5d41c9")
"""Namespace of the ids of contacts made from an address, so that two projections make the same one."""


def contact_id(scheme: str, value: str) -> str:
    """The id a contact gets who is first seen under this address (UUIDv5 hex)."""
    return uuid.uuid5(_CONTACTS, f"{scheme}\n{value}").hex


class Storyteller:
    """Conversations, messages, events and contacts: reads what a batch needs, folds it, writes what it left."""

    def __init__(self, database: Database) -> None:
        self._known = database.look(select(*(CONVERSATIONS.c[name] for name in KNOWN)), CONVERSATIONS.c.id)
        self._there = database.look(select(MESSAGES.c.id), MESSAGES.c.id)
        self._addresses = database.look(select(ADDRESSES), ADDRESSES.c.scheme, ADDRESSES.c.value)
        self._put_contacts = database.many(database.insert_new(CONTACTS))
        self._put_addresses = database.many(database.insert_new(ADDRESSES))
        self._put_conversations = database.many(database.upsert(CONVERSATIONS, newer="version"))
        # SQLite writes each index anew whose columns a statement names, changed or not: this one names but changed_at.
        told = {column.name for column in CONVERSATIONS.c} - {"id", *FOUND_BY}
        news = {name: bindparam(name, type_=CONVERSATIONS.c[name].type) for name in sorted(told)}
        newer = (CONVERSATIONS.c.id == bindparam("of_id")) & (CONVERSATIONS.c.version < bindparam("version"))
        self._change_conversations = database.many(update(CONVERSATIONS).where(newer).values(news))
        self._put_messages = database.many(database.insert_new(MESSAGES))
        self._put_words = database.many(put_words(database))
        self._put_events = database.many(database.insert_new(EVENTS))
        shown = bindparam("shown", type_=ADDRESSES.c.display.type)
        here = (ADDRESSES.c.scheme == bindparam("of_scheme")) & (ADDRESSES.c.value == bindparam("of_value"))
        self._rename_addresses = database.many(update(ADDRESSES).where(here).values(display=shown))
        nameless = (CONTACTS.c.id == bindparam("of_contact")) & (CONTACTS.c.name == "")
        self._rename_contacts = database.many(update(CONTACTS).where(nameless).values(name=shown))
        thread = CONVERSATIONS.c.thread == bindparam("of_thread")
        is_out = bindparam("is_out", type_=CONVERSATIONS.c.opted_out.type)
        self._put_preferences = database.many(update(CONVERSATIONS).where(thread).values(opted_out=is_out))

    def tell(self, connection: Connection, readings: Sequence[Reading]) -> Story:
        """Fold the readings in their order, and write what changed."""
        told = [reading for reading in readings if reading.columns is not None]
        story = Story(
            known={row["id"]: row for row in self._known.rows(connection, _conversation_ids(told))},
            there={row["id"] for row in self._there.rows(connection, _message_ids(told))},
            contacts=self._contacts(connection, _addresses(told)),
        )
        for reading in readings:
            story.tell(reading)
        story.finish()
        self._put_conversations.run(connection, story.moved())
        self._change_conversations.run(connection, [row | {"of_id": row["id"]} for row in story.still()])
        self._put_messages.run(connection, story.messages)
        self._put_words.run(connection, story.words)
        self._put_events.run(connection, story.events)
        preferences = [{"of_thread": thread, "is_out": out} for thread, out in story.preferences.items()]
        self._put_preferences.run(connection, preferences)
        return story

    def _contacts(
        self, connection: Connection, wanted: Mapping[AddressKey, tuple[str, datetime]]
    ) -> dict[AddressKey, str]:
        known = {
            (row["scheme"], row["value"]): (row["contact"], row["display"])
            for row in self._addresses.rows(connection, wanted)
        }
        owners = {key: known[key][0] if key in known else contact_id(*key) for key in wanted}
        # Sorted: two projections that meet the same new people wait for each other instead of deadlocking.
        fresh = sorted((owners[key], key) for key in wanted if key not in known)
        people = [{"id": owner, "name": wanted[key][0], "created_at": wanted[key][1]} for owner, key in fresh]
        places = [
            {"scheme": key[0], "value": key[1], "contact": owner, "display": wanted[key][0]} for owner, key in fresh
        ]
        self._put_contacts.run(connection, people)
        self._put_addresses.run(connection, places)
        self._rename(connection, {key: (*known[key], wanted[key][0]) for key in sorted(known)})
        return owners

    def _rename(self, connection: Connection, seen: Mapping[AddressKey, tuple[str, str, str]]) -> None:
        """Keep the newest name an address shows; it becomes the contact's only if they have none."""
        news = [
            {"of_scheme": key[0], "of_value": key[1], "of_contact": contact, "shown": display}
            for key, (contact, before, display) in seen.items()
            if display and display != before
        ]
        self._rename_addresses.run(connection, news)
        self._rename_contacts.run(connection, news)


def _conversation_ids(told: Sequence[Reading]) -> set[str]:
    return {reading.columns["id"] for reading in told if reading.columns is not None}


def _message_ids(told: Sequence[Reading]) -> set[str]:
    return {reading.event.details.message.id for reading in told if reading.parts is not None}


def _addresses(told: Sequence[Reading]) -> dict[AddressKey, tuple[str, datetime]]:
    """Each address with the newest name it shows and when it was first seen."""
    seen: dict[AddressKey, tuple[str, datetime]] = {}
    for reading in told:
        if reading.columns is None or reading.at is None:
            continue
        key = (reading.columns["scheme"], reading.columns["address"])
        display, first = seen.get(key, ("", reading.at))
        seen[key] = (reading.columns["display"] or display, first)
    return seen
