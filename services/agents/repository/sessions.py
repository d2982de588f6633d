"""Sessions: who is signed in. Only the hash of a token is kept, so the record alone signs nobody in."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.agents.repository.engine import Database
from services.agents.repository.roster import PUBLIC, Agent
from services.agents.tables import AGENTS, SESSIONS


class Session(BaseModel):
    """A sign-in that has not ended: whose, and until when."""

    model_config = ConfigDict(frozen=True)

    agent: Agent
    expires_at: datetime


# Made once: every desk asks every few seconds, and to make it took longer than to run it.
_LIVING = (
    select(SESSIONS.c.expires_at, *PUBLIC)
    .join(AGENTS, AGENTS.c.id == SESSIONS.c.agent)
    .where(
        SESSIONS.c.token_hash == bindparam("wanted"),
        SESSIONS.c.expires_at > bindparam("now", type_=SESSIONS.c.expires_at.type),
        AGENTS.c.disabled.is_(False),
    )
)


class Sessions:
    """Sign-ins that have not ended."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, *, token_hash: str, agent: str, now: datetime, expires_at: datetime) -> None:
        """Begin a session. Unstorable if there is no such agent or the token is not new."""
        row = insert(SESSIONS).values(
            token_hash=token_hash, agent=agent, created_at=now, expires_at=expires_at, last_used_at=now
        )

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(row)

        await self._database.write(work)

    async def find(self, token_hash: str, *, now: datetime) -> Session | None:
        """The session of this token, unless it has expired or its agent is disabled."""
        async with self._database.read() as connection:
            found = await connection.execute(_LIVING, {"wanted": token_hash, "now": now})
            row = found.mappings().first()
        if row is None:
            return None
        agent = dict(row)
        return Session(expires_at=agent.pop("expires_at"), agent=Agent.model_validate(agent))

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
