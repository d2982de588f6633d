"""Conversations as agents read them: one with its messages, one's own, and lists."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from sqlalchemy import ColumnElement, Text, cast, literal, or_, select

from services.agents.repository.engine import Database
from services.agents.repository.paging import Page, behind, page_limit, page_of
from services.agents.repository.search import like
from services.agents.tables import CONVERSATIONS, MESSAGES
from trunkline.events import Status, asked_of
from trunkline.messages import DeliveryStatus, Html, Media, Parts

MAX_MESSAGES: Final = 500
"""Most messages of one transcript read; earlier ones are read on from the first one's sequence."""

MAX_MINE: Final = 1_000


class Conversation(BaseModel):
    """A conversation as it stood after its event `version`."""

    model_config = ConfigDict(frozen=True)

    id: str
    shard: int
    thread: str
    account: str
    channel: str
    contact: str = Field(description="id of the contact")
    scheme: str
    address: str
    display: str
    version: int
    status: Status
    queue: str
    requirement: str
    weight: int
    priority: int
    owner: str
    offered_to: str = Field(description="agents with commas between: one, or as many as are asked")
    keeps: str = Field(description="a transfer's sender, owner until the offer is accepted")
    last_agent: str
    fence: int
    reason: str
    opted_out: bool
    language: str = Field(description="that the customer writes (ISO 639-1); empty where it cannot be told")
    consulted: str = Field(description="agents whom the owner asked to look on, `agent,agent`")
    opened_at: datetime
    queued_at: datetime | None
    due_at: datetime = Field(description="when it is owed an answer; when it was opened, if it never waited")
    deadline_at: datetime | None
    wrap_until: datetime | None
    wake_at: datetime | None = Field(description="when it wakes, while it is snoozed")
    last_inbound_at: datetime | None
    closed_at: datetime | None
    replied_at: datetime | None = Field(description="when an agent first replied")
    changed_at: datetime
    last_words: str = Field(description="the customer's last words, in one line")
    unanswered: int = Field(description="the customer's messages since our last reply")
    last_sequence: int = Field(description="how many messages there are")

    @property
    def hands(self) -> set[str]:
        """Every agent who has, is offered, is consulted in or had it last."""
        asked = {*asked_of(self.offered_to), *asked_of(self.consulted)}
        return {self.owner, *asked, self.keeps, self.last_agent} - {""}


class Message(BaseModel):
    """One thing said, with what became of it."""

    model_config = ConfigDict(frozen=True)

    id: str
    conversation: str
    sequence: int = Field(description="dense from 1, the same for everyone who looks")
    direction: Literal["inbound", "outbound"]
    account: str
    parts: Parts
    reply_to: str | None
    agent: str | None
    at: datetime
    version: int = Field(description="version of the event that brought it")
    provider_ids: tuple[str, ...]
    status: DeliveryStatus | None = Field(description="None: not known to be taken by the provider yet")
    status_code: str | None
    status_text: str | None
    possible_duplicate: bool


class Transcript(BaseModel):
    """A conversation and its messages, both of the same moment: what comes next are its events > version."""

    model_config = ConfigDict(frozen=True)

    conversation: Conversation
    messages: tuple[Message, ...] = Field(description="in order; the newest ones if not `complete`")
    complete: bool = Field(description="whether the first message is among them")


class Filter(BaseModel):
    """Which conversations a list shows; what is not set does not matter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    statuses: tuple[Status, ...] = ()
    queues: tuple[str, ...] = ()
    owner: str | None = None
    hand: str | None = Field(default=None, description="also what this agent had a hand in, whatever its queue")
    words: str = Field(default="", max_length=100, description="in the last words, the contact's name or address")


SHOWN: Final = [CONVERSATIONS.c[name] for name in Conversation.model_fields]
"""The columns a `Conversation` is made of."""

_PARTS: Final[TypeAdapter[Parts]] = TypeAdapter(Parts)

_MESSAGE = [MESSAGES.c[name] for name in Message.model_fields]

HOLDS: Final = ("owner", "offered_to", "keeps")
"""How an agent may hold a conversation; who had it last has had a hand in it, too."""


def _among(column: ColumnElement[str], agent: str) -> ColumnElement[bool]:
    """Whether a column of agents with commas between names this one."""
    return (literal(",") + column + literal(",")).contains(f",{agent},", autoescape=True)


def _held(agent: str, *roles: str) -> list[ColumnElement[bool]]:
    """The agent in any of these roles. Few are offered to several at a time: the status finds those to read through."""
    one_of_several = (CONVERSATIONS.c.status == Status.OFFERED.value) & _among(CONVERSATIONS.c.offered_to, agent)
    return [*(CONVERSATIONS.c[role] == agent for role in roles), one_of_several]


def _hands(agent: str) -> list[ColumnElement[bool]]:
    """The agent had a hand in it; or is consulted: of everybody's, that is what they may read as long as they are."""
    return [*_held(agent, *HOLDS, "last_agent"), _among(CONVERSATIONS.c.consulted, agent)]


