"""How long a provider asks us to wait, read without a clock of ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_LONGEST_WAIT_S = 86_400.0


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by `retry-after`: as given, or until a date by the provider's own `date`; a day at most.

    None where it says nothing that can be read. Names of headers are in lower case.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit() and len(value) <= 9:
        return min(float(value), _LONGEST_WAIT_S)
    until, now = _date(value), _date(headers.get("date", ""))
    if until is None or now is None:
        return None
    return min(max((until - now).total_seconds(), 0.0), _LONGEST_WAIT_S)


def _date(value: str) -> datetime | None:
    if not 0 < len(value) <= 64:
        return None
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)
