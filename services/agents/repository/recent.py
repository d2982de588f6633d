"""What customers wrote last, with what rules could know of it then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import RowMapping, select

from services.agents.repository.engine import Database
from services.agents.tables import CONVERSATIONS, MESSAGES
from trunkline.messages import Address, InboundMessage

_LOOKED_AT: Final = 200
"""Conversations, the last changed, among whose messages the newest are sought: there is an index of those."""

_EARLIER: Final = 2_000
"""Conversations of their threads that are looked through for the one before."""

_PAST: Final = [CONVERSATIONS.c[name] for name in ("id", "thread", "opened_at", "last_agent", "language")]


class Recent(NamedTuple):
    """An inbound message, and what was before it on its thread."""

    conversation: str
    display: str
    message: InboundMessage
    known: bool
    last_agent: str
    language: str


class RecentMessages:
    """Reads of the newest inbound messages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def inbound(self, *, limit: int) -> list[Recent]:
        """The newest inbound messages of the 200 conversations changed last, the newest first."""
        changed = CONVERSATIONS.c.changed_at.desc(), CONVERSATIONS.c.id.desc()
        newest = select(CONVERSATIONS).order_by(*changed).limit(_LOOKED_AT).subquery()
        query = (
            select(newest, MESSAGES.c.id.label("message"), MESSAGES.c.parts, MESSAGES.c.at, MESSAGES.c.sequence)
            .join(MESSAGES, MESSAGES.c.conversation == newest.c.id)
            .where(MESSAGES.c.direction == "inbound")
            .order_by(MESSAGES.c.at.desc(), MESSAGES.c.id.desc())
            .limit(limit)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
            threads = {row["thread"] for row in rows}
            past = select(*_PAST)
            past = past.where(CONVERSATIONS.c.thread.in_(threads)).order_by(CONVERSATIONS.c.opened_at.desc())
            earlier = (await connection.execute(past.limit(_EARLIER))).mappings().all()
        return [_recent(row, earlier) for row in rows]


def _recent(row: RowMapping, earlier: Sequence[RowMapping]) -> Recent:
    """What comes later in a conversation is tried as if it began one: then its own agent was the last."""
    begins = row["sequence"] == 1
    before = _before(row["thread"], row["opened_at"], earlier) if begins else row
    return Recent(
        conversation=row["id"],
        display=row["display"] or row["address"],
        message=_message(row),
        known=before is not None,
        last_agent=before["last_agent"] if before is not None else "",
        language=before["language"] if before is not None else "",
    )


def _before(thread: str, opened: datetime, earlier: Sequence[RowMapping]) -> RowMapping | None:
    return next((one for one in earlier if one["thread"] == thread and one["opened_at"] < opened), None)


def _message(row: RowMapping) -> InboundMessage:
    facts: dict[str, Any] = {name: row[name] for name in ("account", "channel", "thread", "parts")}
    contact = Address(scheme=row["scheme"], value=row["address"], display=row["display"] or None)
    return InboundMessage(
        id=row["message"], contact=contact, provider_id=row["message"], received_at=row["at"], **facts
    )