def _conversations(rows: Any) -> list[Conversation]:
    return [Conversation.model_validate(dict(row)) for row in rows.mappings()]


class Conversations:
    """Reads of conversations; they are written by the projection alone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def transcript(
        self, conversation: str, *, before: int | None = None, limit: int = MAX_MESSAGES
    ) -> Transcript | None:
        """The conversation with its newest messages (those before sequence `before`), read at one moment."""
        count = min(max(limit, 1), MAX_MESSAGES)
        query = select(*_MESSAGE).where(MESSAGES.c.conversation == conversation)
        if before is not None:
            query = query.where(MESSAGES.c.sequence < before)
        async with self._database.snapshot() as connection:
            found = _conversations(await connection.execute(select(*SHOWN).where(CONVERSATIONS.c.id == conversation)))
            if not found:
                return None
            rows = await connection.execute(query.order_by(MESSAGES.c.sequence.desc()).limit(count))
            # Parts are kept as they stood in the log: a later version may have put fields into them.
            newest = [Message.model_validate(dict(row), extra="ignore") for row in rows.mappings()]
        messages = tuple(reversed(newest))
        return Transcript(conversation=found[0], messages=messages, complete=not messages or messages[0].sequence == 1)

    async def one(self, conversation: str) -> Conversation | None:
        """The conversation without its messages."""
        async with self._database.read() as connection:
            found = _conversations(await connection.execute(select(*SHOWN).where(CONVERSATIONS.c.id == conversation)))
        return found[0] if found else None

    async def media(self, conversation: str, digest: str) -> Media | Html | None:
        """The part of a conversation that shows this blob; None if no message of it has."""
        # The digest is 64 hex digits: as a text within the JSON it can be nothing else.
        holds = cast(MESSAGES.c.parts, Text).contains(f'"{digest}"', autoescape=True)
        query = select(MESSAGES.c.parts).where(MESSAGES.c.conversation == conversation, holds).limit(1)
        async with self._database.read() as connection:
            parts = await connection.scalar(query)
        found = _PARTS.validate_python(parts) if parts is not None else ()
        shown = (part for part in found if isinstance(part, Media | Html))
        return next((part for part in shown if part.blob is not None and part.blob.digest == digest), None)

    async def mine(self, agent: str) -> list[Conversation]:
        """What an agent holds, is offered, or keeps until a transfer is accepted; most urgent first."""
        held = or_(*(hand & (CONVERSATIONS.c.status != Status.CLOSED.value) for hand in _held(agent, *HOLDS)))
        query = select(*SHOWN).where(held).order_by(CONVERSATIONS.c.due_at, CONVERSATIONS.c.id).limit(MAX_MINE)
        async with self._database.read() as connection:
            return _conversations(await connection.execute(query))

    async def page(
        self,
        wanted: Filter,
        *,
        order: Literal["recent", "due"] = "recent",
        after: str | None = None,
        limit: int = 50,
    ) -> Page[Conversation]:
        """A list: the last changed first, or the most urgent first. BadCursor if `after` is not one of ours.

        A row that changes its place while one pages may be seen twice or not at all; ids are unique.
        """
        column = CONVERSATIONS.c.changed_at if order == "recent" else CONVERSATIONS.c.due_at
        descending = order == "recent"
        query = select(*SHOWN).where(*conditions(wanted))
        if after is not None:
            query = query.where(behind(after, at=column, row=CONVERSATIONS.c.id, descending=descending))
        places = (column, CONVERSATIONS.c.id)
        query = query.order_by(*(place.desc() if descending else place for place in places))
        count = page_limit(limit)
        async with self._database.read() as connection:
            found = _conversations(await connection.execute(query.limit(count + 1)))
        return page_of(found, count, lambda one: (one.changed_at if descending else one.due_at, one.id))


def conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    """What of a conversation's row must hold for the filter to show it."""
    found: list[ColumnElement[bool]] = []
    if wanted.statuses:
        found.append(CONVERSATIONS.c.status.in_([status.value for status in wanted.statuses]))
    if wanted.queues or wanted.hand is not None:
        hands = _hands(wanted.hand) if wanted.hand is not None else ()
        found.append(or_(CONVERSATIONS.c.queue.in_(wanted.queues), *hands))
    if wanted.owner is not None:
        found.append(CONVERSATIONS.c.owner == wanted.owner)
    if wanted.words.strip():
        found.append(CONVERSATIONS.c.search.like(like(wanted.words), escape="\\"))
    return found
