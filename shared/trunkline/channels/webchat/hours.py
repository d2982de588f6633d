"""Opening hours: a plain weekly table in the zone of the people who answer."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)", re.ASCII)


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


class Hours(BaseModel):
    """When somebody answers. A day that is not there is closed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: Annotated[str, AfterValidator(_known_zone)] = Field(description="IANA time zone, such as Europe/Riga")
    week: dict[Day, tuple[Span, ...]] = Field(min_length=1, description="day: spans such as 09:00-17:30")

    def open_at(self, now: datetime) -> bool:
        """Whether somebody answers at that moment (an aware time)."""
        here = now.astimezone(ZoneInfo(self.zone))
        minute = here.hour * 60 + here.minute
        return any(start <= minute < end for start, end in self._spans(here))

    def opens_after(self, now: datetime) -> datetime | None:
        """The next opening after that moment, within a week; None if there is none."""
        here = now.astimezone(ZoneInfo(self.zone))
        for ahead in range(8):
            day = here + timedelta(days=ahead)
            for start, _ in sorted(self._spans(day)):
                opening = datetime.combine(day.date(), time(start // 60, start % 60), tzinfo=here.tzinfo)
                if opening > here:
                    return opening
        return None

    def _spans(self, day: datetime) -> list[tuple[int, int]]:
        return [_minutes(text) for text in self.week.get(_DAYS[day.weekday()], ())]


def _minutes(span: str) -> tuple[int, int]:
    start, end = ((int(text[:2]) * 60 + int(text[3:])) for text in span.split("-"))
    return start, end
