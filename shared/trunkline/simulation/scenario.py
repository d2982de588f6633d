"""A floor under a configuration: what the board is told of each class, decided as the router decides. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trunkline.config.model import Config, Rule
from trunkline.config.problems import meant
from trunkline.config.queues import Queue
from trunkline.config.rules import decide
from trunkline.route import Route, route
from trunkline.simulation.day import Day
from trunkline.simulation.demand import Arrival, arrivals
from trunkline.simulation.floor import Customers, Floor, Group
from trunkline.simulation.roster import Attendance, attendance

PLAIN_QUEUE = Queue(title="-", offer_timeout_s=600, wrap_up_s=0)
"""What a queue is where no trunkline.yaml says: no wrap-up, no widening, five minutes' target."""


class Unfit(Exception):
    """The floor names what the configuration does not have, or the configuration asks for what is not simulated."""


@dataclass(frozen=True)
class Scenario:
    """One of the floors that are compared."""

    label: str
    floor: Floor
    config: Config
    routes: dict[str, Route]
    day: Day | None = None
    """As it was; without one, customers and presence are drawn from the floor."""

    def arrivals(self, *, seed: int, replication: int) -> Iterator[Arrival]:
        """Everybody who comes, in order."""
        if self.day is not None:
            return self.day.arrivals(seed=seed, replication=replication)
        return arrivals(self.floor, seed=seed, replication=replication)

    def attendance(self, seat: str, group: Group) -> Attendance:
        """When this agent is available."""
        if self.day is not None:
            return self.day.attendance[seat]
        return attendance(group, self.floor)

    @property
    def minds_flexibility(self) -> bool:
        """Whether any queue's policy weighs it."""
        return any(self.queue(kind).policy.flexibility for kind in self.floor.classes)

    def wrap_up_ms(self, kind: str) -> int:
        """How long this class's conversations still take capacity after the last word."""
        return self.queue(kind).wrap_up_s * 1_000

    def target_ms(self, kind: str) -> int:
        """How soon this class was promised an agent."""
        customers = self.floor.classes[kind]
        return (customers.target_s or self.queue(kind).target_s) * 1_000

    def queue(self, kind: str) -> Queue:
        """The queue in which this class waits."""
        return self.config.queues[self.floor.classes[kind].queue]


def scenario(label: str, floor: Floor, config: Config | None, *, day: Day | None = None) -> Scenario:
    """The floor under this configuration; without one, under plain queues. Unfit with what does not match, a line each.

    Rules are not asked (a class says itself what it is), and closed conversations are not kept for reopening. A
    recorded day (whose floor this then is) has its wrap-up in its work.
    """
    given = config or _plain(floor)
    if wrong := _unknown(floor, given):
        raise Unfit("\n".join(wrong))
    changed = {"reopen_within_s": 0, "clocks": None, **({} if day is None else {"wrap_up_s": 0})}
    queues = {name: queue.model_copy(update=changed) for name, queue in given.queues.items()}
    used = given.model_copy(update={"queues": queues})
    routes = {name: _route(name, customers, used) for name, customers in floor.classes.items()}
    return Scenario(label, floor, used, routes, day)


def _route(name: str, customers: Customers, config: Config) -> Route:
    said = Rule.model_construct(
        name=name,
        when="true",
        queue=customers.queue,
        requires=customers.requires,
        prefers=customers.prefers,
        priority=customers.priority,
        weight=customers.weight,
        target_s=customers.target_s,
    )
    return route(decide(config, [said], account=""), config, channel=customers.channel)


def _plain(floor: Floor) -> Config:
    names = {customers.queue for customers in floor.classes.values()}
    names |= {queue for group in floor.agents.values() for queue in group.queues}
    return Config.model_construct(
        default_queue=min(names), queues=dict.fromkeys(sorted(names), PLAIN_QUEUE), skills={}, accounts={}, rules=(),
        digest="",
    )  # fmt: skip


def _unknown(floor: Floor, config: Config) -> list[str]:
    """Queues and skills that the configuration does not declare: a slip of the pen would strand customers."""
    named = [(f"classes.{name}.queue", customers.queue) for name, customers in floor.classes.items()]
    named += [(f"agents.{name}.queues", queue) for name, group in floor.agents.items() for queue in group.queues]
    wrong = [_say("queue", place, name, list(config.queues)) for place, name in named if name not in config.queues]
    if not config.digest:
        return wrong
    skills = [(f"classes.{name}.requires", skill) for name, it in floor.classes.items() for skill in it.requires]
    skills += [(f"agents.{name}.skills", skill) for name, group in floor.agents.items() for skill in group.skills]
    return wrong + [
        _say("skill", place, name, list(config.skills)) for place, name in skills if name not in config.skills
    ]


def _say(what: str, place: str, name: str, known: list[str]) -> str:
    close = meant(name, known)
    return f"{place}: there is no {what} `{name}`" + (f"; did you mean `{close}`?" if close else "")
