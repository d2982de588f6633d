"""when it wakes

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the record to this revision. What is snoozed now gets its time with its next event."""
    op.add_column("conversations", sa.Column("wake_at", sa.DateTime(timezone=True), nullable=True))
