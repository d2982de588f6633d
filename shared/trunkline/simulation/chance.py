"""What is drawn by lot, so that the same seed gives the same customers whatever the configuration. Pure."""

from __future__ import annotations

import math
import random
from enum import StrEnum
from statistics import NormalDist
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

_NORMAL = NormalDist()
_LONGEST_S = 30 * 86_400
_EDGE = 1e-12


class Shape(StrEnum):
    """How a time varies about its mean."""

    EXPONENTIAL = "exponential"
    LOGNORMAL = "lognormal"
    UNIFORM = "uniform"
    FIXED = "fixed"


class Duration(BaseModel):
    """A time that differs from case to case. One draw, one number from 0 to 1: common random numbers need no more."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    mean_s: Annotated[float, Field(ge=0, le=_LONGEST_S, allow_inf_nan=False)]
    shape: Shape = Shape.EXPONENTIAL
    cv: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] | None = Field(
        default=None, description="standard deviation ÷ mean, for lognormal (1 if not said) and uniform (at most 0.577)"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.cv is not None and self.shape in {Shape.EXPONENTIAL, Shape.FIXED}:
            raise ValueError(f"{self.shape} has no `cv`: its shape says how it varies")
        if self.shape is Shape.UNIFORM and (self.cv or 0) > 1 / math.sqrt(3):
            raise ValueError("`cv` of uniform is at most 0.577, where it reaches down to 0")
        return self

    def at(self, u: float) -> float:
        """Seconds: the time that a share u (from 0 to 1) of all are below."""
        u = min(max(u, _EDGE), 1 - _EDGE)
        match self.shape:
            case Shape.EXPONENTIAL:
                return -self.mean_s * math.log1p(-u)
            case Shape.LOGNORMAL:
                variance = math.log1p((1.0 if self.cv is None else self.cv) ** 2)
                return self.mean_s * math.exp(math.sqrt(variance) * _NORMAL.inv_cdf(u) - variance / 2)
            case Shape.UNIFORM:
                half = math.sqrt(3) * (1 / math.sqrt(3) if self.cv is None else self.cv)
                return self.mean_s * (1 + half * (2 * u - 1))
            case Shape.FIXED:
                return self.mean_s


def stream(seed: int, replication: int, *names: str) -> random.Random:
    """A sequence of chance of its own: nothing that another one draws can shift it."""
    return random.Random("/".join([str(seed), str(replication), *names]))  # noqa: S311  a simulation is to be repeated
