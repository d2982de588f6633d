"""From what the rules decided to what the board is told. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from trunkline.channels.base import Channel
from trunkline.config.model import Config
from trunkline.config.queues import Clocks, Queue
from trunkline.config.room import Taking
from trunkline.config.rules import Decision
from trunkline.due import due_in_ms
from trunkline.requirements import Quiet, Room, requirement_id
from trunkline.telling import on_arrival
from trunkline.widening import ladder, rungs_of

VERSION_LENGTH = 12
"""Characters of the configuration's digest that name its version in a decision, as its metric does."""

_MOST_RULES = 500

UNDECIDED = ("",) * 9
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
    rules: str = ""
    clocks: str = ""
    say: str = ""
    """The kind of words for who has to wait; '' for none."""

    def arguments(self) -> tuple[str, ...]:
        """In the order of the moves `receive` and `begin`."""
        return (
            self.queue, self.requirement, str(self.weight), str(self.priority), str(self.due_in_ms), self.limits,
            self.ladder, self.rules, self.clocks,
        )  # fmt: skip


class Window(NamedTuple):
    """How long after the customer's last words a channel lets one answer, and how long before that an answer is due."""

    open_s: int
    margin_s: int


def route(
    decision: Decision, config: Config, *, channel: str, last_agent: str = "", window: Window | None = None
) -> Route:
    """What the board is told of a decision. `last_agent`: who had this contact last, if that is known; `window`: the
    channel's, for this contact's addresses."""
    queue = config.queues[decision.queue]
    needs = needs_in(
        config, decision.queue, channel=channel, weight=decision.weight, requires=decision.requires,
        prefers=decision.prefers, last_agent=last_agent, later_s=decision.opens_in_s,
    )  # fmt: skip
    return Route(
        queue=decision.queue,
        requirement=needs.requirement,
        weight=decision.weight,
        priority=decision.priority,
        due_in_ms=due_in_ms(decision.opens_in_s + decision.target_s, decision.priority),
        limits=queue.limits,
        ladder=needs.ladder,
        rules=f"{config.digest[:VERSION_LENGTH]}:{','.join(decision.rules)}"[:_MOST_RULES],
        say=on_arrival(config, decision.queue, closed=decision.opens_in_s > 0),
        clocks=clocks_of(queue, window),
    )


def clocks_of(queue: Queue, window: Window | None) -> str:
    """What a queue promises of replies and end, and what a channel's window asks for, as the board takes it:
    `first:next:resolution:window:margin:calendar` in ms, 0 for what there is none of; '' for nothing at all."""
    said = queue.clocks or Clocks()
    seconds = (said.first_reply_s, said.next_reply_s, said.resolution_s, *(window or (0, 0)))
    if not any(seconds):
        return ""
    return ":".join([*(str(each * 1_000) for each in seconds), said.hours or ""])


def window_of(channel: Channel | None, scheme: str) -> Window | None:
    """A channel's window for addresses of this scheme; None: it lets one answer at any time, or is not installed."""
    if channel is None or scheme not in channel.manifest.windows:
        return None
    seconds = channel.manifest.windows[scheme]
    return Window(seconds, min(seconds, channel.manifest.window_margin_s))


class Needs(NamedTuple):
    """What is asked for at first, and how that widens."""

    requirement: str
    ladder: str


def needs_in(
    config: Config,
    name: str,
    *,
    channel: str,
    weight: int,
    requires: Mapping[str, int],
    prefers: Mapping[str, int],
    last_agent: str = "",
    later_s: int = 0,
) -> Needs:
    """What a conversation needs in a queue: policy and widening are the queue's, its room is as its channel says. It
    widens `later_s` later where the queue opens then: nobody need be there before."""
    queue = config.queues[name]
    policy, room = queue.policy.policy, room_in(config, channel, weight)
    steps = ladder(
        queue.widening, queue=name, channel=channel, room=room, requires=requires, prefers=prefers, policy=policy,
        only=(last_agent if queue.sticky_s else "", queue.sticky_s), later_s=later_s,
    )  # fmt: skip
    if steps:
        return Needs(rungs_of(steps)[0].requirement, steps)
    return Needs(requirement_id(name, channel, room, requires, prefers=prefers, policy=policy), "")


def room_in(config: Config, channel: str, weight: int) -> Room:
    """What such a conversation takes of an agent."""
    taking = config.channels.get(channel, Taking())
    quiet = Quiet(taking.quiet.after_s, taking.quiet.weight) if taking.quiet else None
    return Room(weight, taking.interruptible, taking.exclusive, taking.most, quiet)
