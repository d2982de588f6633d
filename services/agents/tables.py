"""The record's tables (SQLModel), the same on SQLite and PostgreSQL.

Ids are strings, times are aware UTC, and what is nested is JSON. `migrations/` brings a database to exactly this;
a test holds them together. Only `repository` reads or writes these rows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field

from services.agents.rows import Row, Utc

# --- people ------------------------------------------------------------------------------------------------


class AgentRow(Row, table=True):
    """The roster: who works here, what they can do and how much they can hold."""

    __tablename__ = "agents"
    __table_args__ = (
        CheckConstraint("role IN ('agent', 'supervisor', 'admin')", name="role"),
        CheckConstraint("locale IN ('en', 'tr', 'lv')", name="locale"),
        CheckConstraint("capacity >= 0", name="capacity"),
    )

    id: str = Field(primary_key=True)
    login: str = Field(unique=True)
    name: str
    password_hash: str
    role: str
    capacity: int
    queues: list[str] = Field(sa_type=JSON)
    skills: dict[str, int] = Field(sa_type=JSON)
    languages: list[str] = Field(sa_type=JSON)
    locale: str
    disabled: bool
    version: int
    created_at: datetime = Field(sa_type=Utc)
    updated_at: datetime = Field(sa_type=Utc)


class SessionRow(Row, table=True):
    """Who is signed in. The token itself is never kept, only its hash."""

    __tablename__ = "sessions"

    token_hash: str = Field(primary_key=True)
    agent: str = Field(index=True, sa_column_args=[ForeignKey("agents.id", ondelete="CASCADE")])
    created_at: datetime = Field(sa_type=Utc)
    expires_at: datetime = Field(sa_type=Utc, index=True)
    last_used_at: datetime = Field(sa_type=Utc)


class ContactRow(Row, table=True):
    """A person who writes to us, however many addresses they write from."""

    __tablename__ = "contacts"

    id: str = Field(primary_key=True)
    name: str
    created_at: datetime = Field(sa_type=Utc)


class AddressRow(Row, table=True):
    """One of a contact's addresses; each belongs to one contact."""

    __tablename__ = "addresses"

    scheme: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    contact: str = Field(index=True, foreign_key="contacts.id")
    display: str


# --- the story, as the projection tells it -----------------------------------------------------------------


class ConversationRow(Row, table=True):
    """A conversation as it stands after its event `version`, with what a list shows of it."""

    __tablename__ = "conversations"
    __table_args__ = (
        Index("ix_conversations_owner_status", "owner", "status"),
        Index("ix_conversations_offered_to_status", "offered_to", "status"),
        Index("ix_conversations_keeps_status", "keeps", "status"),
        Index("ix_conversations_status_due_at_id", "status", "due_at", "id"),
        Index("ix_conversations_changed_at_id", "changed_at", "id"),
        Index("ix_conversations_contact_opened_at", "contact", "opened_at"),
        Index("ix_conversations_thread_opened_at", "thread", "opened_at"),
    )

    id: str = Field(primary_key=True)
    shard: int
    thread: str
    account: str
    channel: str
    contact: str = Field(foreign_key="contacts.id")
    scheme: str
    address: str
    display: str
    version: int = Field(sa_type=BigInteger)
    status: str
    queue: str
    requirement: str = Field(sa_type=Text)
    weight: int
    priority: int
    owner: str
    offered_to: str
    keeps: str
    last_agent: str
    fence: int = Field(sa_type=BigInteger)
    reason: str = Field(sa_type=Text)
    opted_out: bool
    language: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    consulted: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    opened_at: datetime = Field(sa_type=Utc)
    queued_at: datetime | None = Field(sa_type=Utc)
    due_at: datetime = Field(sa_type=Utc)
    deadline_at: datetime | None = Field(sa_type=Utc)
    wrap_until: datetime | None = Field(sa_type=Utc)
    wake_at: datetime | None = Field(default=None, sa_type=Utc)
    last_inbound_at: datetime | None = Field(sa_type=Utc)
    closed_at: datetime | None = Field(sa_type=Utc)
    replied_at: datetime | None = Field(sa_type=Utc)
    changed_at: datetime = Field(sa_type=Utc)
    last_words: str = Field(sa_type=Text)
    unanswered: int
    last_sequence: int
    search: str = Field(sa_type=Text)


