"""What a membership holds, for those who wait for it to change."""

from __future__ import annotations

import asyncio


class Ownership:
    """The half of `Membership` that is the same on every log."""

    def __init__(self) -> None:
        self._owned: frozenset[int] = frozenset()
        self._told: frozenset[int] = frozenset()
        self._change = asyncio.Event()
        self._joined = False

    @property
    def joined(self) -> bool:
        return self._joined

    @property
    def owned(self) -> frozenset[int]:
        return self._owned

    async def changed(self) -> frozenset[int]:
        while self._owned == self._told:
            self._change.clear()
            await self._change.wait()
        self._told = self._owned
        return self._told

    def own(self, numbers: frozenset[int]) -> None:
        """Hold these from now on."""
        self._owned, self._joined = numbers, True
        self._change.set()
