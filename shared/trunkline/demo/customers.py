"""The customers: a bounded floor of contacts who write through the real door and answer what they are told."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Final, Protocol

import structlog

from trunkline.demo.book import BOOK
from trunkline.demo.settings import DemoSettings
from trunkline.demo.stories import Language
from trunkline.demo.visit import INVOICE, Cast, Contact, Line, Visit, is_left, opts_out
from trunkline.testing.twilio_rules import Sent

MAX_AT_ONCE: Final = 20
"""Most visits of the floor at a time; those left to people come besides, and a contact is in one visit only."""

REST_S: Final = 60.0
"""How long a contact of the floor stays away after a visit, in seconds."""

_ATTEMPTS: Final = 6  # over about a minute: longer than a restart of ingest takes
_LONGEST_PAUSE_S: Final = 30.0


class Heard(Protocol):
    """What became of a customer's words."""

    @property
    def status(self) -> int | None:
        """The last status; None if none came."""
        ...

    @property
    def failure(self) -> str:
        """What went wrong, if it did."""
        ...

    @property
    def accepted(self) -> bool:
        """Did we take it?"""
        ...


class Door(Protocol):
    """Where customers write; the provider simulator is one."""

    async def customer_writes(self, from_: str, body: str, *, sid: str | None = None) -> Heard:
        """Post a signed webhook, or hand in a mail; what was answered."""
        ...


class Floor:
    """All the customers. `heard` is the simulator's hook: it tells a contact that a reply came.

    With `haste` everybody is so many times faster than people are, for tests.
    """

    def __init__(self, door: Door, cast: Cast, *, rate: float, seed: int, haste: float = 1.0) -> None:
        self.counters: Counter[str] = Counter()
        self.crowded = False
        """Set while too much waits already: nobody new comes."""
        self.open = False
        """Whether customers come at all now: while `run` runs."""
        self._door = door
        self._cast = cast
        self._beat_s = 60.0 / rate / haste
        self._haste = haste
        self._chance = random.Random(seed)
        self._replied = {contact.number: asyncio.Event() for contact in cast.contacts}
        self._visits: dict[str, asyncio.Task[None]] = {}
        self._free_at = dict.fromkeys(self._replied, 0.0)
        self._order = list(cast.contacts)
        self._chance.shuffle(self._order)
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Let customers come at their calm pace, until cancelled; visits end with it."""
        self.open = True
        try:
            while True:
                self.come()
                await asyncio.sleep(self._beat_s * self._chance.uniform(0.8, 1.2))
        finally:
            self.open = False
            visits = list(self._visits.values())
            for visit in visits:
                visit.cancel()
            await asyncio.gather(*visits, return_exceptions=True)

    async def heard(self, sent: Sent) -> None:
        """A reply reached a customer's telephone."""
        self.told(sent.to)

    def told(self, contact: str) -> None:
        """A reply reached this contact."""
        if (event := self._replied.get(contact)) is not None:
            event.set()

    def come(self) -> Contact | None:
        """The contact who has been away longest comes; None if the floor is full or all are busy or resting."""
        busy = sum(not is_left(contact) for contact in self._order if contact.number in self._visits)
        if self.crowded or busy >= MAX_AT_ONCE:
            return None
        now = asyncio.get_running_loop().time()
        for contact in self._order:
            if not is_left(contact) and contact.number not in self._visits and self._free_at[contact.number] <= now:
                return self._let_in(contact)
        return None

    def come_with_invoice(self, language: Language) -> Contact | None:
        """A contact of that language comes with what is left to people; None if nobody who speaks it is free.

        It is one of those who have nothing but invoices, else, rested or not, one of the floor.
        """
        free = [
            contact
            for contact in self._order
            if contact.language == language and contact.number not in self._visits and not opts_out(contact)
        ]
        free.sort(key=is_left, reverse=True)
        return self._let_in(free[0], INVOICE) if free else None

    @property
    def here(self) -> int:
        """How many visits there are now."""
        return len(self._visits)

    def _let_in(self, contact: Contact, topic: str = "") -> Contact:
        self._order.remove(contact)
        self._order.append(contact)
        visit = self._cast.next_visit(contact, topic)
        errand = asyncio.create_task(self._visit(contact, visit), name=f"visit of {contact.number}")
        self._visits[contact.number] = errand
        errand.add_done_callback(lambda task: self._gone(contact, task))
        self.counters["visits"] += 1
        self._log.debug("customer_came", contact=contact.number, topic=visit.topic.name, language=contact.language)
        return contact

    def _gone(self, contact: Contact, errand: asyncio.Task[None]) -> None:
        del self._visits[contact.number]
        if errand.cancelled():
            return
        self._free_at[contact.number] = errand.get_loop().time() + REST_S / self._haste
        if (error := errand.exception()) is not None:
            self._log.error("visit_failed", contact=contact.number, exc_info=error)

    async def _visit(self, contact: Contact, visit: Visit) -> None:
        line: Line | None = visit.begin()
        while line is not None:
            await asyncio.sleep(line.after_s / self._haste)
            # What came while the customer typed was read; a reply from now on answers this line.
            self._replied[contact.number].clear()
            if not await self._write(contact, line) or line.last:
                break
            line = visit.told() if await self._reply_comes(contact, line.patience_s) else visit.kept_waiting()
        self._log.debug("customer_left", contact=contact.number, topic=visit.topic.name)

    async def _reply_comes(self, contact: Contact, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds / self._haste):
                await self._replied[contact.number].wait()
        except TimeoutError:
            return False
        return True

    async def _write(self, contact: Contact, line: Line) -> bool:
        """Write until it is taken, the same message each time; False when the door stays closed."""
        sid, pause = f"SM{uuid.uuid4().hex}", 1.0 / self._haste
        for _ in range(_ATTEMPTS):
            reply = await self._door.customer_writes(contact.number, line.text, sid=sid)
            if reply.accepted:
                self.counters["lines"] += 1
                return True
            self._log.warning(
                "customer_not_heard", contact=contact.number, status=reply.status, failure=reply.failure[:200]
            )
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S / self._haste)
        self.counters["given_up"] += 1
        return False


def floor_of(door: Door, contacts: Sequence[Contact], settings: DemoSettings, *, share: float = 1.0) -> Floor:
    """The customers of one channel; for each of their visits so many are begun by text message."""
    cast = Cast(contacts, BOOK, seed=settings.seed)
    return Floor(door, cast, rate=settings.rate / share, seed=settings.seed)
