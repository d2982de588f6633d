"""What a window shows: every message once, in the order of its thread, whatever signals come, late, twice or never."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.chat.limits import Limit
from services.ingest.chat.reading import Place, Reading

THREAD = [Place("1-a", number) for number in range(1, 6)] + [Place("1-b", number) for number in range(1, 4)]


def frame(place: Place) -> bytes:
    return f"{place.conversation} {place.number}".encode()


def rest_of(place: Place | None, upto: int) -> list[tuple[Place, bytes]]:
    """What a record that has read `upto` messages says comes after a place."""
    start = THREAD.index(place) + 1 if place is not None else 0
    return [(one, frame(one)) for one in THREAD[start:upto]]


Signal = tuple[str, int]


@given(
    st.lists(st.tuples(st.sampled_from(["told", "read"]), st.integers(0, len(THREAD) - 1)), max_size=60),
    st.integers(0, len(THREAD)),
)
def test_whatever_comes_is_shown_once_and_in_order_and_in_the_end_all_of_it(happens: list[Signal], begun: int) -> None:
    """Signals of any message at any time and any number of times, and answers of a record that may be behind."""
    reading = Reading(THREAD[begun - 1] if begun else None, begun=False)
    shown: list[bytes] = []
    for kind, which in happens:
        if kind == "told":
            shown += reading.told(THREAD[which], frame(THREAD[which]))
        elif reading.place is None or THREAD.index(reading.place) < which:
            shown += reading.read(rest_of(reading.place, which))
    shown += reading.read(rest_of(reading.place, len(THREAD)))

    assert shown == [frame(place) for place in THREAD[begun:]]
    assert len(shown) == len(set(shown))


def test_a_signal_that_is_the_next_is_shown_at_once() -> None:
    reading = Reading(None, begun=True)

    assert reading.told(Place("1-a", 1), b"one") == [b"one"]
    assert reading.told(Place("1-a", 2), b"two") == [b"two"]
    assert not reading.waits


def test_a_gap_is_waited_out_and_filled_by_the_late_signal_or_by_the_record() -> None:
    reading = Reading(Place("1-a", 1), begun=True)

    assert reading.told(Place("1-a", 3), b"three") == []
    assert reading.waits
    assert reading.told(Place("1-a", 2), b"two") == [b"two", b"three"]
    assert reading.told(Place("1-a", 5), b"five") == []
    assert reading.read([(Place("1-a", 4), b"four")]) == [b"four", b"five"]


def test_another_conversation_is_never_begun_by_a_signal_alone() -> None:
    reading = Reading(Place("1-a", 1), begun=True)

    assert reading.told(Place("1-b", 1), b"new") == []
    assert reading.read([(Place("1-a", 2), b"last"), (Place("1-b", 1), b"new")]) == [b"last", b"new"]


def test_what_the_record_told_is_no_longer_waited_for_and_what_it_never_tells_is_given_up() -> None:
    reading = Reading(None, begun=False)
    reading.told(Place("1-a", 1), b"one")
    reading.read([(Place("1-a", 1), b"one"), (Place("1-b", 1), b"two")])
    assert not reading.waits

    reading.told(Place("1-a", 1), b"one, late")
    assert reading.waits
    reading.give_up()
    assert not reading.waits
    assert reading.told(Place("1-b", 2), b"three") == [b"three"]


def test_who_was_here_before_is_shown_nothing_until_the_record_has_told_the_past() -> None:
    reading = Reading(None, begun=False)

    assert reading.told(Place("1-b", 1), b"new") == []
    assert reading.waits
    assert reading.read([(Place("1-a", 1), b"old"), (Place("1-b", 1), b"new")]) == [b"old", b"new"]


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("per_minute", [6, 60])
def test_a_limit_lets_a_burst_through_and_then_so_many_a_minute(per_minute: int) -> None:
    clock = Clock()
    limit = Limit(clock=clock)
    for _ in range(5):
        assert limit.take("anna", per_minute=per_minute, burst=5) == 0
    wait = limit.take("anna", per_minute=per_minute, burst=5)

    assert wait == pytest.approx(60 / per_minute)
    assert limit.take("berta", per_minute=per_minute, burst=5) == 0
    clock.now += wait - 0.01
    assert limit.take("anna", per_minute=per_minute, burst=5) > 0
    clock.now += 0.02
    assert limit.take("anna", per_minute=per_minute, burst=5) == 0
    clock.now += 3_600
    assert [limit.take("anna", per_minute=per_minute, burst=5) == 0 for _ in range(6)] == [True] * 5 + [False]
