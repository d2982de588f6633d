"""when it wakes

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the record to this revision. What is snoozed now gets its time with its next event."""
    op.add_column("conversations", sa.Column("wake_at", sa.DateTime(timezone=True), nullable=True))