class MessageRow(Row, table=True):
    """One thing said. `sequence` is dense from 1 in its conversation, in the order of the events."""

    __tablename__ = "messages"
    __table_args__ = (UniqueConstraint("conversation", "sequence"),)

    id: str = Field(primary_key=True)
    conversation: str = Field(foreign_key="conversations.id")
    sequence: int
    direction: str
    account: str
    parts: list[dict[str, Any]] = Field(sa_type=JSON)
    reply_to: str | None
    agent: str | None
    at: datetime = Field(sa_type=Utc)
    version: int = Field(sa_type=BigInteger)
    provider_ids: list[str] = Field(sa_type=JSON)
    status: str | None
    status_code: str | None
    status_text: str | None = Field(sa_type=Text)
    possible_duplicate: bool


class EventRow(Row, table=True):
    """What happened to a conversation, one row a version: its history for people."""

    __tablename__ = "events"

    conversation: str = Field(primary_key=True, foreign_key="conversations.id")
    version: int = Field(primary_key=True, sa_type=BigInteger)
    type: str
    at: datetime = Field(sa_type=Utc)
    agent: str
    reason: str = Field(sa_type=Text)
    details: dict[str, Any] = Field(sa_type=JSON)


# --- what became of replies --------------------------------------------------------------------------------


class DeliveryRow(Row, table=True):
    """What is known of sending one message. No foreign key: the news may be projected before the message."""

    __tablename__ = "deliveries"

    message: str = Field(primary_key=True)
    conversation: str
    account: str
    parts: int | None
    sent: bool
    failed: bool
    code: str | None
    text: str | None = Field(sa_type=Text)
    possible_duplicate: bool


class DeliveryPartRow(Row, table=True):
    """What is known of one provider id of one part; `named` if notify said so, else only a receipt did."""

    __tablename__ = "delivery_parts"
    __table_args__ = (Index("ix_delivery_parts_account_provider_id", "account", "provider_id"),)

    message: str = Field(primary_key=True, foreign_key="deliveries.message")
    part: int = Field(primary_key=True)
    provider_id: str = Field(primary_key=True)
    account: str
    named: bool
    status: str
    at: datetime = Field(sa_type=Utc)
    code: str | None
    text: str | None = Field(sa_type=Text)


class PendingReceiptRow(Row, table=True):
    """The strongest receipt for a provider id nobody has named yet; it is applied when somebody does."""

    __tablename__ = "pending_receipts"

    account: str = Field(primary_key=True)
    provider_id: str = Field(primary_key=True)
    status: str
    at: datetime = Field(sa_type=Utc, index=True)
    code: str | None
    text: str | None = Field(sa_type=Text)


# --- the projection and the channels -----------------------------------------------------------------------


class PositionRow(Row, table=True):
    """Where the projection stands in a partition, written with the rows it stands for."""

    __tablename__ = "positions"

    topic: str = Field(primary_key=True)
    partition: int = Field(primary_key=True)
    next_offset: int = Field(sa_type=BigInteger)
    term: int = Field(sa_type=BigInteger)
    event_at: datetime | None = Field(sa_type=Utc)
    written_at: datetime = Field(sa_type=Utc)


class RefusedRow(Row, table=True):
    """A record the projection could not read, untouched, and why."""

    __tablename__ = "projection_refused"

    topic: str = Field(primary_key=True)
    partition: int = Field(primary_key=True)
    offset: int = Field(primary_key=True, sa_type=BigInteger)
    reason: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=Utc)
    value: bytes = Field(sa_type=LargeBinary)


class ChannelLogRow(Row, table=True):
    """What went wrong (or was refused) at a channel account's door, for whoever sets it up."""

    __tablename__ = "channel_log"
    __table_args__ = (Index("ix_channel_log_account_id", "account", "id"),)

    id: str = Field(primary_key=True)
    account: str
    kind: str
    reason: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=Utc)
    detail: str = Field(sa_type=Text)


METADATA = Row.metadata
AGENTS = METADATA.tables["agents"]
SESSIONS = METADATA.tables["sessions"]
CONTACTS = METADATA.tables["contacts"]
ADDRESSES = METADATA.tables["addresses"]
CONVERSATIONS = METADATA.tables["conversations"]
MESSAGES = METADATA.tables["messages"]
EVENTS = METADATA.tables["events"]
DELIVERIES = METADATA.tables["deliveries"]
DELIVERY_PARTS = METADATA.tables["delivery_parts"]
PENDING_RECEIPTS = METADATA.tables["pending_receipts"]
POSITIONS = METADATA.tables["positions"]
REFUSED = METADATA.tables["projection_refused"]
CHANNEL_LOG = METADATA.tables["channel_log"]
