"""A breaker an account: when a provider is down, ask now and then instead of all the time."""

from __future__ import annotations

import asyncio
import contextlib

from trunkline.metrics import BREAKER

_OPENS_AFTER = 5
_FIRST_S = 2.0
_MOST_S = 60.0


class Breaker:
    """Closed, open, or half-open: one call tries while the others wait. Time is the loop's."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._failures = 0
        self._pause = _FIRST_S
        self._open_until = 0.0
        self._trying = asyncio.Lock()
        self._closed = asyncio.Event()
        self._closed.set()

    @property
    def is_open(self) -> bool:
        """Whether calls are kept back."""
        return not self._closed.is_set()

    async def enter(self) -> bool:
        """Wait until a call may be made; whether it is the one that tries, while all others wait for how it ends."""
        if not self.is_open:
            return False
        async with self._trying:
            loop = asyncio.get_running_loop()
            while self.is_open:
                wait = self._open_until - loop.time()
                if wait <= 0:
                    self._open_until = loop.time() + self._pause
                    return True
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._closed.wait()
            return False

    def succeeded(self) -> None:
        """The provider answered sensibly, be it a refusal: everybody may go on at once."""
        self._failures, self._pause = 0, _FIRST_S
        self._closed.set()
        BREAKER.labels(self._account).set(0)

    def failed(self, *, tried: bool) -> None:
        """The provider is down or unreachable; `tried` is what `enter` answered for this call.

        Calls that were under way when it opened say nothing new: only the one that tried makes the pause longer.
        """
        self._failures += 1
        if self.is_open and not tried:
            return
        if tried or self._failures >= _OPENS_AFTER:
            self._closed.clear()
            self._open_until = asyncio.get_running_loop().time() + self._pause
            self._pause = min(_MOST_S, self._pause * 2)
            BREAKER.labels(self._account).set(1)
