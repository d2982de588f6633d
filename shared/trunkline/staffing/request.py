"""What `trunkline staff` is asked: a small YAML, or the same said in options."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MOST_ERLANGS = 20_000
"""Most work of one interval, in agents: beyond it the answer takes seconds, and is the load itself."""
MOST_IN_PATIENCE = 1_000_000
"""Most conversations that may come within a mean patience: the formula's series is as long."""

_DAY_S = 86_400

Seconds = Annotated[float, Field(gt=0, le=_DAY_S, allow_inf_nan=False)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Interval(_Frozen):
    """A stretch of the day with one rate."""

    at: str = Field(default="", max_length=40, description="what it is called: `09:00`, `Monday morning`")
    per_hour: float = Field(ge=0, le=10_000_000, allow_inf_nan=False, description="conversations an hour")
    handle_s: Seconds | None = Field(default=None, description="mean handling time here, if another than elsewhere")


class Staffing(_Frozen):
    """What comes, and what was promised."""

    handle_s: Seconds = Field(
        description="mean time from acceptance to the end of wrap-up, as it is when an agent has `concurrency` of them"
    )
    target_s: float = Field(
        ge=0, le=_DAY_S, allow_inf_nan=False, description="seconds within which the share is answered"
    )
    share: float = Field(gt=0, lt=1, allow_inf_nan=False, description="of everybody who writes: 0.8 is four of five")
    patience_s: Seconds | None = Field(default=None, description="mean patience; without it nobody ever leaves")
    shrinkage: float = Field(
        default=0, ge=0, le=0.9, allow_inf_nan=False, description="part of paid time not at the desk: breaks, training"
    )
    concurrency: int = Field(default=1, ge=1, le=100, description="conversations an agent has at once")
    intervals: tuple[Interval, ...] = Field(min_length=1, max_length=2_000)

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        for interval in self.intervals:
            named = f"interval {interval.at!r}: " if interval.at else ""
            work = interval.per_hour / 3_600 * (interval.handle_s or self.handle_s)
            if work > MOST_ERLANGS:
                raise ValueError(f"{named}the work of {work:,.0f} agents; at most {MOST_ERLANGS:,} are computed")
            coming = interval.per_hour / 3_600 * (self.patience_s or 0)
            if coming > MOST_IN_PATIENCE:
                raise ValueError(
                    f"{named}{coming:,.0f} conversations within a mean patience; at most {MOST_IN_PATIENCE:,}"
                )
        return self
