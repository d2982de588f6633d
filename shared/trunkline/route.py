"""From what the rules decided to what the board is told. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.config.model import Config
from trunkline.config.rules import Decision
from trunkline.due import due_in_ms
from trunkline.requirements import requirement_id


@dataclass(frozen=True, slots=True)
class Route:
    """A decision as the board takes it."""

    queue: str
    requirement: str
    weight: int
    priority: int
    due_in_ms: int
    limits: str

    def arguments(self) -> tuple[str, ...]:
        """In the order of the moves `receive` and `begin`."""
        return (
            self.queue, self.requirement, str(self.weight), str(self.priority), str(self.due_in_ms), self.limits,
        )  # fmt: skip


def route(decision: Decision, config: Config, *, channel: str) -> Route:
    """What the board is told of a decision."""
    return Route(
        queue=decision.queue,
        requirement=requirement_id(decision.queue, channel, decision.weight, decision.requires),
        weight=decision.weight,
        priority=decision.priority,
        due_in_ms=due_in_ms(decision.target_s, decision.priority),
        limits=config.queues[decision.queue].limits,
    )
