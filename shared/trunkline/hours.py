"""Opening hours: when somebody answers, by the clock on the wall of those who do. Pure: the time is an argument.

A span opens when that clock first shows its beginning, and closes when it last shows its end. So an hour that happens
twice (the clock is put back) is open both times, and one that never happens (it is put forward) opens what it would
have opened when the clock jumps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)", re.ASCII)
_MIDNIGHT = 24 * 60
_AHEAD_DAYS = 366
_MINUTE = timedelta(minutes=1)


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name[:60]!r} is no time zone such as Europe/Riga") from error
    return name


def _span(text: str) -> str:
    if not _SPAN.fullmatch(text):
        raise ValueError("write 09:00-17:30, up to 24:00")
    start, end = _minutes(text)
    if start >= end:
        raise ValueError(
            "it ends before it begins; over midnight, write two: 22:00-24:00 and, the next day, 00:00-06:00"
        )
    return text


Span = Annotated[str, AfterValidator(_span)]
Spans = Annotated[tuple[Span, ...], Field(max_length=24)]


class Hours(BaseModel):
    """When somebody answers. A day that is not there is closed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: Annotated[str, AfterValidator(_known_zone)] = Field(description="IANA time zone, such as Europe/Riga")
    week: dict[Day, Spans] = Field(min_length=1, description="day: spans such as 09:00-17:30")

    def open_at(self, now: datetime) -> bool:
        """Whether somebody answers at that moment (an aware time)."""
        today = now.astimezone(ZoneInfo(self.zone)).date()
        # Where the clock is put back at midnight, an evening's last hour may come again after it.
        return any(begin <= now < end for day in (today - timedelta(days=1), today) for begin, end in self._open(day))

    def opens_after(self, now: datetime) -> datetime | None:
        """The next opening after that moment, within a year; None if there is none."""
        here = now.astimezone(ZoneInfo(self.zone))
        for ahead in range(_AHEAD_DAYS):
            begins = [begin for begin, _ in self._open(here.date() + timedelta(days=ahead)) if begin > now]
            if begins:
                return min(begins).astimezone(ZoneInfo(self.zone))
        return None

    def spans_between(self, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        """When it is open from one moment to another, in order; what touches or overlaps (a night in which the clock is
        put back) is one span."""
        zone = ZoneInfo(self.zone)
        first, last = since.astimezone(zone).date() - timedelta(days=1), until.astimezone(zone).date()
        days = (first + timedelta(days=ahead) for ahead in range((last - first).days + 1))
        found: list[tuple[datetime, datetime]] = []
        for span in sorted(span for day in days for span in self._open(day)):
            begins, ends = max(span[0], since), min(span[1], until)
            if found and begins <= found[-1][1]:
                found[-1] = (found[-1][0], max(ends, found[-1][1]))
            elif begins < ends:
                found.append((begins, ends))
        return found

    def spans_on(self, day: date) -> tuple[Span, ...]:
        """The spans of a day, as written."""
        return self.week.get(_DAYS[day.weekday()], ())

    def _open(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """From when to when it is open on a day; nothing of a span that falls whole into an hour that never happens."""
        for start, end in map(_minutes, self.spans_on(day)):
            begins, ends = self._moment(day, start, fold=0), self._moment(day, end, fold=1)
            if begins < ends:
                yield begins, ends

    def _moment(self, day: date, minute: int, *, fold: int) -> datetime:
        """When the clock shows that minute of the day; of two times `fold` chooses, for none it is when it jumps."""
        zone = ZoneInfo(self.zone)
        naive = datetime.combine(day + timedelta(days=minute // _MIDNIGHT), time(minute % _MIDNIGHT // 60, minute % 60))
        shown = naive.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if shown.astimezone(zone).replace(tzinfo=None) == naive:
            return shown
        # Of a time that never is, fold 1 is before the jump and fold 0 after it (PEP 495).
        before = naive.replace(tzinfo=zone, fold=1).astimezone(UTC)
        after = naive.replace(tzinfo=zone, fold=0).astimezone(UTC)
        offset = before.astimezone(zone).utcoffset()
        while after - before > _MINUTE:
            middle = before + ((after - before) / 2 // _MINUTE) * _MINUTE
            if middle.astimezone(zone).utcoffset() == offset:
                before = middle
            else:
                after = middle
        return after


def _minutes(span: str) -> tuple[int, int]:
    start, end = ((int(text[:2]) * 60 + int(text[3:])) for text in span.split("-"))
    return start, end
