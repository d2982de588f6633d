"""Latencies, kept by the moment they began, so that a report can choose which stretches of a run count."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from typing import TypedDict

Window = Sequence[float]
"""From and until, in Unix seconds."""


class Summary(TypedDict):
    """Of some latencies, in milliseconds; all 0 when there are none."""

    count: int
    p50: float
    p99: float
    max: float


class Samples:
    """Pairs of (began, ended), both in Unix seconds; all processes of one machine share that clock."""

    def __init__(self) -> None:
        self._began = array("d")
        self._ended = array("d")

    def __len__(self) -> int:
        return len(self._began)

    def add(self, began: float, ended: float) -> None:
        """Keep one."""
        self._began.append(began)
        self._ended.append(ended)

    def summary(self, windows: Iterable[Window]) -> Summary:
        """Of those that began within any of the windows."""
        chosen = list(windows)
        pairs = zip(self._began, self._ended, strict=True)
        return summarise(e - b for b, e in pairs if any(start <= b < end for start, end in chosen))

    def first_end(self, *, begun_after: float) -> float | None:
        """When the first of those that began after a moment ended; None if none did."""
        ends = [e for b, e in zip(self._began, self._ended, strict=True) if b >= begun_after]
        return min(ends, default=None)


def summarise(seconds: Iterable[float]) -> Summary:
    """Median, 99th percentile and largest (nearest rank)."""
    ordered = sorted(seconds)
    if not ordered:
        return Summary(count=0, p50=0.0, p99=0.0, max=0.0)
    return Summary(
        count=len(ordered),
        p50=percentile(ordered, 50) * 1_000,
        p99=percentile(ordered, 99) * 1_000,
        max=ordered[-1] * 1_000,
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of values in order; `share` in per cent, above 0."""
    return ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)]


class Numbers:
    """Which whole numbers were seen, and how often one came again. Meant for dense numbers from 0."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self.repeated = 0

    def add(self, number: int) -> bool:
        """Note one; False if it was there."""
        if number in self._seen:
            self.repeated += 1
            return False
        self._seen.add(number)
        return True

    def __len__(self) -> int:
        return len(self._seen)

    def missing(self, first: int, end: int, *, most: int = 10) -> list[int]:
        """The first few of those from first up to (not including) end that were not seen."""
        found: list[int] = []
        for number in range(first, end):
            if number not in self._seen:
                found.append(number)
                if len(found) == most:
                    break
        return found
