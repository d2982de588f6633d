"""What the record is handed is the same however quickly it is made."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.dialects import sqlite

from services.agents.repository.words import words_of
from services.agents.rows import Utc

_DIALECT = sqlite.dialect()


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 1, 9, 0, tzinfo=UTC),
        datetime(2026, 3, 1, 9, 0, 0, 1, tzinfo=UTC),
        datetime(999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 3, 1, 1, 30, 5, tzinfo=timezone(timedelta(hours=3))),
        datetime(2026, 3, 1, 23, 30, 5, tzinfo=timezone(-timedelta(hours=3, minutes=30))),
    ],
)
def test_a_time_is_written_as_sqlalchemy_writes_it(moment: datetime) -> None:
    ours = Utc().dialect_impl(_DIALECT).bind_processor(_DIALECT)
    theirs = sqlite.DATETIME().bind_processor(_DIALECT)  # type: ignore[no-untyped-call]  # SQLAlchemy's
    assert ours is not None
    assert theirs is not None
    assert ours(moment) == theirs(moment.astimezone(UTC))
    assert ours(None) is None


def test_a_time_without_a_zone_is_refused() -> None:
    ours = Utc().dialect_impl(_DIALECT).bind_processor(_DIALECT)
    assert ours is not None
    with pytest.raises(ValueError, match="without a zone"):
        ours(datetime(2026, 3, 1, 9, 0))  # noqa: DTZ001  that is what is tested


@pytest.mark.parametrize("mark", ["", "ā"], ids=["ASCII only", "with other letters"])
def test_words_are_parted_the_same_with_and_without_other_alphabets(mark: str) -> None:
    """Every printable character once between two letters: only letters and digits hold a word together."""
    said = " ".join(f"x{character}y" for character in string.printable) + f" {mark}"
    apart = {word for word in words_of([{"kind": "text", "text": said}]).split(" ") if not word.startswith("a")}
    together = {f"x{character}y" for character in string.digits + string.ascii_lowercase}
    assert apart == {"x", "y"} | together
