"""From what the rules decided to what the board is told. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.config.model import Config
from trunkline.config.rules import Decision
from trunkline.due import due_in_ms
from trunkline.requirements import requirement_id
from trunkline.widening import ladder

UNDECIDED = ("",) * 7
"""The arguments where no rule was asked."""


@dataclass(frozen=True, slots=True)
class Route:
    """A decision as the board takes it."""

    queue: str
    requirement: str
    weight: int
    priority: int
    due_in_ms: int
    limits: str
    ladder: str

    def arguments(self) -> tuple[str, ...]:
        """In the order of the moves `receive` and `begin`."""
        return (
            self.queue, self.requirement, str(self.weight), str(self.priority), str(self.due_in_ms), self.limits,
            self.ladder,
        )  # fmt: skip


def route(decision: Decision, config: Config, *, channel: str) -> Route:
    """What the board is told of a decision."""
    queue, weight, requires = decision.queue, decision.weight, decision.requires
    return Route(
        queue=queue,
        requirement=requirement_id(queue, channel, weight, requires),
        weight=weight,
        priority=decision.priority,
        due_in_ms=due_in_ms(decision.target_s, decision.priority),
        limits=config.queues[queue].limits,
        ladder=ladder(config.queues[queue].widening, queue=queue, channel=channel, weight=weight, requires=requires),
    )
