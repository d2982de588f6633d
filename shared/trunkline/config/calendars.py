"""Named calendars: weekly hours, the public holidays of countries, and days of one's own."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import cache
from typing import Annotated

from pydantic import AfterValidator, Field

from trunkline.hours import Hours, Span, Spans

_COUNTRY = re.compile(r"([A-Z]{2})(?:-([A-Z0-9]{1,4}))?", re.ASCII)
_EVERY_YEAR = re.compile(r"[0-9]{2}-[0-9]{2}", re.ASCII)
_ONE_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_LEAP_YEAR = "2024-"


def _known_country(name: str) -> str:
    found = _COUNTRY.fullmatch(name)
    parts = _countries().get(found[1]) if found else None
    if found is None or parts is None or (found[2] and found[2] not in parts):
        raise ValueError(f"no holidays of `{name[:20]}` are known; write a country, as LV, or a part of one, as DE-BY")
    _public(name, date.min.year)  # imports the country: now, and not in the first decision's way
    return name


def _day(text: str) -> str:
    if _EVERY_YEAR.fullmatch(text) or _ONE_DAY.fullmatch(text):
        try:
            date.fromisoformat(text if len(text) > len(_LEAP_YEAR) else _LEAP_YEAR + text)
        except ValueError:
            pass  # said below: there is no such day
        else:
            return text
    raise ValueError("a date is 2026-12-24, or 12-24 for every year")


class Calendar(Hours):
    """When somebody answers: on a date of its own as that says, never on a holiday, else as the week says."""

    holidays: tuple[Annotated[str, AfterValidator(_known_country)], ...] = Field(
        default=(), max_length=8, description="closed on public holidays there: a country, as LV, or a part, as DE-BY"
    )
    dates: dict[Annotated[str, AfterValidator(_day)], Spans] = Field(
        default={}, max_length=400, description="date: its spans, none when closed; 2026-12-24, or 12-24 for every year"
    )

    def spans_on(self, day: date) -> tuple[Span, ...]:
        """The spans of a day, as written."""
        for own in (day.isoformat(), f"{day:%m-%d}"):
            if own in self.dates:
                return self.dates[own]
        return () if any(day in _public(name, day.year) for name in self.holidays) else super().spans_on(day)

    def seconds_closed(self, now: datetime) -> int:
        """Seconds from that moment until it opens; 0 while it is open, or if it never does."""
        opens = None if self.open_at(now) else self.opens_after(now)
        return 0 if opens is None else round((opens - now).total_seconds())


@cache
def _countries() -> dict[str, list[str]]:
    from holidays import list_supported_countries  # noqa: PLC0415 - for who names a country

    return list_supported_countries()


@cache
def _public(name: str, year: int) -> frozenset[date]:
    """The public holidays of a year, with the days off that stand for those on a Sunday."""
    from holidays import country_holidays  # noqa: PLC0415 - for who names a country

    country, _, part = name.partition("-")
    return frozenset(country_holidays(country, subdiv=part or None, years=year))
