"""How fast an account may be used: a token bucket that a 429 makes smaller for a while."""

from __future__ import annotations

import asyncio

_RECOVER_S = 30.0
_LEAST = 0.1


class Bucket:
    """Units per second, with a second's worth of burst. One process's share: replicas each have their own."""

    def __init__(self, rate: float) -> None:
        self._full = rate
        self._rate = rate
        self._tokens = max(1.0, rate)
        self._at = asyncio.get_running_loop().time()
        self._turn = asyncio.Lock()
        self._closed_until = 0.0

    async def take(self, cost: float) -> None:
        """Wait for one's turn, first come first served."""
        async with self._turn:
            loop = asyncio.get_running_loop()
            while (wait := self._wait(loop.time(), cost)) > 0:  # noqa: ASYNC110  a moment is no event
                await asyncio.sleep(wait)
            self._tokens -= cost

    def _wait(self, now: float, cost: float) -> float:
        """Seconds until `cost` units are there. What costs more than a full bucket goes when it is full, in debt."""
        if now < self._closed_until:
            return self._closed_until - now
        most = max(1.0, self._rate)
        self._rate = min(self._full, self._rate + (now - self._at) * self._full / _RECOVER_S)
        self._tokens = min(most, self._tokens + (now - self._at) * self._rate)
        self._at = now
        missing = min(cost, most) - self._tokens
        # Rounding leaves crumbs: a wait too short for any clock to show would be waited for again and again.
        return missing / self._rate if missing > 1e-9 else 0.0

    def throttled(self, retry_after_s: float | None) -> None:
        """The provider said: too fast. Half the rate, none before it says, the full rate again in half a minute."""
        self._rate = max(self._full * _LEAST, self._rate / 2)
        if retry_after_s:
            now = asyncio.get_running_loop().time()
            self._closed_until = max(self._closed_until, now + min(retry_after_s, 3_600.0))
