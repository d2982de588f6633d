"""Pages: a list is read on from the last row seen, not by counting, so it neither slows down nor skips."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, and_, or_

from services.agents.repository.errors import BadCursor

T = TypeVar("T")

MAX_PAGE: Final = 200
"""Most rows of one page."""


class Page(BaseModel, Generic[T]):
    """Some rows of a list, and the cursor of what follows (None at the end)."""

    model_config = ConfigDict(frozen=True)

    items: tuple[T, ...]
    next: str | None = None


def cursor_of(at: datetime, row: str) -> str:
    """The cursor behind a row: its place in the list, opaque to clients."""
    return base64.urlsafe_b64encode(f"{at.astimezone(UTC).isoformat()}|{row}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """The place a cursor names. BadCursor if we did not make it."""
    if len(cursor) > 512:
        raise BadCursor("not a cursor of this list")
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        at, _, row = text.partition("|")
        moment = datetime.fromisoformat(at)
    except (ValueError, binascii.Error) as error:
        raise BadCursor("not a cursor of this list") from error
    if moment.tzinfo is None or not row:
        raise BadCursor("not a cursor of this list")
    return moment, row


def behind(
    cursor: str, *, at: ColumnElement[datetime], row: ColumnElement[str], descending: bool
) -> ColumnElement[bool]:
    """The condition for rows behind a cursor in a list ordered by (at, row)."""
    moment, name = read_cursor(cursor)
    if descending:
        return or_(at < moment, and_(at == moment, row < name))
    return or_(at > moment, and_(at == moment, row > name))


def page_limit(limit: int) -> int:
    """A page size within bounds."""
    return min(max(limit, 1), MAX_PAGE)


def page_of(found: Sequence[T], count: int, place: Callable[[T], tuple[datetime, str]]) -> Page[T]:
    """The first `count` of what was found; with a cursor if there was more. `place`: of a row in the list."""
    items = tuple(found[:count])
    return Page(items=items, next=cursor_of(*place(items[-1])) if len(found) > count else None)
