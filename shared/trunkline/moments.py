"""Moments as the board counts them: whole milliseconds since 1970, UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def moment_of(milliseconds: int) -> datetime:
    """The moment, with its zone."""
    return datetime.fromtimestamp(milliseconds / 1_000, UTC)


def moment_if_any(milliseconds: int) -> datetime | None:
    """The same, where the board writes 0 for none."""
    return moment_of(milliseconds) if milliseconds else None


def ms_of(moment: datetime) -> int:
    """The milliseconds of a moment that has its zone, to the nearest."""
    return round(moment.timestamp() * 1_000)
