"""The tables agents write by themselves: no log has their rows, so the record's backup is their only copy.

Apart from `tables`, which holds what the projection and the roster keep.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Text
from sqlmodel import Field

from services.agents.rows import Row, Utc
from services.agents.tables import METADATA


class DraftRow(Row, table=True):
    """What an agent has begun to write in a conversation. No foreign key: the board knows conversations first."""

    __tablename__ = "drafts"
    __table_args__ = (Index("ix_drafts_agent_updated_at", "agent", "updated_at"),)

    agent: str = Field(primary_key=True)
    conversation: str = Field(primary_key=True)
    reply: str = Field(sa_type=Text)
    note: str = Field(sa_type=Text)
    updated_at: datetime = Field(sa_type=Utc)


class NoteRow(Row, table=True):
    """What agents tell each other beside a conversation; the customer never sees it."""

    __tablename__ = "notes"
    __table_args__ = (Index("ix_notes_conversation_id", "conversation", "id"),)

    id: str = Field(primary_key=True)
    conversation: str = Field(foreign_key="conversations.id")
    agent: str
    text: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=Utc)


class CannedReplyRow(Row, table=True):
    """A reply written beforehand, with variables; `queue` empty: for all queues."""

    __tablename__ = "canned_replies"
    __table_args__ = (CheckConstraint("locale IN ('', 'en', 'tr', 'lv')", name="locale"),)

    id: str = Field(primary_key=True)
    shortcut: str = Field(unique=True)
    title: str
    text: str = Field(sa_type=Text)
    queue: str
    locale: str
    version: int
    updated_at: datetime = Field(sa_type=Utc)


DRAFTS = METADATA.tables["drafts"]
NOTES = METADATA.tables["notes"]
CANNED_REPLIES = METADATA.tables["canned_replies"]
