"""what was said, by its words

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import orjson
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

# Not frozen like the rest of a revision: words are folded here exactly as today's search folds what it looks for.
from services.agents.repository.words import words_of

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_AT_ONCE = 1_000

_MESSAGES = "SELECT id, parts FROM messages WHERE id > :after ORDER BY id LIMIT :count"
_SQLITE = "INSERT INTO message_words (message, words) VALUES (:message, :words)"
_POSTGRESQL = (
    "INSERT INTO message_words (message, words)"
    " VALUES (:message, array_to_tsvector(string_to_array(CAST(:words AS TEXT), ' ')))"
)


def upgrade() -> None:
    """Bring the record to this revision, and fill it from the messages that are there."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if is_sqlite:
        # The words come folded, with a space between: all the tokenizer has to do is to split there. Without
        # positions (nobody searches for phrases) the index is a third as large.
        op.execute(
            "CREATE VIRTUAL TABLE message_words"
            " USING fts5(words, message UNINDEXED, tokenize='ascii', detail='none', columnsize=0)"
        )
    else:
        op.create_table(
            "message_words",
            sa.Column("message", sa.String(), nullable=False),
            sa.Column("words", TSVECTOR(), nullable=False),
            sa.PrimaryKeyConstraint("message", name=op.f("pk_message_words")),
        )
    _fill(_SQLITE if is_sqlite else _POSTGRESQL)
    if not is_sqlite:  # after the rows: an index is built faster than it grows
        op.create_index("ix_message_words_words", "message_words", ["words"], postgresql_using="gin")


def _fill(statement: str) -> None:
    connection, after = op.get_bind(), ""
    while rows := connection.execute(sa.text(_MESSAGES), {"after": after, "count": _AT_ONCE}).all():
        after = rows[-1].id
        said = ((row.id, row.parts if isinstance(row.parts, list) else orjson.loads(row.parts)) for row in rows)
        found = [{"message": name, "words": words} for name, parts in said if (words := words_of(parts))]
        if found:
            connection.execute(sa.text(statement), found)


def downgrade() -> None:
    """Take it back."""
    op.execute("DROP TABLE message_words")
