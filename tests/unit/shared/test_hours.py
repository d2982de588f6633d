"""Opening hours by the clock on the wall: where that is put back or forward, on holidays, on dates of one's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from trunkline.config.calendars import Calendar
from trunkline.hours import Hours

RIGA = Hours.model_validate(
    {"zone": "Europe/Riga", "week": {"mon": ["09:00-12:00", "13:00-24:00"], "tue": ["00:00-02:00"]}}
)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-01-05T06:59:00", False),  # Monday, 08:59 in Riga (winter: two hours ahead)
        ("2026-01-05T07:00:00", True),
        ("2026-01-05T10:00:00", False),
        ("2026-01-05T11:00:00", True),
        ("2026-01-05T21:59:59", True),
        ("2026-01-05T22:30:00", True),  # Tuesday already
        ("2026-01-06T00:00:00", False),
        ("2026-07-06T06:00:00", True),  # summer: three hours ahead
        ("2026-07-06T05:59:00", False),
        ("2026-01-07T12:00:00", False),
    ],
)
def test_hours_are_those_of_their_zone(moment: str, is_open: bool) -> None:
    assert RIGA.open_at(datetime.fromisoformat(moment).replace(tzinfo=UTC)) is is_open


def test_the_next_opening_is_found_within_a_week_and_across_the_change_of_clocks() -> None:
    wednesday = datetime(2026, 3, 25, 12, tzinfo=UTC)
    opening = RIGA.opens_after(wednesday)

    assert opening is not None
    assert opening.isoformat() == "2026-03-30T09:00:00+03:00"
    assert RIGA.open_at(opening)
    assert Hours.model_validate({"zone": "UTC", "week": {"mon": []}}).opens_after(wednesday) is None


@pytest.mark.parametrize(
    "broken",
    [
        {"zone": "Europe/Rigaa", "week": {"mon": []}},
        {"zone": "../etc/passwd", "week": {"mon": []}},
        {"zone": "UTC", "week": {}},
        {"zone": "UTC", "week": {"monday": []}},
        {"zone": "UTC", "week": {"mon": ["9:00-12:00"]}},
        {"zone": "UTC", "week": {"mon": ["12:00-09:00"]}},
        {"zone": "UTC", "week": {"mon": ["09:00-25:00"]}},
    ],
)
def test_hours_that_mean_nothing_are_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Hours.model_validate(broken)


def hours(zone: str = "Europe/Riga", **week: list[str]) -> Hours:
    return Hours.model_validate({"zone": zone, "week": week})


def opening(calendar: Hours, *, day: datetime) -> list[tuple[str, str]]:
    """From when to when it is open within the 26 hours after a moment, by UTC, to the minute."""
    minutes = [day + timedelta(minutes=at) for at in range(26 * 60 + 1)]
    changes = [now for before, now in pairwise(minutes) if calendar.open_at(before) != calendar.open_at(now)]
    shown = [f"{moment:%H:%M}" for moment in changes]
    return list(zip(shown[::2], shown[1::2], strict=True))


BACK = datetime(2026, 10, 24, 20, tzinfo=UTC)
"""The evening before Riga's clock shows 03:00-04:00 twice: at 00:00 and at 01:00 by UTC."""
FORWARD = datetime(2026, 3, 28, 20, tzinfo=UTC)
"""The evening before Riga's clock goes from 03:00 (01:00 by UTC) to 04:00 at once."""


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ("03:00-04:00", ("00:00", "02:00")),  # the whole hour, both times
        ("03:30-05:00", ("00:30", "03:00")),  # opens when half past three comes first, and does not close in between
        ("01:00-03:30", ("22:00", "01:30")),  # closes when half past three comes last
        ("01:00-02:00", ("22:00", "23:00")),  # before it: as ever
        ("09:00-18:00", ("07:00", "16:00")),  # after it: winter time
    ],
)
def test_an_hour_that_happens_twice_is_open_both_times(span: str, expected: tuple[str, str]) -> None:
    assert opening(hours(sun=[span]), day=BACK) == [expected]


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ("03:00-04:00", []),  # never happens
        ("03:10-03:20", []),
        ("03:30-05:00", [("01:00", "02:00")]),  # opens when the clock jumps over its beginning
        ("01:00-03:30", [("23:00", "01:00")]),  # closes when it jumps over its end
        ("03:00-05:00", [("01:00", "02:00")]),
        ("09:00-18:00", [("06:00", "15:00")]),  # after it: summer time
    ],
)
def test_an_hour_that_never_happens_opens_nothing_of_its_own(span: str, expected: list[tuple[str, str]]) -> None:
    assert opening(hours(sun=[span]), day=FORWARD) == expected


