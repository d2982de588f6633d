"""A mean made surer by what is known of something that goes with it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from trunkline.simulation.estimate import Estimate, estimate, student_t


def controlled(values: Sequence[float], *controls: Sequence[float]) -> Estimate:
    """The mean of independent values, each beside numbers whose true means are 0.

    The plane of least squares through them, where all the numbers are 0, with its 95 % interval (control variates:
    Lavenberg and Welch, 1981). A control that does not differ says nothing and is left out; without one, or with too
    few values to tell what is left, the plain mean.
    """
    apart = _apart(controls)
    freedom = len(values) - 1 - len(apart)
    if not apart or freedom < 2:
        return estimate(values)
    at_zero = _mean(values)
    left, doubt = _about_mean(values), 1 / len(values)
    for control in apart:
        about, middle = _about_mean(control), _mean(control)
        spread = _product(about, about)
        slope = _product(about, left) / spread
        left = [value - slope * beside for value, beside in zip(left, about, strict=True)]
        at_zero -= slope * middle
        doubt += middle**2 / spread
    half_width = student_t(freedom) * math.sqrt(_product(left, left) / freedom * doubt)
    return Estimate(at_zero, half_width)


def _apart(controls: Sequence[Sequence[float]]) -> list[list[float]]:
    """The same plane from controls that do not go with each other (Gram and Schmidt), so that each has a line alone."""
    apart: list[list[float]] = []
    for control in controls:
        own = list(control)
        for other in apart:
            about = _about_mean(other)
            slope = _product(about, _about_mean(own)) / _product(about, about)
            own = [number - slope * beside for number, beside in zip(own, other, strict=True)]
        about, before = _about_mean(own), _about_mean(control)
        if _product(about, about) > 1e-12 * _product(before, before):
            apart.append(own)
    return apart


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _about_mean(values: Sequence[float]) -> list[float]:
    mean = _mean(values)
    return [value - mean for value in values]


def _product(one: Sequence[float], other: Sequence[float]) -> float:
    return math.fsum(left * right for left, right in zip(one, other, strict=True))
