"""How much one visitor may do: buckets that fill by the minute, forgotten when they are full again."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

_MOST = 50_000


class Limit:
    """So many a minute for each name, `burst` at once. This process's own: replicas each have theirs."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, *, per_minute: float, burst: float) -> float:
        """0 if the name may go on, else the seconds until it may; a refusal costs nothing."""
        now = self._clock()
        level, at = self._levels.pop(name, (burst, now))
        level = min(burst, level + (now - at) * per_minute / 60)
        allowed = level >= 1
        self._levels[name] = (level - 1 if allowed else level, now)
        if len(self._levels) > _MOST:
            self._levels.popitem(last=False)  # the one that was quiet longest: its bucket is full again or will be
        return 0.0 if allowed else (1 - level) * 60 / per_minute
