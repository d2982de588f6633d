"""How many files, and how much of them, one agent may upload within an hour."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable

FILES_PER_HOUR = 200
BYTES_PER_HOUR = 500_000_000
_HOUR_S = 3_600.0


class Allowance:
    """Counts each agent's last hour. This process's own: replicas each have theirs."""

    def __init__(
        self,
        files: int = FILES_PER_HOUR,
        total_bytes: int = BYTES_PER_HOUR,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.files, self.total_bytes = files, total_bytes
        self._clock = clock
        self._spent: defaultdict[str, deque[tuple[float, int]]] = defaultdict(deque)

    def take(self, agent: str, size: int) -> float:
        """0 if the agent may send a file of that size now, and it is counted; else the seconds until they may.

        A refusal counts for nothing. What is larger than a whole hour's bytes waits for an hour in which nothing else
        was sent, and then goes alone.
        """
        now, spent = self._clock(), self._spent[agent]
        while spent and spent[0][0] <= now - _HOUR_S:
            spent.popleft()
        count, total, free_at = len(spent), sum(each for _, each in spent), now
        for at, each in spent:
            if count < self.files and (total + size <= self.total_bytes):
                break
            count, total, free_at = count - 1, total - each, at + _HOUR_S
        if free_at == now:
            spent.append((now, size))
        return free_at - now
