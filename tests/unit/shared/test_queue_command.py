"""Until when: the ways to say it to `trunkline queue shut`."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from trunkline.cli.queue import NoSuchTime, moment

NOW = datetime(2026, 11, 23, 17, 30, 20, tzinfo=ZoneInfo("Europe/Riga"))


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("45m", "2026-11-23T18:15:20+02:00"),
        ("2h", "2026-11-23T19:30:20+02:00"),
        ("18:00", "2026-11-23T18:00:00+02:00"),
        ("9:05", "2026-11-24T09:05:00+02:00"),
        ("17:30", "2026-11-24T17:30:00+02:00"),
        ("2026-11-23T16:00:00Z", "2026-11-23T18:00:00+02:00"),
        ("2026-12-01T08:00", "2026-12-01T08:00:00+02:00"),
    ],
)
def test_a_span_a_clock_and_a_moment_are_times(words: str, meant: str) -> None:
    assert moment(words, NOW) == datetime.fromisoformat(meant)


@pytest.mark.parametrize("words", ["", "soon", "2d", "24:00", "2h30m", "-1h", "2026-11-31", "2026-11-23T17:00+02:00"])
def test_what_is_none_or_is_over_is_refused(words: str) -> None:
    with pytest.raises(NoSuchTime):
        moment(words, NOW)
