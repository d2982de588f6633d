"""From several replications to a mean and how sure it is. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from trunkline.simulation.tally import Figures, Key


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over replications; the true one is within ± `half_width` in 95 of 100 cases (None: a single one)."""

    mean: float
    half_width: float | None

    @property
    def differs(self) -> bool:
        """Of a difference: whether its interval leaves out 0."""
        return self.half_width is not None and abs(self.mean) > self.half_width


def estimate(values: Sequence[float]) -> Estimate:
    """The mean of independent values (at least one), with Student's interval."""
    many = len(values)
    mean = math.fsum(values) / many
    if many == 1:
        return Estimate(mean, None)
    variance = math.fsum((value - mean) ** 2 for value in values) / (many - 1)
    return Estimate(mean, student_t(many - 1) * math.sqrt(variance / many))


def estimates(replications: Sequence[Figures]) -> dict[Key, Estimate]:
    """Each figure over the replications that have it."""
    return {key: estimate([each[key] for each in replications if key in each]) for key in _keys(replications)}


def differences(ours: Sequence[Figures], theirs: Sequence[Figures]) -> dict[Key, Estimate]:
    """Ours less theirs, figure by figure: paired, for replication n of both had the same customers."""
    pairs = list(zip(ours, theirs, strict=True))
    found = {}
    for key in _keys(ours):
        apart = [one[key] - other[key] for one, other in pairs if key in one and key in other]
        if apart:
            found[key] = estimate(apart)
    return found


def _keys(replications: Iterable[Figures]) -> list[Key]:
    return list(dict.fromkeys(key for each in replications for key in each))


@cache
def student_t(freedom: int) -> float:
    """The value that Student's t with so many degrees of freedom is within, either side, in 95 of 100 cases."""
    low, high = 0.0, 1_000.0
    for _ in range(80):
        middle = (low + high) / 2
        if _within(middle, freedom) < 0.95:
            low = middle
        else:
            high = middle
    return high


def _within(t: float, freedom: int) -> float:
    """The probability that |T| ≤ t: the finite sums of Abramowitz and Stegun 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(freedom))
    cosine, sine = math.cos(angle), math.sin(angle)
    if freedom == 1:
        return 2 * angle / math.pi
    odd = freedom % 2
    term = total = cosine if odd else 1.0
    for k in range(3 if odd else 2, freedom - 1, 2):
        term *= cosine * cosine * (k - 1) / k
        total += term
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
