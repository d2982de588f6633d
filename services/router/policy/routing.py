"""From what the rules decided to what the board is told."""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.config.model import Config
from trunkline.config.rules import Decision
from trunkline.requirements import requirement_id

HEAD_START_S = 60
"""Seconds a conversation is moved forward in the line for each step of its priority (0-10)."""


def due_in_ms(target_s: int, priority: int) -> int:
    """Milliseconds after queueing at which it is due: target less the priority's head start, which may be past.

    Waiting work is ordered by due time only, so nothing starves: work of priority 0 is overtaken for at most
    its target + 10 × HEAD_START_S by anything that comes later.
    """
    return (target_s - priority * HEAD_START_S) * 1_000


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
        """In the order of `receive`."""
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
