"""Looking at the whole board at once: what waits, who is there, how far the shards are. Nothing is changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trunkline.board.client import Board, MoveBroken, hash_of, safe
from trunkline.due import Promise, next_clock, place, promised_ms
from trunkline.events import Presence
from trunkline.moments import moment_if_any, moment_of
from trunkline.requirements import channel_of, named_skills_of, only_of, queues_of


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for one requirement set, and who could take it. Times in seconds; None: nothing waits."""

    requirement: str
    """The set's id, see trunkline.requirements."""
    queues: tuple[str, ...]
    """Whose agents will do; the first is where it waits."""
    channel: str
    skills: dict[str, int]
    only: str
    """The one agent who is asked; '' for whoever has the skills."""
    waiting: int
    oldest_s: float | None
    slack_s: float | None
    """Until the first target ends; negative when somebody waits longer than was promised."""
    eligible: int
    """Agents who are available and have the skills."""
    with_room: int

    @property
    def queue(self) -> str:
        """Where it waits and is counted."""
        return self.queues[0]


@dataclass(frozen=True, slots=True)
class Present:
    """One agent on the board; capacity and load in weights."""

    agent: str
    presence: Presence
    reason: str
    capacity: int
    load: int
    missed: int
    since: datetime | None
    draining: bool
    ramp_until: datetime | None
    """Until when they are given so many offers a minute at most; None: they are not ramping up."""
    waits_for_turn: bool
    """Ramping up, and has had this turn."""

    @property
    def room(self) -> int:
        """For new work, in weights; 0 also for who holds more than their capacity."""
        return 0 if self.draining or self.waits_for_turn else max(0, self.capacity - self.load)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a shard is."""

    applied: int
    """Offset of the last item of `inbound` that it applied; -1: none yet."""
    unrelayed: int
    """Events it decided that are not known to be in the log."""


async def waiting(board: Board) -> list[Waiting]:
    """Every requirement set something waits for or somebody satisfies. BoardClosed or BoardAway as of `Board.call`."""
    _, lines, now = await board.call("lines")
    return [_waiting(line, int(now)) for line in lines]


@dataclass(frozen=True, slots=True)
class Late:
    """An open conversation whose clock is over."""

    conversation: str
    queue: str
    owner: str
    """Who has it, or is offered it; '' while it waits or is snoozed."""
    clock: Promise
    """The one that is over longest: `first_reply`, `next_reply` or `resolution`."""
    late_s: float


@dataclass(frozen=True, slots=True)
class Lateness:
    """All that is late: how many, and those that are so longest."""

    count: int
    first: list[Late]


async def late(board: Board, *, most: int = 20) -> Lateness:
    """What has a clock that is over. BoardClosed or BoardAway as of `Board.call`."""
    _, count, found, now = await board.call("late", str(most))
    return Lateness(int(count), [_late(flat, int(now)) for flat in found])


class Waits:
    """What waits, as of a moment ago: however many ask, the board is asked once in `fresh_s`."""

    def __init__(self, board: Board, *, fresh_s: float = 2.0) -> None:
        self._board = board
        self._fresh_s = fresh_s
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()
        self._found: list[Waiting] = []

    async def now(self) -> list[Waiting]:
        """As `waiting`; BoardClosed or BoardAway also while an older answer is known."""
        async with self._asking:
            if time.monotonic() - self._asked_at > self._fresh_s:
                asked_at = time.monotonic()
                self._found = await waiting(self._board)
                self._asked_at = asked_at
            return self._found


async def shut_queues(board: Board) -> dict[str, datetime | None]:
    """The queues that are shut, and until when; None: until somebody opens them. BoardClosed or BoardAway."""
    _, flat = await board.call("shut_queues")
    return {name: moment_if_any(int(until)) for name, until in hash_of(flat).items()}


@dataclass(frozen=True, slots=True)
class Place:
    """What waits at one place of a queue's line."""

    conversation: str
    display: str
    address: str
    channel: str
    queued_at: datetime
    target_at: datetime
    front: bool


async def line(board: Board, queue: str, *, most: int = 100) -> list[Place]:
    """What waits in a queue, all its requirement sets together, first in line first. As `Board.call` raises."""
    _, flats = await board.call("line", queue, str(most))
    return [_place(state) for state in sorted(map(hash_of, flats), key=place)[:most]]


async def progress(board: Board) -> list[Progress]:
    """Every shard, by its number, all of one moment. BoardClosed or BoardAway as of `Board.call`."""
    _, lines = await board.call("ledger", str(board.shards))
    return [Progress(applied=int(applied), unrelayed=int(unrelayed)) for applied, unrelayed in lines]


async def attendance(board: Board, agents: Iterable[str] = ()) -> list[Present]:
    """Those of these agents who are on the board, all of one moment; without any named, everybody who is.

    BoardClosed or BoardAway as of `Board.call`.
    """
    _, lines = await board.call("attendance", *(safe(agent) for agent in agents))
    return [_present([field.decode() for field in line]) for line in lines]


def _waiting(line: list[Any], now: int) -> Waiting:
    requirement = line[0].decode()
    oldest, target = line[2], line[3]
    return Waiting(
        requirement=requirement, queues=queues_of(requirement), channel=channel_of(requirement),
        skills=named_skills_of(requirement),
        only=only_of(requirement), waiting=int(line[1]),
        oldest_s=max(0, now - int(oldest)) / 1_000 if oldest else None,
        slack_s=(int(target) - now) / 1_000 if target else None,
        eligible=int(line[4]), with_room=int(line[5]),
    )  # fmt: skip


def _late(flat: list[bytes], now: int) -> Late:
    state = hash_of(flat)
    clock = next_clock(state)
    if clock is None:
        raise MoveBroken(f"{state['id']} stands among those with clocks and has none")
    return Late(
        conversation=state["id"], queue=state["queue"], owner=state["owner"] or state["offered_to"], clock=clock.name,
        late_s=(now - clock.at_ms) / 1_000,
    )  # fmt: skip


def _place(state: dict[str, str]) -> Place:
    return Place(
        conversation=state["id"], display=state["display"], address=state["contact"], channel=state["channel"],
        queued_at=moment_of(int(state["queued_at"])),
        target_at=moment_of(promised_ms(state)), front=place(state) < 0,
    )  # fmt: skip


def _present(line: list[str]) -> Present:
    agent, presence, reason, capacity, load, missed, since, draining, ramp_until, turn_at = line
    return Present(
        agent=agent, presence=Presence(presence), reason=reason, capacity=int(capacity or 0), load=int(load or 0),
        missed=int(missed or 0), since=moment_if_any(int(since or 0)), draining=draining == "1",
        ramp_until=moment_if_any(int(ramp_until or 0)), waits_for_turn=bool(turn_at),
    )  # fmt: skip
