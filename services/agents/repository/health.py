"""How well each channel account carries messages: what came in and what became of replies, within a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping, Select, func, select

from services.agents.repository.engine import Database
from services.agents.tables import CHANNEL_LOG, CONVERSATIONS, MESSAGES
from trunkline.messages import DeliveryStatus

WITHIN: Final = timedelta(days=1)

_LOOKED_AT: Final = 2_000
"""Conversations, the last changed, whose messages are counted: there is an index of those."""

_FAILURES: Final = 200
"""Failed replies, the newest, among which each account's last is sought."""


class AccountHealth(BaseModel):
    """One account within the last day; counts are of the 2 000 conversations changed last."""

    model_config = ConfigDict(frozen=True)

    account: str
    last_inbound_at: datetime | None = Field(default=None, description="null: nobody wrote")
    last_sent_at: datetime | None = Field(default=None, description="of the last reply that the provider has sent")
    sent: int = Field(default=0, description="replies that are sent, delivered or read")
    failed: int = Field(default=0, description="replies that are final without having been sent")
    under_way: int = Field(default=0, description="replies of which the provider has not said that they are sent")
    last_failed_at: datetime | None = None
    last_failure: str = Field(default="", description="the provider's reason, in its words")
    refused: int = Field(default=0, description="lines of the channel log")


class Healths:
    """Reads of all accounts at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, accounts: Iterable[str], *, now: datetime) -> list[AccountHealth]:
        """Each of these accounts, in their order, also where nothing happened. RecordAway."""
        since = now - WITHIN
        async with self._database.read() as connection:
            counted = (await connection.execute(_counted(since))).mappings().all()
            failures = (await connection.execute(_failures(since))).mappings().all()
            refused = (await connection.execute(_refused(since))).mappings().all()
        whys = {row["account"]: row["status_text"] or row["status_code"] or "" for row in reversed(failures)}
        lines = {row["account"]: row["count"] for row in refused}
        return [
            _health(name, [row for row in counted if row["account"] == name], whys.get(name, ""), lines.get(name, 0))
            for name in accounts
        ]


def _changed(since: datetime) -> Select[Any]:
    newest = CONVERSATIONS.c.changed_at.desc(), CONVERSATIONS.c.id.desc()
    return select(CONVERSATIONS.c.id).where(CONVERSATIONS.c.changed_at >= since).order_by(*newest).limit(_LOOKED_AT)


def _counted(since: datetime) -> Select[Any]:
    what = MESSAGES.c.account, MESSAGES.c.direction, MESSAGES.c.status
    changed = _changed(since).subquery()
    return (
        select(*what, func.count().label("count"), func.max(MESSAGES.c.at, type_=MESSAGES.c.at.type).label("at"))
        .join(changed, MESSAGES.c.conversation == changed.c.id)
        .where(MESSAGES.c.at >= since)
        .group_by(*what)
    )


def _failures(since: datetime) -> Select[Any]:
    changed = _changed(since).subquery()
    return (
        select(MESSAGES.c.account, MESSAGES.c.status_text, MESSAGES.c.status_code)
        .join(changed, MESSAGES.c.conversation == changed.c.id)
        .where(MESSAGES.c.at >= since, MESSAGES.c.status == DeliveryStatus.FAILED)
        .order_by(MESSAGES.c.at.desc(), MESSAGES.c.id.desc())
        .limit(_FAILURES)
    )


def _refused(since: datetime) -> Select[Any]:
    lines = select(CHANNEL_LOG.c.account, func.count().label("count"))
    return lines.where(CHANNEL_LOG.c.at >= since).group_by(CHANNEL_LOG.c.account)


_SENT: Final = {DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ}


def _health(account: str, counts: Sequence[RowMapping], why: str, refused: int) -> AccountHealth:
    replies = [row for row in counts if row["direction"] == "outbound"]
    sent = [row for row in replies if row["status"] in _SENT]
    failed = [row for row in replies if row["status"] == DeliveryStatus.FAILED]
    return AccountHealth(
        account=account,
        last_inbound_at=_last(row for row in counts if row["direction"] == "inbound"),
        last_sent_at=_last(sent),
        sent=_sum(sent),
        failed=_sum(failed),
        under_way=_sum(row for row in replies if row["status"] in (None, DeliveryStatus.ACCEPTED)),
        last_failed_at=_last(failed),
        last_failure=why,
        refused=refused,
    )


def _last(rows: Iterable[RowMapping]) -> datetime | None:
    return max((row["at"] for row in rows), default=None)


def _sum(rows: Iterable[RowMapping]) -> int:
    return sum(row["count"] for row in rows)
