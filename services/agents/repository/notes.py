"""Internal notes: what agents tell each other beside a conversation."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.agents.repository.engine import Database
from services.agents.working_tables import NOTES

MAX_NOTES: Final = 500
"""Most notes of one conversation that are shown, the newest."""


class Note(BaseModel):
    """One note; never changed."""

    model_config = ConfigDict(frozen=True)

    id: str
    conversation: str
    agent: str
    text: str
    at: datetime


_SHOWN = [NOTES.c[name] for name in Note.model_fields]


class Notes:
    """The notes of every conversation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, note: Note) -> Note:
        """Keep a note. The same id again keeps the first one, which is returned."""
        there = select(*_SHOWN).where(NOTES.c.id == note.id)

        async def work(connection: AsyncConnection) -> Note:
            row = (await connection.execute(there)).mappings().first()
            if row is not None:
                return Note.model_validate(dict(row))
            await connection.execute(insert(NOTES), note.model_dump())
            return note

        return await self._database.write(work)

    async def of(self, conversation: str) -> list[Note]:
        """A conversation's notes in order; the newest ones if there are more than MAX_NOTES."""
        query = (
            select(*_SHOWN).where(NOTES.c.conversation == conversation).order_by(NOTES.c.at.desc(), NOTES.c.id.desc())
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query.limit(MAX_NOTES))).mappings().all()
        return [Note.model_validate(dict(row)) for row in reversed(rows)]
