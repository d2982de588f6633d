"""The file of `trunkline simulate`: who writes, and who answers. docs/foresight.md has a worked example."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from trunkline.config.base import Level, Name, Preference, Priority, SkillName, Target, Weight
from trunkline.simulation.chance import Duration

MOST_AGENTS = 10_000
MOST_ARRIVALS = 20_000_000
"""Most conversations of one replication, as expected from the rates."""

_Rate = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
_Hour = Annotated[float, Field(ge=0, le=24, allow_inf_nan=False)]
_Speed = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Customers(_Frozen):
    """Conversations of one class: alike in what they ask for, how often they come and how long they take."""

    queue: Name
    channel: Name = "webchat"
    requires: dict[SkillName, Level] = Field(default={}, description="beside what the queue requires")
    prefers: dict[SkillName, Preference] = Field(default={}, description="else what the queue prefers")
    priority: Priority | None = Field(default=None, description="else the queue's")
    weight: Weight | None = Field(default=None, description="else the queue's")
    target_s: Target | None = Field(default=None, description="else the queue's")
    per_hour: _Rate | dict[Annotated[int, Field(ge=0, le=23)], _Rate] = Field(
        description='one rate, or `{"9": 60, "17": 20}`: from this hour of the day on'
    )
    handle: Duration = Field(description="from acceptance to the last word, at speed 1; wrap-up is the queue's")
    patience: Duration | None = Field(
        default=None, description="time until who is not answered leaves; else nobody does"
    )

    def rate(self, hour: int) -> float:
        """Conversations an hour from this hour of the day on; before the first one named, the last one holds on."""
        if isinstance(self.per_hour, dict):
            known = [named for named in self.per_hour if named <= hour] or list(self.per_hour)
            return self.per_hour[max(known)] if known else 0.0
        return self.per_hour


class Group(_Frozen):
    """Agents who are alike."""

    count: int = Field(ge=1, le=MOST_AGENTS)
    skills: dict[SkillName, Level] = {}
    queues: tuple[Name, ...] = Field(default=(), description="which they serve; all of them where nothing is said")
    supervises: bool = Field(default=False, description="supervisors, whom a step of widening may let in")
    capacity: int = Field(default=1, ge=1, le=100)
    speed: _Speed = Field(default=1.0, description="1.25 handles in four minutes what takes others five")
    speeds: dict[Name, _Speed] = Field(default={}, description="class: the speed with these, instead of `speed`")
    pace: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        default=(), max_length=100, description="how fast each of 1, 2, 3, … conversations goes beside the others"
    )
    shift: tuple[_Hour, _Hour] | None = Field(
        default=None, description="`[9, 17]`: available in these hours of the day"
    )
    accepts: Duration | None = Field(default=None, description="time until an offer is accepted; else at once")


class Floor(_Frozen):
    """A floor and its day."""

    hours: float = Field(gt=0, le=24 * 366, allow_inf_nan=False, description="how long customers come")
    starts_at: int = Field(default=0, ge=0, le=23, description="hour of the day at which it begins")
    warm_up_h: float = Field(default=0, ge=0, allow_inf_nan=False, description="what comes before is not counted")
    classes: dict[Name, Customers] = Field(min_length=1, max_length=1_000)
    agents: dict[Name, Group] = Field(min_length=1, max_length=1_000)

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.warm_up_h >= self.hours:
            raise ValueError(f"`warm_up_h` of {self.warm_up_h:g} leaves nothing of {self.hours:g} hours")
        if (agents := sum(group.count for group in self.agents.values())) > MOST_AGENTS:
            raise ValueError(f"{agents:,} agents; at most {MOST_AGENTS:,}")
        if (arrivals := self.expected()) > MOST_ARRIVALS:
            raise ValueError(f"{arrivals:,.0f} conversations; at most {MOST_ARRIVALS:,} in one replication")
        for name, group in self.agents.items():
            if strangers := sorted(set(group.speeds) - set(self.classes)):
                raise ValueError(f"agents.{name}.speeds: there is no class {strangers[0]!r}")
        return self

    def expected(self) -> float:
        """How many conversations will come, about."""
        day = sum(customers.rate(hour) for customers in self.classes.values() for hour in range(24))
        peak = sum(max(customers.rate(hour) for hour in range(24)) for customers in self.classes.values())
        return min(day * (self.hours / 24 + 1), peak * self.hours)
