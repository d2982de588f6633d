"""What one window of a visitor has been shown, and what may be shown next: in order, each once. Pure.

A message's place is its conversation and its dense number in it. What comes by signal is shown only if it is the next;
all else waits for the record, which alone says what comes after a place.
"""

from __future__ import annotations

from typing import NamedTuple

_MOST_HELD = 256


class Place(NamedTuple):
    """Where a message stands in its thread."""

    conversation: str
    number: int


class Reading:
    """One window's reading of its thread.

    `place` is the last that was shown, None if nothing was. Until `begun` nothing is the next: a visitor who was here
    before has a past that only the record knows, and it alone says what comes first. Only one who is new here, begun
    from the start, can take a conversation's first message for the first of all.
    """

    def __init__(self, place: Place | None, *, begun: bool) -> None:
        self.place = place
        self.begun = begun
        self._new_here = begun
        self._held: dict[Place, bytes] = {}

    @property
    def waits(self) -> bool:
        """Whether something was told that cannot be shown before the record is asked."""
        return bool(self._held) or not self.begun

    def told(self, place: Place, frame: bytes) -> list[bytes]:
        """A signal told of a message: the frames to show now."""
        if self.knows(place):
            return []
        if len(self._held) < _MOST_HELD:  # what is left out, the record has
            self._held[place] = frame
        return self._due()

    def read(self, found: list[tuple[Place, bytes]]) -> list[bytes]:
        """The record told what comes after our place, in order: the frames to show now."""
        shown = []
        for place, frame in found:
            self._held.pop(place, None)
            if not self.knows(place):
                self.place = place
                shown.append(frame)
        self.begun = True
        return shown + self._due()

    def knows(self, place: Place) -> bool:
        """Whether it was shown already, as far as one conversation can tell."""
        return self.place is not None and place[0] == self.place[0] and place[1] <= self.place[1]

    def give_up(self) -> None:
        """No longer wait for what the record does not come to: it may be of a time before ours."""
        self._held.clear()

    def forget(self) -> None:
        """Nothing was shown: the window is about to start anew."""
        self.place = None

    def _due(self) -> list[bytes]:
        self._held = {place: frame for place, frame in self._held.items() if not self.knows(place)}
        shown = []
        while self.begun and (following := self._next()) in self._held:
            self.place = following
            shown.append(self._held.pop(following))
        return shown

    def _next(self) -> Place:
        if self.place is not None:
            return Place(self.place.conversation, self.place.number + 1)
        firsts = (place for place in self._held if place.number == 1) if self._new_here else ()
        return next(iter(firsts), Place("", 1))
