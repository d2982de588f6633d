"""words in their order, so that phrases are found

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import orjson
import sqlalchemy as sa
from alembic import op

# Not frozen like the rest of a revision: words are folded here exactly as today's search folds what it looks for.
from services.agents.repository.words import placed, words_of

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_AT_ONCE = 1_000

_MESSAGES = "SELECT id, parts FROM messages WHERE id > :after ORDER BY id LIMIT :count"
_SQLITE = "INSERT INTO message_words (message, words) VALUES (:message, :words)"
_POSTGRESQL = "INSERT INTO message_words (message, words) VALUES (:message, CAST(CAST(:words AS TEXT) AS TSVECTOR))"


def upgrade() -> None:
    """Bring the record to this revision: every message's words anew, with their places."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE message_words")
        # The words come folded, with a space between: all the tokenizer has to do is to split there.
        op.execute(
            "CREATE VIRTUAL TABLE message_words"
            " USING fts5(words, message UNINDEXED, tokenize='ascii', detail='full', columnsize=0)"
        )
        _fill(_SQLITE, is_placed=False)
        return
    op.drop_index("ix_message_words_words", "message_words")
    op.execute("DELETE FROM message_words")
    _fill(_POSTGRESQL, is_placed=True)
    # After the rows: an index is built faster than it grows.
    op.create_index("ix_message_words_words", "message_words", ["words"], postgresql_using="gin")


def _fill(statement: str, *, is_placed: bool) -> None:
    connection, after = op.get_bind(), ""
    while rows := connection.execute(sa.text(_MESSAGES), {"after": after, "count": _AT_ONCE}).all():
        after = rows[-1].id
        said = ((row.id, row.parts if isinstance(row.parts, list) else orjson.loads(row.parts)) for row in rows)
        words = [(name, each) for name, parts in said if (each := words_of(parts))]
        if words:
            told = [{"message": name, "words": placed(each) if is_placed else each} for name, each in words]
            connection.execute(sa.text(statement), told)


def downgrade() -> None:
    """Nothing is taken back: the search of before finds single words among placed ones as well."""
