"""A breaker an account: when a provider is down, ask now and then instead of all the time."""

from __future__ import annotations

import asyncio

from trunkline.metrics import BREAKER

_OPENS_AFTER = 5
_FIRST_S = 2.0
_MOST_S = 60.0


class Breaker:
    """Closed, open, or half-open: one call tries while the others wait."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._failures = 0
        self._pause = _FIRST_S
        self._open_until = 0.0
        self._trying = asyncio.Lock()

    @property
    def is_open(self) -> bool:
        """Whether calls are kept back."""
        return self._failures >= _OPENS_AFTER

    async def enter(self) -> None:
        """Wait until a call may be made. While open, one caller at a time gets through, after the pause."""
        if not self.is_open:
            return
        async with self._trying:
            loop = asyncio.get_running_loop()
            while self.is_open and (wait := self._open_until - loop.time()) > 0:  # noqa: ASYNC110  a moment is no event
                await asyncio.sleep(wait)
            # The next in line must hear first how this call ends.
            self._open_until = asyncio.get_running_loop().time() + self._pause

    def succeeded(self) -> None:
        """The provider answered sensibly, be it a refusal."""
        self._failures, self._pause = 0, _FIRST_S
        self._open_until = 0.0
        BREAKER.labels(self._account).set(0)

    def failed(self) -> None:
        """The provider is down or unreachable."""
        self._failures += 1
        if self.is_open:
            self._open_until = asyncio.get_running_loop().time() + self._pause
            self._pause = min(_MOST_S, self._pause * 2)
            BREAKER.labels(self._account).set(1)
