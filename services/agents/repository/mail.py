"""The threads of mails: which thread a mail is in that another mail names, and who took part in a thread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from services.agents.repository.engine import Database
from services.agents.tables import CONVERSATIONS, MESSAGES

_MOST_MESSAGES: Final = 200
"""Newest messages of a thread whose heads are read: who took part only long before asks anew."""


class KnownMail(BaseModel):
    """A mail the record has."""

    model_config = ConfigDict(frozen=True)

    thread: str
    digest: str | None


class MailThreads:
    """Reads about mails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self, account: str, messages: Sequence[str]) -> dict[str, KnownMail]:
        """Those of these messages (by our id) that the record has, each with its thread."""
        query = (
            select(MESSAGES.c.id, MESSAGES.c.parts, CONVERSATIONS.c.thread)
            .join(CONVERSATIONS, CONVERSATIONS.c.id == MESSAGES.c.conversation)
            .where(MESSAGES.c.id.in_(messages), MESSAGES.c.account == account)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return {row["id"]: KnownMail(thread=row["thread"], digest=_head(row["parts"]).get("digest")) for row in rows}

    async def participants(self, threads: Iterable[str]) -> dict[str, list[str]]:
        """The addresses, in lower case, that wrote or were written to in each thread the record has."""
        found: dict[str, set[str]] = {}
        async with self._database.read() as connection:
            for thread in threads:
                query = (
                    select(CONVERSATIONS.c.address, MESSAGES.c.parts)
                    .join(MESSAGES, MESSAGES.c.conversation == CONVERSATIONS.c.id)
                    .where(CONVERSATIONS.c.thread == thread)
                    .order_by(MESSAGES.c.at.desc())
                    .limit(_MOST_MESSAGES)
                )
                for row in (await connection.execute(query)).mappings():
                    found.setdefault(thread, set()).update(_named(row["address"], _head(row["parts"])))
        return {thread: sorted(addresses) for thread, addresses in found.items()}


def _head(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    first = parts[0] if parts else {}
    return first if first.get("kind") == "mail" else {}


def _named(contact: str, head: dict[str, Any]) -> set[str]:
    named = [contact, head.get("sender"), *(head.get("to") or ()), *(head.get("cc") or ())]
    return {str(one).lower() for one in named if one}
