"""What was before: a contact's earlier conversations, a conversation's events, and what the board forgot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from services.agents.repository.conversations import SHOWN, Conversation
from services.agents.repository.engine import Database
from services.agents.repository.paging import Page, behind, page_limit, page_of
from services.agents.tables import CONTACTS, CONVERSATIONS, EVENTS, MESSAGES, POSITIONS
from trunkline.bus.base import Partition, Position
from trunkline.events import Status

MAX_EVENTS: Final = 500


class PastEvent(BaseModel):
    """What happened to a conversation, for its history."""

    model_config = ConfigDict(frozen=True)

    version: int
    type: str
    at: datetime
    agent: str = Field(description="who did it or whom it concerned, empty for nobody")
    reason: str
    details: dict[str, Any]


class Knowledge(BaseModel):
    """Whether the record has a message, and how far the record has read: judge `known=False` by that."""

    model_config = ConfigDict(frozen=True)

    known: bool
    conversation: str | None = None
    offset: int = Field(description="next offset of the partition the projection will read; 0: nothing yet")
    term: int
    event_at: datetime | None = Field(description="time of the newest event read there")


class LastConversation(BaseModel):
    """What the router may want to know of a thread that left the board."""

    model_config = ConfigDict(frozen=True)

    id: str
    version: int
    status: Status
    queue: str
    last_agent: str
    language: str
    opened_at: datetime
    closed_at: datetime | None
    opted_out: bool
    contact: str
    contact_name: str


_PAST = [EVENTS.c[name] for name in PastEvent.model_fields]


class History:
    """Reads of the past."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_contact(self, contact: str, *, after: str | None = None, limit: int = 20) -> Page[Conversation]:
        """A contact's conversations, the latest first. BadCursor if `after` is not one of ours."""
        opened, row = CONVERSATIONS.c.opened_at, CONVERSATIONS.c.id
        query = select(*SHOWN).where(CONVERSATIONS.c.contact == contact)
        if after is not None:
            query = query.where(behind(after, at=opened, row=row, descending=True))
        count = page_limit(limit)
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(opened.desc(), row.desc()).limit(count + 1))
            found = [Conversation.model_validate(dict(each)) for each in rows.mappings()]
        return page_of(found, count, lambda one: (one.opened_at, one.id))

    async def events(self, conversation: str, *, after: int = 0, limit: int = MAX_EVENTS) -> list[PastEvent]:
        """A conversation's events with a version above `after`, in order."""
        mine = (EVENTS.c.conversation == conversation) & (EVENTS.c.version > after)
        query = select(*_PAST).where(mine).order_by(EVENTS.c.version).limit(min(max(limit, 1), MAX_EVENTS))
        async with self._database.read() as connection:
            return [PastEvent.model_validate(dict(row)) for row in (await connection.execute(query)).mappings()]

    async def known_message(self, account: str, message: str, *, partition: Partition) -> Knowledge:
        """Whether the record has this message of this account, and the projection's position in `partition`.

        Both are of one moment. Not known means "not in the log before that offset", nothing about later ones.
        """
        wanted = select(MESSAGES.c.conversation).where(MESSAGES.c.id == message, MESSAGES.c.account == account)
        where = select(POSITIONS).where(
            POSITIONS.c.topic == partition.topic.value, POSITIONS.c.partition == partition.number
        )
        async with self._database.snapshot() as connection:
            conversation = await connection.scalar(wanted)
            row = (await connection.execute(where)).mappings().first()
        position = Position(0, 0) if row is None else Position(row["next_offset"], row["term"])
        return Knowledge(
            known=conversation is not None,
            conversation=conversation,
            offset=position.offset,
            term=position.term,
            event_at=None if row is None else row["event_at"],
        )

    async def last_of_thread(self, thread: str) -> LastConversation | None:
        """The latest conversation of a thread: who answered last, when it was closed, and whose it is."""
        columns = [CONVERSATIONS.c[name] for name in LastConversation.model_fields if name != "contact_name"]
        query = (
            select(*columns, CONTACTS.c.name.label("contact_name"))
            .join(CONTACTS, CONTACTS.c.id == CONVERSATIONS.c.contact)
            .where(CONVERSATIONS.c.thread == thread)
            .order_by(CONVERSATIONS.c.opened_at.desc(), CONVERSATIONS.c.id.desc())
            .limit(1)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).mappings().first()
        return None if row is None else LastConversation.model_validate(dict(row))

    async def last_of_threads(self, threads: Sequence[str]) -> dict[str, LastConversation]:
        """`last_of_thread` of each that has one. Most of those asked have none, which one query tells."""
        query = select(CONVERSATIONS.c.thread).where(CONVERSATIONS.c.thread.in_(threads)).distinct()
        async with self._database.read() as connection:
            known = list(await connection.scalars(query))
        found = [(thread, await self.last_of_thread(thread)) for thread in known]
        return {thread: last for thread, last in found if last is not None}
