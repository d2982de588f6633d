"""What the record answers when it cannot do what was asked."""

from __future__ import annotations


class RecordAway(Exception):
    """The database does not answer, or is too busy: nothing is known to be saved. Wait and ask again."""


class Unstorable(Exception):
    """The database refuses these values for good; asking again cannot help."""


class VersionConflict(Exception):
    """Somebody else changed the row first; read it again. `current` is the version it has now."""

    def __init__(self, current: int) -> None:
        super().__init__(f"somebody else changed it first: it is at version {current} now")
        self.current = current


class LoginTaken(Exception):
    """Another agent already signs in by that name."""


class ShortcutTaken(Exception):
    """Another canned reply has that shortcut already."""


class NotThere(LookupError):
    """The record has no such row."""


class BadCursor(ValueError):
    """A page was asked for with a cursor that this list did not give out."""


class BadSearch(ValueError):
    """Nothing can be searched by these words: there are none, or too many."""


class TooBroad(Exception):
    """A search met more than can be looked through in its time; more or longer words find less."""
