"""An event loop whose time passes only when everybody waits."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Patient(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise AssertionError("everybody waits, and for no moment")
        if not ready and timeout is not None:
            self.now += timeout
        return ready


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.patient = _Patient()
        super().__init__(self.patient)

    def time(self) -> float:
        return self.patient.now


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """The coroutine's result; its sleeps take no time, but the loop's clock says they did."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(coroutine)


def now() -> float:
    """The loop's time."""
    return asyncio.get_running_loop().time()
