"""A mean made surer by what is known of something that goes with it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from trunkline.simulation.estimate import Estimate, estimate, student_t


def controlled(values: Sequence[float], controls: Sequence[float]) -> Estimate:
    """The mean of independent values, each beside a number whose true mean is 0.

    The line of least squares through the pairs, where the number is 0, with its 95 % interval (control variates:
    Lavenberg and Welch, 1981). With fewer than four pairs, or numbers that do not differ, the plain mean.
    """
    many = len(values)
    middle, mean = math.fsum(controls) / many, math.fsum(values) / many
    spread = math.fsum((control - middle) ** 2 for control in controls)
    if many < 4 or not spread:
        return estimate(values)
    pairs = list(zip(controls, values, strict=True))
    slope = math.fsum((control - middle) * (value - mean) for control, value in pairs) / spread
    at_zero = mean - slope * middle
    left = math.fsum((value - at_zero - slope * control) ** 2 for control, value in pairs) / (many - 2)
    return Estimate(at_zero, student_t(many - 2) * math.sqrt(left * (1 / many + middle**2 / spread)))
