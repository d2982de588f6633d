"""The roster: agents, what they can do, and the version that every edit must name."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.agents.repository.engine import Database
from services.agents.repository.errors import LoginTaken, NotThere, VersionConflict
from services.agents.tables import AGENTS
from trunkline.events import Profile
from trunkline.ids import new_id
from trunkline.requirements import SUPERVISORS

MAX_PAGE: Final = 200
"""Most rows of one page."""

_ROSTER_LOCK = "trunkline-roster"


class Role(StrEnum):
    """What an agent may do: work; also move others' work; also edit the roster."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


def login_key(login: str) -> str:
    """A sign-in name as it is compared: without case and surrounding space; ValueError if it cannot be one."""
    key = unicodedata.normalize("NFKC", login).casefold().strip()
    if not 1 <= len(key) <= 254 or not key.isprintable() or " " in key:
        raise ValueError("a sign-in name has 1 to 254 printable characters and no space")
    return key


_Word = Annotated[str, Field(min_length=1, max_length=100)]
_SkillName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
_QueueName = Annotated[str, Field(pattern=r"^(\*|[a-z0-9][a-z0-9-]{0,62})$", description="`*` is every queue")]
"""As trunkline.yaml has them: on the board they are parts of keys."""
_Level = Annotated[int, Field(ge=0, le=100)]


class Ability(NamedTuple):
    """What an agent can take, there or not."""

    skills: Mapping[str, int]
    queues: Collection[str]