def test_the_next_opening_is_told_right_on_the_days_of_the_change() -> None:
    def told(span: str, after: datetime) -> str:
        found = hours(sun=[span]).opens_after(after)
        return found.isoformat() if found is not None else ""

    assert told("03:30-05:00", FORWARD) == "2026-03-29T04:00:00+03:00"
    assert told("03:30-05:00", BACK) == "2026-10-25T03:30:00+03:00", "the first of the two"
    assert told("03:10-03:20", FORWARD) == "2026-04-05T03:10:00+03:00", "a week later: on the day it never is"


def test_a_clock_put_back_at_midnight_ends_the_evening_late() -> None:
    havana = hours("America/Havana", sat=["20:00-24:00"])  # 1 November 2026: 00:00-01:00 happens twice

    assert havana.open_at(datetime(2026, 11, 1, 4, 30, tzinfo=UTC))
    assert not havana.open_at(datetime(2026, 11, 1, 5, 0, tzinfo=UTC))


@given(
    st.sampled_from(
        ["Europe/Riga", "Europe/Istanbul", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
    ),
    st.integers(0, 1_438),
    st.integers(1, 1_439),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - made aware below
)
def test_it_is_open_when_it_opens_and_was_not_just_before(zone: str, start: int, length: int, moment: datetime) -> None:
    end = min(start + length, 24 * 60)
    span = f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
    daily = hours(zone, **{day: [span] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")})
    now = moment.replace(tzinfo=UTC)

    opens = daily.opens_after(now)

    assert opens is not None
    assert now < opens < now + timedelta(days=3)
    assert daily.open_at(opens)
    if span != "00:00-24:00":
        assert not daily.open_at(opens - timedelta(seconds=1))


# --- calendars -------------------------------------------------------------------------------------------


WEEKDAYS = {day: ["09:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}


def calendar(**more: object) -> Calendar:
    return Calendar.model_validate({"zone": "Europe/Riga", "week": WEEKDAYS} | more)


@pytest.mark.parametrize(
    ("day", "is_open"),
    [
        ("2026-11-17", True),
        ("2026-11-18", False),  # Latvia's day
        ("2026-05-04", False),  # Restoration of Independence
        ("2026-04-03", False),  # Good Friday
        ("2026-04-23", False),  # Turkey's children's day
        ("2026-12-24", True),  # a holiday, but the own date stands before it
        ("2026-12-30", False),  # no holiday, but closed that year
        ("2027-12-30", True),
        ("2026-08-03", False),  # closed every year
        ("2027-08-03", False),
    ],
)
def test_own_dates_stand_before_holidays_and_holidays_before_the_week(day: str, is_open: bool) -> None:
    ours = calendar(holidays=["LV", "TR"], dates={"12-24": ["09:00-13:00"], "2026-12-30": [], "08-03": []})
    noon = datetime.fromisoformat(f"{day}T12:00:00+02:00")

    assert ours.open_at(noon) is is_open


def test_a_closed_week_is_looked_past_and_a_calendar_that_never_opens_says_so() -> None:
    friday = datetime(2026, 12, 23, 18, tzinfo=UTC)
    ours = calendar(holidays=["LV"], dates={f"2026-12-{day}": [] for day in (28, 29, 30)})
    never = Calendar.model_validate({"zone": "UTC", "week": {"mon": []}})

    assert ours.opens_after(friday) == datetime(2027, 1, 4, 7, tzinfo=UTC)
    assert ours.seconds_closed(friday) == (datetime(2027, 1, 4, 7, tzinfo=UTC) - friday).total_seconds()
    assert ours.seconds_closed(datetime(2026, 12, 22, 9, tzinfo=UTC)) == 0
    assert never.opens_after(friday) is None
    assert never.seconds_closed(friday) == 0


def test_a_part_of_a_country_has_its_own_holidays() -> None:
    corpus_christi = datetime(2026, 6, 4, 12, tzinfo=UTC)

    assert not calendar(zone="Europe/Berlin", holidays=["DE-BY"]).open_at(corpus_christi)
    assert calendar(zone="Europe/Berlin", holidays=["DE-BE"]).open_at(corpus_christi)


DOUBLED = Hours.model_validate(
    {"zone": "Europe/Riga", "week": {"sun": ["02:00-03:30", "03:30-05:00"], "sat": ["23:00-24:00"]}}
)


@given(
    hours=st.sampled_from([RIGA, DOUBLED]),
    since=st.sampled_from([datetime(2026, 3, 27, 22, 10, tzinfo=UTC), datetime(2026, 10, 23, 21, 0, tzinfo=UTC)]),
    minutes=st.integers(1, 5 * 24 * 60),
)
def test_the_spans_between_two_moments_are_when_it_is_open(hours: Hours, since: datetime, minutes: int) -> None:
    until = since + timedelta(minutes=minutes)
    spans = hours.spans_between(since, until)

    assert all(since <= begins < ends <= until for begins, ends in spans)
    assert all(one[1] < other[0] for one, other in pairwise(spans)), "what touches is one span"
    for ahead in range(0, minutes, 15):
        moment = since + timedelta(minutes=ahead)
        assert any(begins <= moment < ends for begins, ends in spans) is hours.open_at(moment), moment
