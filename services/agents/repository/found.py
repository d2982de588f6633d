"""Search over what was said: conversations by the words of their messages.

One table, `message_words`, which the projection fills: on SQLite an FTS5 table, on PostgreSQL a `tsvector` under a GIN
index. Both are handed words that were folded and separated here, in their order, so both find the same. It is no
model's table: SQLite keeps shadow tables beside it that no comparison knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import (
    Column,
    Dialect,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    bindparam,
    cast,
    func,
    insert,
    literal_column,
    select,
)
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import Subquery
from sqlalchemy.types import UserDefinedType

from services.agents.repository.conversations import SHOWN, Conversation, Filter, conditions
from services.agents.repository.engine import Database
from services.agents.repository.paging import Page, behind, page_limit, page_of
from services.agents.repository.patience import patient
from services.agents.repository.words import Piece, Term, excerpt, placed, terms_of
from services.agents.tables import CONVERSATIONS, MESSAGES

PATIENCE_S: Final = 2.0
"""How long one search may take."""


class _Postgres(UserDefinedType[str]):
    """A type of PostgreSQL's by its name alone: its dialect is 2 MB, which a record in SQLite does without."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        return self.name


_TSQUERY: Final = _Postgres("TSQUERY")
_TSVECTOR: Final = _Postgres("TSVECTOR")

WORDS: Final = Table(
    "message_words",
    MetaData(),
    Column("message", String, primary_key=True),
    Column("words", Text().with_variant(_TSVECTOR, "postgresql")),
)


class Hit(BaseModel):
    """A conversation in which it was said, with the newest message that says it."""

    model_config = ConfigDict(frozen=True)

    conversation: Conversation
    message: str = Field(description="id of the newest message found")
    sequence: int
    direction: Literal["inbound", "outbound"]
    agent: str | None
    at: datetime
    count: int = Field(description="how many of its messages were found")
    excerpt: tuple[Piece, ...] = Field(description="that message's words around the first one found")


class Search:
    """Reads by words; the projection writes them."""

    def __init__(self, database: Database, patience_s: float = PATIENCE_S) -> None:
        self._database = database
        self._patience_s = patience_s

    async def page(self, words: str, wanted: Filter, *, after: str | None = None, limit: int = 50) -> Page[Hit]:
        """Conversations of `wanted` with a message that says every word, or what begins so; the last said first.

        What stands in quotes is found word for word, in that order. BadSearch for no words or too many, BadCursor if
        `after` is not one of ours, TooBroad if it takes too long.
        """
        terms = terms_of(words)
        found = self._found(terms, wanted)
        query = (
            select(*SHOWN, *_SAID, found.c.count)
            .join(MESSAGES, MESSAGES.c.id == found.c.message)
            .join(CONVERSATIONS, CONVERSATIONS.c.id == MESSAGES.c.conversation)
            .where(found.c.place == 1)
        )
        if after is not None:
            query = query.where(behind(after, at=MESSAGES.c.at, row=MESSAGES.c.id, descending=True))
        count = page_limit(limit)
        query = query.order_by(MESSAGES.c.at.desc(), MESSAGES.c.id.desc()).limit(count + 1)
        async with patient(self._database, self._patience_s) as connection:
            rows = [dict(row) for row in (await connection.execute(query)).mappings()]
        return page_of([_hit(row, terms) for row in rows], count, lambda hit: (hit.at, hit.message))

    def _found(self, terms: Sequence[Term], wanted: Filter) -> Subquery:
        """Every message found, with its place in its conversation (1: the newest) and how many there are in it."""
        return (
            select(
                MESSAGES.c.id.label("message"),
                func.row_number()
                .over(partition_by=MESSAGES.c.conversation, order_by=MESSAGES.c.sequence.desc())
                .label("place"),
                func.count().over(partition_by=MESSAGES.c.conversation).label("count"),
            )
            .join(WORDS, WORDS.c.message == MESSAGES.c.id)
            .join(CONVERSATIONS, CONVERSATIONS.c.id == MESSAGES.c.conversation)
            .where(self._says(terms), *conditions(wanted))
            .subquery()
        )

    def _says(self, terms: Sequence[Term]) -> ColumnElement[bool]:
        # The words are letters and digits only, and quoted: nothing in them is an operator.
        if self._database.is_sqlite:
            asked = " AND ".join(f'"{" ".join(term.words)}"{"*" if term.goes_on else ""}' for term in terms)
            return literal_column(WORDS.name).op("MATCH", is_comparison=True)(asked)
        phrases = (" <-> ".join(f"'{word}'" for word in term.words) + (":*" if term.goes_on else "") for term in terms)
        asked = " & ".join(phrases)
        return WORDS.c.words.op("@@", is_comparison=True)(cast(asked, _TSQUERY))


class _Placed(TypeDecorator[str]):
    """Words, told with their places."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else placed(value)


def put_words(database: Database) -> UpdateBase:
    """The statement that keeps a message's words (`message`, `words`: in their order, with a space between)."""
    if database.is_sqlite:  # FTS5 knows no ON CONFLICT; the projection tells each message once
        return insert(WORDS).values(message=bindparam("message"), words=bindparam("words"))
    row = {"message": bindparam("message"), "words": cast(bindparam("words", type_=_Placed), _TSVECTOR)}
    return database.insert_new(WORDS).values(row)


_SAID = [MESSAGES.c[name].label(f"said_{name}") for name in ("id", "sequence", "direction", "agent", "at", "parts")]


def _hit(row: dict[str, Any], terms: Sequence[Term]) -> Hit:
    return Hit(
        conversation=Conversation.model_validate({name: row[name] for name in Conversation.model_fields}),
        message=row["said_id"],
        sequence=row["said_sequence"],
        direction=row["said_direction"],
        agent=row["said_agent"],
        at=row["said_at"],
        count=row["count"],
        excerpt=excerpt(row["said_parts"], terms),
    )
