"""From what the rules decided to what the board is told."""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.config.model import Config, Queue
from trunkline.config.rules import Decision

HEAD_START_S = 60
"""Seconds a conversation is moved forward in the line for each step of its priority (0-10)."""


def requirement_of(queue: str, channel: str, weight: int, requires: dict[str, int]) -> str:
    """The requirement set's id, as `trunkline.board.requirements` has it; names were checked when the file was."""
    wanted = ",".join(f"{skill}:{level}" for skill, level in sorted(requires.items()) if level > 0)
    return f"{queue}|{channel}|{weight}|{wanted}"


def due_in_ms(target_s: int, priority: int) -> int:
    """Milliseconds after queueing at which it is due: target less the priority's head start, which may be past.

    Waiting work is ordered by due time only, so nothing starves: work of priority 0 is overtaken for at most
    its target + 10 × HEAD_START_S by anything that comes later.
    """
    return (target_s - priority * HEAD_START_S) * 1_000


def limits_of(queue: Queue) -> str:
    """The queue's limits in the board's form: offer:again:wrap-up:reopen in ms, and most missed offers."""
    return ":".join(
        str(number)
        for number in (
            queue.offer_timeout_s * 1_000,
            queue.offer_again_after_s * 1_000,
            queue.wrap_up_s * 1_000,
            queue.reopen_within_s * 1_000,
            queue.missed_offers_before_away,
        )
    )


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
        requirement=requirement_of(decision.queue, channel, decision.weight, dict(decision.requires)),
        weight=decision.weight,
        priority=decision.priority,
        due_in_ms=due_in_ms(decision.target_s, decision.priority),
        limits=limits_of(config.queues[decision.queue]),
    )
