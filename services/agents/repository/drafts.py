"""Drafts: what agents have begun to write, so that another device has it too."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.agents.repository.engine import Database
from services.agents.working_tables import DRAFTS

MAX_DRAFT: Final = 16_000
"""Longest draft, in characters: as long as a reply."""

KEPT_PER_AGENT: Final = 500
"""Drafts kept for each agent, the newest."""


class DraftText(BaseModel):
    """A reply and a note begun in one conversation; both empty: there is no draft."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reply: str = Field(default="", max_length=MAX_DRAFT)
    note: str = Field(default="", max_length=MAX_DRAFT)


class Draft(DraftText):
    """A draft, where and since when."""

    conversation: str
    updated_at: datetime


_SHOWN = [DRAFTS.c[name] for name in Draft.model_fields]


class Drafts:
    """Each agent's own drafts; the last word written counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, agent: str) -> list[Draft]:
        """An agent's drafts, the newest first."""
        query = select(*_SHOWN).where(DRAFTS.c.agent == agent).order_by(DRAFTS.c.updated_at.desc())
        async with self._database.read() as connection:
            rows = (await connection.execute(query.limit(KEPT_PER_AGENT))).mappings().all()
        return [Draft.model_validate(dict(row)) for row in rows]

    async def keep(self, agent: str, conversation: str, text: DraftText, *, now: datetime) -> None:
        """Keep what was written so far; an empty draft goes, and of an agent's drafts the oldest beyond the bound."""
        mine = (DRAFTS.c.agent == agent) & (DRAFTS.c.conversation == conversation)
        row = {"agent": agent, "conversation": conversation, "updated_at": now} | text.model_dump()

        async def work(connection: AsyncConnection) -> None:
            if not text.reply and not text.note:
                await connection.execute(delete(DRAFTS).where(mine))
                return
            await connection.execute(self._database.upsert(DRAFTS), row)
            newest = select(DRAFTS.c.updated_at).where(DRAFTS.c.agent == agent).order_by(DRAFTS.c.updated_at.desc())
            last = await connection.scalar(newest.offset(KEPT_PER_AGENT).limit(1))
            if last is not None:
                await connection.execute(delete(DRAFTS).where(DRAFTS.c.agent == agent, DRAFTS.c.updated_at <= last))

        await self._database.write(work)
