"""Sessions: who is signed in. Only the hash of a token is kept, so the record alone signs nobody in."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.agents.repository.engine import Database
from services.agents.tables import AGENTS, SESSIONS


class Session(BaseModel):
    """A signed-in agent's session."""

    model_config = ConfigDict(frozen=True)

    token_hash: str
    agent: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime


class Sessions:
    """Sign-ins that have not ended."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, *, token_hash: str, agent: str, now: datetime, expires_at: datetime) -> Session:
        """Begin a session. Unstorable if there is no such agent or the token is not new."""
        values = {
            "token_hash": token_hash,
            "agent": agent,
            "created_at": now,
            "expires_at": expires_at,
            "last_used_at": now,
        }

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(insert(SESSIONS).values(**values))

        await self._database.write(work)
        return Session.model_validate(values)

    async def find(self, token_hash: str, *, now: datetime) -> Session | None:
        """The session of this token, unless it has expired or its agent is disabled."""
        query = (
            select(SESSIONS)
            .join(AGENTS, AGENTS.c.id == SESSIONS.c.agent)
            .where(SESSIONS.c.token_hash == token_hash, SESSIONS.c.expires_at > now, AGENTS.c.disabled.is_(False))
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).mappings().first()
        return None if row is None else Session.model_validate(dict(row))

    async def touch(self, token_hash: str, *, now: datetime, expires_at: datetime) -> bool:
        """Note that it was used and let it live longer; False if it is gone or has expired.

        One commit a call: ask for it once a minute, not once a request.
        """

        async def work(connection: AsyncConnection) -> bool:
            living = (SESSIONS.c.token_hash == token_hash) & (SESSIONS.c.expires_at > now)
            statement = update(SESSIONS).where(living).values(last_used_at=now, expires_at=expires_at)
            return (await connection.execute(statement)).rowcount > 0

        return await self._database.write(work)

    async def delete(self, token_hash: str) -> bool:
        """Sign out; False if there was no such session."""

        async def work(connection: AsyncConnection) -> bool:
            statement = delete(SESSIONS).where(SESSIONS.c.token_hash == token_hash)
            return (await connection.execute(statement)).rowcount > 0

        return await self._database.write(work)

    async def delete_of(self, agent: str) -> int:
        """End all sessions of an agent (disabled, or another password); how many there were."""

        async def work(connection: AsyncConnection) -> int:
            return (await connection.execute(delete(SESSIONS).where(SESSIONS.c.agent == agent))).rowcount

        return await self._database.write(work)

    async def delete_expired(self, *, now: datetime) -> int:
        """Forget what has expired; how many there were."""

        async def work(connection: AsyncConnection) -> int:
            return (await connection.execute(delete(SESSIONS).where(SESSIONS.c.expires_at <= now))).rowcount

        return await self._database.write(work)
