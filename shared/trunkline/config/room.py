"""What `trunkline.yaml` says of room: how work takes it, and how an agent who returns begins. Pure."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from trunkline.config.base import Frozen


class QuietWork(Frozen):
    """How a conversation weighs less while the last word is ours and the customer is silent."""

    after_s: int = Field(ge=1, le=86_400, description="seconds of the customer's silence since our last word")
    weight: int = Field(default=0, ge=0, le=1_000, description="what it takes then; never more than otherwise")


class RampUp(Frozen):
    """How an agent who returns begins: who arrives, or was away."""

    for_s: int = Field(ge=1, le=3_600, description="seconds it lasts")
    per_minute: int = Field(ge=1, le=60, description="most offers a minute, evenly apart")

    @property
    def text(self) -> str:
        """As the board takes it: how long in ms, and how many a minute."""
        return f"{self.for_s * 1_000}:{self.per_minute}"


class Taking(Frozen):
    """How the work of a channel takes an agent's capacity."""

    interruptible: bool = Field(default=False, description="gives way: it takes no room from work that does not")
    exclusive: bool = Field(default=False, description="wants the agent alone")
    most: int = Field(default=0, ge=0, le=1_000, description="weight of it that one agent may have at a time; 0: any")
    quiet: QuietWork | None = Field(default=None, description="how it weighs less while the customer is silent")

    @model_validator(mode="after")
    def _is_one_of_them(self) -> Self:
        if self.interruptible and self.exclusive:
            raise ValueError("work that gives way cannot want the agent alone; choose one")
        if self.quiet is not None and self.exclusive:
            raise ValueError("work that wants the agent alone has them alone also while the customer is silent")
        return self