class _Editable(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    role: Role = Role.AGENT
    capacity: int = Field(default=5, ge=0, le=1_000, description="most work held at once, in weights")
    queues: tuple[_QueueName, ...] = Field(default=(), max_length=200)
    skills: dict[_SkillName, _Level] = Field(default={}, max_length=200, description="skill → level")
    languages: tuple[_Word, ...] = Field(default=(), max_length=50, description="BCP 47")
    locale: Literal["en", "tr", "lv"] = Field(default="en", description="language of the desk")
    disabled: bool = False


class NewAgent(_Editable):
    """An agent to be added."""

    login: Annotated[str, AfterValidator(login_key)]


class Agent(NewAgent):
    """A row of the roster; the password's hash is never in it."""

    id: str
    version: int = Field(description="rises with every edit; an edit names the one it saw")
    created_at: datetime
    updated_at: datetime

    @property
    def supervises(self) -> bool:
        """Whether they may do what only supervisors and administrators may."""
        return self.role is not Role.AGENT

    @property
    def profile(self) -> Profile:
        """What the board needs to know of them."""
        return Profile(
            agent=self.id,
            name=self.name,
            version=self.version,
            capacity=self.capacity,
            skills=self.skills,
            queues=self.ability.queues,
            languages=self.languages,
        )

    @property
    def ability(self) -> Ability:
        """What of waiting work they could take."""
        return Ability(self.skills, _served(self.role, self.queues))


class AgentEdit(BaseModel):
    """What to change of an agent: only the fields that are set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    login: Annotated[str, AfterValidator(login_key)] | None = None
    name: str | None = Field(default=None, min_length=1, max_length=200)
    role: Role | None = None
    capacity: int | None = Field(default=None, ge=0, le=1_000)
    queues: tuple[_QueueName, ...] | None = Field(default=None, max_length=200)
    skills: dict[_SkillName, _Level] | None = Field(default=None, max_length=200)
    languages: tuple[_Word, ...] | None = Field(default=None, max_length=50)
    locale: Literal["en", "tr", "lv"] | None = None
    disabled: bool | None = None


def _served(role: str, queues: Iterable[str]) -> tuple[str, ...]:
    return tuple(queues) if role == Role.AGENT else (*queues, SUPERVISORS)


PUBLIC: Final = tuple(column for column in AGENTS.c if column.name != "password_hash")
"""The columns of an `Agent`."""


def _agent(row: RowMapping) -> Agent:
    return Agent.model_validate(dict(row))


_ANY_ADMIN: Final = select(AGENTS.c.id).where(AGENTS.c.role == Role.ADMIN.value).limit(1)


class Roster:
    """Reads and edits of the roster; every edit makes the next version."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, agent: str) -> Agent | None:
        """The agent of this id."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(*PUBLIC).where(AGENTS.c.id == agent))).mappings().first()
        return None if row is None else _agent(row)

    async def by_login(self, login: str) -> tuple[Agent, str] | None:
        """The agent who signs in by this name, and the hash of their password."""
        try:
            key = login_key(login)
        except ValueError:
            return None
        async with self._database.read() as connection:
            row = (await connection.execute(select(AGENTS).where(AGENTS.c.login == key))).mappings().first()
        if row is None:
            return None
        values = dict(row)
        secret = values.pop("password_hash")
        return Agent.model_validate(values), secret

    async def page(self, *, after: str = "", limit: int = 50, disabled: bool | None = None) -> list[Agent]:
        """Agents in the order of their sign-in names, those behind `after` (a sign-in name)."""
        query = select(*PUBLIC).where(AGENTS.c.login > after).order_by(AGENTS.c.login)
        if disabled is not None:
            query = query.where(AGENTS.c.disabled == disabled)
        async with self._database.read() as connection:
            rows = (await connection.execute(query.limit(min(max(limit, 1), MAX_PAGE)))).mappings().all()
        return [_agent(row) for row in rows]

    async def names(self) -> dict[str, str]:
        """Every enabled agent's name, by id."""
        query = select(AGENTS.c.id, AGENTS.c.name).where(AGENTS.c.disabled.is_(False)).order_by(AGENTS.c.name)
        async with self._database.read() as connection:
            return {row.id: row.name for row in await connection.execute(query)}

    async def versions(self) -> dict[str, int]:
        """Every enabled agent's version, to compare with the board's."""
        query = select(AGENTS.c.id, AGENTS.c.version).where(AGENTS.c.disabled.is_(False))
        async with self._database.read() as connection:
            return {row.id: row.version for row in await connection.execute(query)}

    async def abilities(self) -> dict[str, Ability]:
        """What every enabled agent can take, by id."""
        columns = (AGENTS.c.id, AGENTS.c.role, AGENTS.c.skills, AGENTS.c.queues)
        query = select(*columns).where(AGENTS.c.disabled.is_(False))
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return {row.id: Ability(row.skills, _served(row.role, row.queues)) for row in rows}

    async def create(self, agent: NewAgent, *, password_hash: str, now: datetime) -> Agent:
        """Add an agent at version 1. LoginTaken if somebody signs in by that name."""

        async def work(connection: AsyncConnection) -> Agent:
            await self._database.exclusively(connection, _ROSTER_LOCK, [0])
            return await _insert(connection, agent, password_hash=password_hash, now=now)

        return await self._database.write(work)

    async def update(self, agent: str, edit: AgentEdit, *, version: int, now: datetime) -> Agent:
        """Change what `edit` sets, if the row still has `version`; the row as it is now.

        VersionConflict if it has another, NotThere without such an agent, LoginTaken if the new name is.
        """
        values = edit.model_dump(mode="json", exclude_none=True)
        return await self._change(agent, values, version=version, now=now)

    async def set_password(self, agent: str, password_hash: str, *, version: int, now: datetime) -> Agent:
        """Give another password, as an edit of the row. Errors as of `update`."""
        return await self._change(agent, {"password_hash": password_hash}, version=version, now=now)

    async def refresh_hash(self, agent: str, *, old: str, new: str) -> None:
        """Keep the same password under a stronger hash; no edit, so no new version. Nothing if it changed since."""

        async def work(connection: AsyncConnection) -> None:
            same = (AGENTS.c.id == agent) & (AGENTS.c.password_hash == old)
            await connection.execute(update(AGENTS).where(same).values(password_hash=new))

        await self._database.write(work)

    async def has_admin(self) -> bool:
        """Whether anybody administers it, enabled or not."""
        async with self._database.read() as connection:
            return (await connection.execute(_ANY_ADMIN)).first() is not None

    async def ensure_first_admin(self, admin: NewAgent, *, password_hash: str, now: datetime) -> Agent | None:
        """Add the first administrator, once: None if there is one already. Safe from many processes at once.

        LoginTaken if somebody without that role signs in by the name.
        """

        async def work(connection: AsyncConnection) -> Agent | None:
            await self._database.exclusively(connection, _ROSTER_LOCK, [0])
            if (await connection.execute(_ANY_ADMIN)).first() is not None:
                return None
            return await _insert(
                connection, admin.model_copy(update={"role": Role.ADMIN}), password_hash=password_hash, now=now
            )

        return await self._database.write(work)

    async def _change(self, agent: str, values: dict[str, Any], *, version: int, now: datetime) -> Agent:
        async def work(connection: AsyncConnection) -> Agent:
            if "login" in values:
                await self._database.exclusively(connection, _ROSTER_LOCK, [0])
                await _refuse_taken(connection, values["login"], but=agent)
            changed = await connection.execute(
                update(AGENTS)
                .where(AGENTS.c.id == agent, AGENTS.c.version == version)
                .values(**values, version=version + 1, updated_at=now)
                .returning(*PUBLIC)
            )
            row = changed.mappings().first()
            if row is not None:
                return _agent(row)
            current = await connection.scalar(select(AGENTS.c.version).where(AGENTS.c.id == agent))
            if current is None:
                raise NotThere(f"no agent {agent[:80]!r}")
            raise VersionConflict(current)

        return await self._database.write(work)


async def _refuse_taken(connection: AsyncConnection, login: str, *, but: str = "") -> None:
    taken = select(AGENTS.c.id).where(AGENTS.c.login == login, AGENTS.c.id != but)
    if (await connection.execute(taken)).first() is not None:
        raise LoginTaken(f"{login!r} is another agent's sign-in name")


async def _insert(connection: AsyncConnection, agent: NewAgent, *, password_hash: str, now: datetime) -> Agent:
    await _refuse_taken(connection, agent.login)
    values = agent.model_dump(mode="json") | {"id": new_id(), "version": 1, "created_at": now, "updated_at": now}
    await connection.execute(insert(AGENTS).values(**values, password_hash=password_hash))
    return Agent.model_validate(values)
