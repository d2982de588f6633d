"""The channel log: what was refused at an account's door, so that whoever sets it up can see why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.agents.repository.engine import Database
from services.agents.tables import CHANNEL_LOG
from trunkline.ids import new_id

MAX_DETAIL_BYTES: Final = 4_096
"""Longest detail kept, in bytes of UTF-8; the rest is cut off."""

KEPT_PER_ACCOUNT: Final = 1_000
"""Lines kept for each account, the newest."""


class ChannelLine(BaseModel):
    """One line of an account's log. `detail` never holds a secret: who writes it takes them out."""

    model_config = ConfigDict(frozen=True)

    account: str = Field(max_length=63)
    kind: str = Field(max_length=63, description="forged, broken, unknown-account, …")
    reason: str = Field(max_length=500)
    at: datetime
    detail: str = ""


def _cut(detail: str) -> str:
    # PostgreSQL cannot hold U+0000 in text.
    return detail.replace("\x00", "\ufffd").encode()[:MAX_DETAIL_BYTES].decode(errors="ignore")


class ChannelLog:
    """The newest lines of every account."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, lines: Sequence[ChannelLine]) -> None:
        """Append lines, cut to size; the oldest beyond KEPT_PER_ACCOUNT go."""
        if not lines:
            return
        rows = [line.model_dump() | {"id": new_id(), "detail": _cut(line.detail)} for line in lines]

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(insert(CHANNEL_LOG), rows)
            for account in sorted({line.account for line in lines}):
                ours = CHANNEL_LOG.c.account == account
                newest = select(CHANNEL_LOG.c.id).where(ours).order_by(CHANNEL_LOG.c.id.desc())
                last = await connection.scalar(newest.offset(KEPT_PER_ACCOUNT).limit(1))
                if last is not None:
                    await connection.execute(delete(CHANNEL_LOG).where(ours, CHANNEL_LOG.c.id <= last))

        await self._database.write(work)

    async def newest(self, account: str, *, limit: int = 50) -> list[ChannelLine]:
        """The newest lines of an account, newest first."""
        columns = [column for column in CHANNEL_LOG.c if column.name != "id"]
        query = select(*columns).where(CHANNEL_LOG.c.account == account).order_by(CHANNEL_LOG.c.id.desc())
        async with self._database.read() as connection:
            rows = (await connection.execute(query.limit(min(max(limit, 1), KEPT_PER_ACCOUNT)))).mappings().all()
        return [ChannelLine.model_validate(dict(row)) for row in rows]
