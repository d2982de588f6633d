"""Canned replies: written beforehand, with variables that the desk fills in before an agent sends them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.agents.repository.engine import Database
from services.agents.repository.errors import NotThere, ShortcutTaken, VersionConflict
from services.agents.working_tables import CANNED_REPLIES
from trunkline.ids import new_id

MAX_CANNED: Final = 2_000
"""Most canned replies: a desk holds them all, so that choosing one waits for nothing."""

VARIABLES: Final = ("contact", "agent", "queue")
"""What may stand in braces: the contact's name, the agent's, the queue's title."""

_LOCK = "trunkline-canned-replies"
_BRACES = re.compile(r"\{(\w+)\}")


def _known_variables(text: str) -> str:
    for name in _BRACES.findall(text):
        if name not in VARIABLES:
            raise ValueError(
                f"{{{name[:40]}}} is no variable; there are {', '.join(f'{{{each}}}' for each in VARIABLES)}"
            )
    return text


class CannedText(BaseModel):
    """What a canned reply says, and where it is offered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shortcut: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="what an agent types", examples=["hello"])
    title: str = Field(min_length=1, max_length=200, examples=["Greeting"])
    text: Annotated[str, AfterValidator(_known_variables)] = Field(
        min_length=1, max_length=4_000, examples=["Hello {contact}, this is {agent}."]
    )
    queue: str = Field(default="", max_length=63, description="empty: in all queues")
    locale: Literal["", "en", "tr", "lv"] = Field(default="", description="the customer's language; empty: any")


class CannedReply(CannedText):
    """A canned reply as it is kept."""

    id: str
    version: int = Field(description="rises with every edit; an edit names the one it saw")
    updated_at: datetime


_SHOWN = [CANNED_REPLIES.c[name] for name in CannedReply.model_fields]


class CannedReplies:
    """All canned replies."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[CannedReply]:
        """Every canned reply, in the order of the shortcuts."""
        query = select(*_SHOWN).order_by(CANNED_REPLIES.c.shortcut).limit(MAX_CANNED)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [CannedReply.model_validate(dict(row)) for row in rows]

    async def add(self, text: CannedText, *, now: datetime) -> CannedReply:
        """Add one at version 1. ShortcutTaken if another has its shortcut."""
        fresh = CannedReply(id=new_id(), version=1, updated_at=now, **text.model_dump())

        async def work(connection: AsyncConnection) -> None:
            await self._alone(connection, text.shortcut, but="")
            await connection.execute(insert(CANNED_REPLIES), fresh.model_dump())

        await self._database.write(work)
        return fresh

    async def change(self, reply: str, text: CannedText, *, version: int, now: datetime) -> CannedReply:
        """Say it otherwise, if it still has `version`. VersionConflict, NotThere, ShortcutTaken."""
        row = CANNED_REPLIES.c.id == reply

        async def work(connection: AsyncConnection) -> CannedReply:
            await self._alone(connection, text.shortcut, but=reply)
            changed = await connection.execute(
                update(CANNED_REPLIES)
                .where(row, CANNED_REPLIES.c.version == version)
                .values(**text.model_dump(), version=version + 1, updated_at=now)
                .returning(*_SHOWN)
            )
            if (found := changed.mappings().first()) is not None:
                return CannedReply.model_validate(dict(found))
            current = await connection.scalar(select(CANNED_REPLIES.c.version).where(row))
            if current is None:
                raise NotThere("no such canned reply")
            raise VersionConflict(current)

        return await self._database.write(work)

    async def remove(self, reply: str) -> None:
        """Take one away; nothing happens if it is gone."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(CANNED_REPLIES).where(CANNED_REPLIES.c.id == reply))

        await self._database.write(work)

    async def _alone(self, connection: AsyncConnection, shortcut: str, *, but: str) -> None:
        await self._database.exclusively(connection, _LOCK, [0])
        other = (CANNED_REPLIES.c.shortcut == shortcut) & (CANNED_REPLIES.c.id != but)
        if (await connection.execute(select(CANNED_REPLIES.c.id).where(other))).first() is not None:
            raise ShortcutTaken(f"another canned reply has the shortcut {shortcut!r}")
