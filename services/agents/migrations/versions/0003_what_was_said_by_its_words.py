"""what was said, by its words

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the record to this revision. What was said before is read by 0006, which fills the table anew."""
    if op.get_bind().dialect.name == "sqlite":
        # The words come folded, with a space between: all the tokenizer has to do is to split there.
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
        op.create_index("ix_message_words_words", "message_words", ["words"], postgresql_using="gin")


def downgrade() -> None:
    """Take it back."""
    op.execute("DROP TABLE message_words")
