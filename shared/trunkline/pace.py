"""Turns that are a while apart, so that what comes in between shares one."""

from __future__ import annotations

import asyncio

_WEIGHT = 0.1
"""Of the last request in what one takes now."""


class Pace:
    """Lets callers through, all who wait together, at most once in `times` the delay of their requests.

    The delay is what a request takes now beyond the least that one ever took: with little to do there is none, however
    far away the server is. When everything is slow because there is much to do, many small requests become few large
    ones, which cost less; so the slower it gets the less is asked. Turns are `apart_s` apart even without any delay.
    Who comes after a pause passes at once.
    """

    def __init__(self, times: float, *, most_s: float, apart_s: float = 0.0) -> None:
        self._times = times
        self._most_s = most_s
        self._apart_s = apart_s
        self._took_s = 0.0
        self._least_s = float("inf")
        self._next = 0.0
        self._turn: asyncio.Future[None] | None = None

    @property
    def interval_s(self) -> float:
        """From one turn to the next, now."""
        return min(self._most_s, max(self._apart_s, max(0.0, self._took_s - self._least_s) * self._times))

    async def turn(self) -> None:
        """Wait for the next turn, at most one interval."""
        loop = asyncio.get_running_loop()
        if self._turn is None:
            if loop.time() >= self._next:
                self._next = loop.time() + self.interval_s
                return
            self._turn = loop.create_future()
            loop.call_at(self._next, self._open, self._turn)
        await asyncio.shield(self._turn)

    def took(self, seconds: float) -> None:
        """Tell how long a request took."""
        self._least_s = min(self._least_s, seconds)
        self._took_s += _WEIGHT * (seconds - self._took_s)

    def _open(self, turn: asyncio.Future[None]) -> None:
        self._turn = None
        self._next = asyncio.get_running_loop().time() + self.interval_s
        turn.set_result(None)
