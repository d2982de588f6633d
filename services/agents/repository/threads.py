"""A thread as its contact reads it: what was said in all its conversations, after a place the contact names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.agents.repository.conversations import Message
from services.agents.repository.engine import Database
from services.agents.tables import CONVERSATIONS, MESSAGES

MAX_THREAD_MESSAGES: Final = 100
"""Most messages of one read; the newest ones for who names no place, else those right after it."""


class Place(BaseModel):
    """A message's place in its thread: its conversation, and its dense number in it."""

    model_config = ConfigDict(frozen=True)

    conversation: str
    number: int = Field(ge=0)


class ThreadMessages(BaseModel):
    """What comes after a place, in order."""

    model_config = ConfigDict(frozen=True)

    messages: tuple[Message, ...]
    more: bool = Field(description="ask again after the last of these")
    resumed: bool = Field(description="whether the place is one of the thread's, as far as the record has read")


_ORDER = (CONVERSATIONS.c.opened_at, CONVERSATIONS.c.id, MESSAGES.c.sequence)
_OF_THREAD = select(*(MESSAGES.c[name] for name in Message.model_fields)).join(
    CONVERSATIONS, CONVERSATIONS.c.id == MESSAGES.c.conversation
)


class Threads:
    """Reads of threads. A thread's conversations follow one another: a new one begins when the last cannot reopen."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def since(self, thread: str, place: Place | None) -> ThreadMessages:
        """What the record has of a thread after this place; its newest messages, if it is no place of the thread."""
        query = _OF_THREAD.where(CONVERSATIONS.c.thread == thread)
        async with self._database.snapshot() as connection:
            begun = await self._begun(connection, thread, place)
            if place is None or begun is None:
                query = query.order_by(*(column.desc() for column in _ORDER)).limit(MAX_THREAD_MESSAGES)
            else:
                query = query.where(_after(place, begun)).order_by(*_ORDER).limit(MAX_THREAD_MESSAGES + 1)
            rows = (await connection.execute(query)).mappings().all()
        found = tuple(Message.model_validate(dict(row)) for row in rows)
        if begun is None:
            return ThreadMessages(messages=found[::-1], more=False, resumed=False)
        return ThreadMessages(messages=found[:MAX_THREAD_MESSAGES], more=len(found) > MAX_THREAD_MESSAGES, resumed=True)

    @staticmethod
    async def _begun(connection: AsyncConnection, thread: str, place: Place | None) -> datetime | None:
        """When the place's conversation was opened; None if it is none of the thread's."""
        if place is None:
            return None
        mine = (CONVERSATIONS.c.id == place.conversation) & (CONVERSATIONS.c.thread == thread)
        begun: datetime | None = await connection.scalar(select(CONVERSATIONS.c.opened_at).where(mine))
        return begun

    async def ends(self, threads: Sequence[str]) -> dict[str, Place]:
        """The place of each thread's last message; a thread without any is not in it."""
        latest = (
            select(
                CONVERSATIONS.c.thread,
                CONVERSATIONS.c.id,
                CONVERSATIONS.c.last_sequence,
                func.row_number()
                .over(
                    partition_by=CONVERSATIONS.c.thread,
                    order_by=(CONVERSATIONS.c.opened_at.desc(), CONVERSATIONS.c.id.desc()),
                )
                .label("place"),
            )
            .where(CONVERSATIONS.c.thread.in_(threads))
            .subquery()
        )
        query = select(latest.c.thread, latest.c.id, latest.c.last_sequence).where(latest.c.place == 1)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return {thread: Place(conversation=name, number=number) for thread, name, number in rows}


def _after(place: Place, begun: datetime) -> ColumnElement[bool]:
    opened, name = CONVERSATIONS.c.opened_at, CONVERSATIONS.c.id
    return or_(
        opened > begun,
        and_(opened == begun, name > place.conversation),
        and_(name == place.conversation, MESSAGES.c.sequence > place.number),
    )
