"""Who reads which thread in this process, what they hear, and the round that finds who missed something.

A signal is a hint. Every five seconds the record is asked, in one question for all threads, how far each has come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import orjson
import structlog

from services.ingest.chat.reading import Place
from services.ingest.chat.record import Record
from trunkline.at_once import ENDS_AT_ONCE
from trunkline.board.signals import Hearing
from trunkline.internal import RecordAway

log = structlog.get_logger()

_EVERY_S = 5.0
MOST_WINDOWS = 8
"""Most windows of one visitor, in each ingest process."""


class Window(Protocol):
    """One socket of a visitor."""

    def heard(self, kind: str, place: Place | None, payload: bytes) -> None:
        """A signal of the thread; `place` is the message's, if it is one that knows its number."""
        ...

    def compare(self, end: Place) -> None:
        """The record says that the thread ends here."""
        ...


class Lines:
    """The threads of all windows that this process holds."""

    def __init__(self, hearing: Hearing, record: Record, *, every_s: float = _EVERY_S) -> None:
        self._hearing = hearing
        self._record = record
        self._every_s = every_s
        self._windows: dict[str, set[Window]] = {}

    def has_room(self, thread: str) -> bool:
        """Whether the visitor may open one more window."""
        return len(self._windows.get(thread, ())) < MOST_WINDOWS

    @contextmanager
    def joined(self, thread: str, window: Window) -> Iterator[None]:
        """Let the window hear its thread while inside."""
        windows = self._windows.setdefault(thread, set())
        windows.add(window)
        self._hearing.add(thread)
        try:
            yield
        finally:
            windows.discard(window)
            if not windows:
                del self._windows[thread]
                self._hearing.drop(thread)

    async def hear(self) -> None:
        """Hand signals on for ever."""
        async for thread, payload in self._hearing.heard():
            kind, place = _about(payload)
            for window in tuple(self._windows.get(thread, ())):
                window.heard(kind, place, payload)

    async def compare(self) -> None:
        """Ask for ever how far the threads have come; who is behind is told."""
        while True:
            await asyncio.sleep(self._every_s)
            threads = list(self._windows)
            for first in range(0, len(threads), ENDS_AT_ONCE):
                await self._compare(threads[first : first + ENDS_AT_ONCE])

    async def _compare(self, threads: list[str]) -> None:
        try:
            ends = await self._record.ends(threads)
        except RecordAway as error:
            log.debug("ends_unknown", error=str(error))
            return
        for thread, end in ends.items():
            for window in tuple(self._windows.get(thread, ())):
                window.compare(end)


def _about(payload: bytes) -> tuple[str, Place | None]:
    """What kind of signal it is and which message it tells of; our own processes wrote it."""
    told = orjson.loads(payload)
    number = told.get("number")
    return str(told.get("type")), Place(told["conversation"], number) if number else None
