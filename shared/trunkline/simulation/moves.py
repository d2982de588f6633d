"""What a floor tells a board, and hears of it: the board itself and its reference are asked alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from trunkline.events import Profile
from trunkline.route import Route

BEGIN_MS = 1_600_000_000_000
"""The clock's reading at 0 of virtual time: a board's is never near 0, and the index counts minutes by it."""


@dataclass(frozen=True, slots=True)
class Come:
    """A customer writes."""

    conversation: int
    channel: str
    route: Route


@dataclass(frozen=True, slots=True)
class Accept:
    """The agent takes the offer of this fence."""

    conversation: int
    agent: str
    fence: int


@dataclass(frozen=True, slots=True)
class WrapUp:
    """The last word was said."""

    conversation: int
    agent: str


@dataclass(frozen=True, slots=True)
class Close:
    """It is over, with no wrap-up."""

    conversation: int
    agent: str


@dataclass(frozen=True, slots=True)
class Leave:
    """A customer who waits has gone."""

    conversation: int


@dataclass(frozen=True, slots=True)
class Present:
    """The agent becomes available, or goes away and finishes what there is."""

    agent: str
    available: bool


@dataclass(frozen=True, slots=True)
class Flex:
    """How flexible these agents are from now on, to four places, as the router reckons once a minute."""

    agents: Mapping[str, float]


Command = Come | Accept | WrapUp | Close | Leave | Present | Flex


class Kind(StrEnum):
    """What the board decided."""

    OFFERED = "offered"
    RESCINDED = "rescinded"
    ACCEPTED = "accepted"
    GIVEN = "given"
    EXPIRED = "expired"
    WIDENED = "widened"
    CLOSED = "closed"


class Told(NamedTuple):
    """One decision. `agents`: who is asked after it, the best first, or who has it now; `fence`: of an offer."""

    kind: Kind
    conversation: int
    agents: tuple[str, ...] = ()
    fence: int = 0


class Moves(Protocol):
    """A board in virtual time. Times are ms from the beginning, and never go back."""

    @property
    def next_timer_ms(self) -> int | None:
        """When the next of its timers is due."""
        ...

    async def open(self, agents: Sequence[tuple[Profile, bool]]) -> None:
        """At 0 these agents arrive, available or away."""
        ...

    async def step(self, now_ms: int, commands: Sequence[Command]) -> list[Told]:
        """Make these moves now, in this order, then run the timers that are due; what was decided, in order.

        An acceptance that comes too late for its offer is refused and changes nothing.
        """
        ...
