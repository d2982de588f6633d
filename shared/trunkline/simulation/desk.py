"""An agent at work: several conversations at once, each the slower for the others."""

from __future__ import annotations

from collections.abc import Sequence


class Desk:
    """One agent's accepted conversations. Times in ms; work is in ms at speed 1."""

    def __init__(self, pace: Sequence[float]) -> None:
        self._pace = pace
        self._left: dict[int, float] = {}
        self._speeds: dict[int, float] = {}
        self._since = 0
        self.version: dict[int, int] = {}
        """Conversation → how often its end was told; an older telling holds no more."""

    def begin(self, conversation: int, work_ms: float, speed: float, now_ms: int) -> list[tuple[int, int]]:
        """One more; (conversation, when its last word is said) of all whose end this moves."""
        self._work_on(now_ms)
        self._left[conversation] = work_ms
        self._speeds[conversation] = speed
        return self._ends([conversation], now_ms)

    def end(self, conversation: int, now_ms: int) -> list[tuple[int, int]]:
        """One less, as of `begin`."""
        self._work_on(now_ms)
        del self._left[conversation], self._speeds[conversation]
        self.version.pop(conversation, None)
        return self._ends([], now_ms)

    def _work_on(self, now_ms: int) -> None:
        if self._pace:
            for conversation in self._left:
                self._left[conversation] -= (now_ms - self._since) * self._speed(conversation)
        self._since = now_ms

    def _ends(self, new: list[int], now_ms: int) -> list[tuple[int, int]]:
        moved = list(self._left) if self._pace else new
        for conversation in moved:
            self.version[conversation] = self.version.get(conversation, 0) + 1
        return [(c, now_ms + max(0, round(self._left[c] / self._speed(c)))) for c in moved]

    def _speed(self, conversation: int) -> float:
        beside = self._pace[min(len(self._left), len(self._pace)) - 1] if self._pace else 1.0
        return self._speeds[conversation] * beside
