"""The work that is left to people, so that whoever signs in has an offer at once.

Robots of the floor have no skill for invoices. One invoice in each language is kept waiting: the moment a person with
that language arrives, the board offers them the most urgent work they can do, and a fresh customer comes in its place,
on the next channel: their first three are an SMS, a chat and a mail. So it needs no look at who is present, holds
through restarts (what waits is read from the service, not remembered), and cannot grow. For the sake of customers, one
robot takes an invoice that has waited too long for a person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from pydantic import BaseModel, ConfigDict

from trunkline.demo.api import UNREACHABLE, DeskSession, Refused
from trunkline.demo.customers import Floor
from trunkline.demo.robots import Robot
from trunkline.demo.stories import BILLING, Language, language_of
from trunkline.demo.visit import Contact

LOOK_EVERY_S: Final = 2.0
TOO_LONG_S: Final = 100.0
"""Seconds after which an invoice no longer waits for a person."""

CROWDED: Final = 24
"""So many conversations waiting, in all queues, and nobody new comes."""

_ON_ITS_WAY_S: Final = 3.0
"""Seconds from a customer's coming until the conversation must have been seen waiting, else it was taken at once."""


class Waiting(BaseModel):
    """A conversation in the line."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    queue: str
    requirement: str


class _Page(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    items: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class Orders:
    """What to do now."""

    invoices: tuple[Language, ...]
    relief: bool
    crowded: bool


class LeftWork:
    """Decides what to keep waiting. Times are seconds of one clock that never goes back."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self._on_its_way: dict[Language, float] = {}

    def looked(self, waiting: Iterable[Waiting], now: float) -> Orders:
        """What to do about the line as it is."""
        line = list(waiting)
        invoices = [each for each in line if each.queue == BILLING]
        self._since = {each.id: self._since.get(each.id, now) for each in invoices}
        there = {language_of(each.requirement) for each in invoices}
        self._on_its_way = {
            language: at
            for language, at in self._on_its_way.items()
            if language not in there and now - at < _ON_ITS_WAY_S
        }
        return Orders(
            invoices=tuple(each for each in Language if each not in there and each not in self._on_its_way),
            relief=any(now - since > TOO_LONG_S for since in self._since.values()),
            crowded=len(line) >= CROWDED,
        )

    def comes(self, language: Language, now: float) -> None:
        """A customer with an invoice is writing."""
        self._on_its_way[language] = now


class Ways:
    """How invoices come: in each language by one channel after another, of those that are open."""

    def __init__(self, floors: Sequence[Floor]) -> None:
        self._floors = floors
        self._next = dict.fromkeys(Language, 0)

    def come(self, language: Language) -> Contact | None:
        """A contact of that language comes with an invoice; None if nobody who speaks it is free."""
        for _ in self._floors:
            floor = self._floors[self._next[language]]
            self._next[language] = (self._next[language] + 1) % len(self._floors)
            if floor.open and (came := floor.come_with_invoice(language)) is not None:
                return came
        return None

    def crowd(self, crowded: bool) -> None:
        """Whether too much waits already for anybody new to come, by any channel."""
        for floor in self._floors:
            floor.crowded = crowded


async def leave_work(session: DeskSession, ways: Ways, relief: Robot) -> None:
    """Look at the line every two seconds and keep it as it should be, until cancelled."""
    log, left, failures = structlog.get_logger(), LeftWork(), 0
    loop = asyncio.get_running_loop()
    while True:
        try:
            waiting = await _line(session)
        except (Refused, ValueError, *UNREACHABLE) as error:
            failures += 1
            # Customers do not know that the desk is away, and go on for a while.
            ways.crowd(failures > 30)
            level = "warning" if failures in {4, 30} else "debug"
            getattr(log, level)("line_not_seen", reason=str(error)[:200], failures=failures)
        else:
            failures = 0
            orders = left.looked(waiting, loop.time())
            ways.crowd(orders.crowded)
            relief.want(available=orders.relief)
            for language in orders.invoices:
                if ways.come(language) is not None:
                    left.comes(language, loop.time())
        await asyncio.sleep(LOOK_EVERY_S if failures < 5 else 2 * LOOK_EVERY_S)


async def _line(session: DeskSession) -> tuple[Waiting, ...]:
    page = await session.call("GET", "/api/v1/conversations?status=queued&limit=100")
    return _Page.model_validate(page).items
