"""Who comes when, with how much patience and how much work: the same for one seed, whatever the floor makes of it."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

from trunkline.simulation.chance import stream
from trunkline.simulation.floor import Customers, Floor

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """A conversation to be: times in ms from the beginning, `work_ms` at speed 1."""

    at_ms: int
    kind: str
    patience_ms: int | None
    work_ms: float
    haste: float
    """From 0 to 1: where in its time an agent accepts the offer of it."""


def arrivals(floor: Floor, *, seed: int, replication: int) -> Iterator[Arrival]:
    """All of a replication, in order; each class by chance of its own, so that another class more shifts nobody."""
    every = [_of_class(name, customers, floor, seed, replication) for name, customers in floor.classes.items()]
    return heapq.merge(*every, key=lambda arrival: arrival.at_ms)


def _of_class(name: str, customers: Customers, floor: Floor, seed: int, replication: int) -> Iterator[Arrival]:
    patience, work, haste = (stream(seed, replication, name, what) for what in ("patience", "work", "haste"))
    for at_ms in _times(name, customers, floor, seed, replication):
        drawn = patience.random()
        yield Arrival(
            at_ms=at_ms,
            kind=name,
            patience_ms=None if customers.patience is None else round(customers.patience.at(drawn) * 1_000),
            work_ms=customers.handle.at(work.random()) * 1_000,
            haste=haste.random(),
        )


def _times(name: str, customers: Customers, floor: Floor, seed: int, replication: int) -> Iterator[int]:
    """Poisson arrivals at the class's rates, by stretching unit gaps over the hours."""
    chance = stream(seed, replication, name, "arrivals")
    hour, end = 0, floor.hours
    at, left = 0.0, chance.expovariate(1.0)
    while at < end:
        rate, next_hour = customers.rate((floor.starts_at + hour) % 24), float(hour + 1)
        if rate * (next_hour - at) <= left:
            left -= rate * (next_hour - at)
            at, hour = next_hour, hour + 1
            continue
        at += left / rate
        if at < end:
            yield int(at * HOUR_MS)
        left = chance.expovariate(1.0)
