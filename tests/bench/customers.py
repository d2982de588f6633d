"""Customers in their conversations: who says what next, over which connection, and what became of it."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from tests.bench import words
from tests.bench.door import Door, Pool
from tests.bench.samples import Samples

_GRAIN_S = 0.002
"""Timers are this coarse: what is sent within it of its due moment was sent in time."""


class Say(Protocol):
    """What is said in a message."""

    def __call__(self, number: int, sent: float, *, last: bool = False) -> str: ...


@dataclass(slots=True)
class Place:
    """Where one conversation goes on at a time: who talks in it now ("": nobody yet), how many messages he has left."""

    contact: str = ""
    left: int = 0


class Customers:
    """Posts messages into a fixed number of places. A place's next message waits for the answer to its last.

    With `set_length` of 2 or more each conversation has that many messages: the last asks the agent to close, and the
    next in its place opens a new one, by a new contact. Without they go on for ever.
    """

    def __init__(
        self,
        door: Door,
        *,
        connections: int,
        places: int,
        say: Say = words.question,
        caller: Callable[[int], str] = words.caller,
    ) -> None:
        self._door, self._words, self._caller = door, say, caller
        self._nonce = time.time_ns()
        self._pool = Pool(door.url, size=connections, on_free=self.pump)
        self._places = deque(Place() for _ in range(places))
        self._all = len(self._places)
        self._length = 0
        self._allowed = 0
        self.due_at: Callable[[int], float] | None = None
        """When a message was due (Unix seconds), by its number; None in a closed loop: now."""
        self.next = 0
        """Number of the next message, which is how many were sent."""
        self.opened = 0
        self.failed: Counter[int] = Counter()
        """Answers other than 200, by status; 0 is none at all."""
        self.answers = Samples()

    async def connect(self) -> None:
        """Open the connections."""
        await self._pool.open()

    @property
    def unanswered(self) -> int:
        """Posts whose answer has not come."""
        return self._all - len(self._places)

    def set_length(self, length: int) -> None:
        """From now on so many messages a conversation; those that go on end at different times. While none is sent."""
        for at, place in enumerate(self._places):
            if self._length and not place.left:
                place.contact = ""  # he has said goodbye
            place.left = at % (length - 1) + 1 if length else 0
        self._length = length

    def allow(self, until: int) -> None:
        """Send all up to (not including) this number, as soon as connections and conversations are free."""
        self._allowed = until
        self.pump()

    def pump(self) -> None:
        """Send what is allowed and can be sent."""
        while self.next < self._allowed and self._places:
            connection = self._pool.take()
            if connection is None:
                return
            place = self._places.popleft()
            number, stamp = self.next, self._stamp()
            self.next += 1
            text = self._say(place, number, stamp)
            request = self._door.request(sender=place.contact, body=text, number=number, nonce=self._nonce)
            connection.post(request, partial(self._answered, place, stamp))

    def _stamp(self) -> float:
        now = time.time()
        if self.due_at is None:
            return now
        due = self.due_at(self.next)
        return now if now - due < _GRAIN_S else due

    def _say(self, place: Place, number: int, stamp: float) -> str:
        if not place.contact or (self._length and not place.left):
            self.opened += 1
            place.contact, place.left = self._caller(number), max(0, self._length - 1)
            return self._words(number, stamp)
        place.left -= 1 if self._length else 0
        return self._words(number, stamp, last=bool(self._length) and not place.left)

    def _answered(self, place: Place, stamp: float, status: int) -> None:
        if status == 200:
            self.answers.add(stamp, time.time())
        else:
            self.failed[status] += 1
        self._places.append(place)

    def close(self) -> None:
        """End the connections."""
        self._pool.close()
