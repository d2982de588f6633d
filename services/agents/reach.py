"""Whom a requirement could ever reach: the whole roster, there or not."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from services.agents.repository import Ability, Repository
from trunkline.board.looks import Waiting
from trunkline.requirements import ONLY, only_of
from trunkline.standing import Standing, lacking, standing

_FRESH_S = 10.0
MOST_AT_ONCE = 100
"""Requirement sets that one question asks the roster about; those that most wait for are asked about."""


def able_to(requirement: str, ability: Ability) -> Mapping[str, int]:
    """Their skills, as if they were the one agent who is asked alone: that is so for some seconds, never for ever."""
    alone = only_of(requirement)
    return {**ability.skills, f"{ONLY}{alone}": 1} if alone else ability.skills


def stands(requirement: str, ability: Ability) -> Standing:
    """How who can do this stands to a requirement set, in the long run."""
    return standing(requirement, skills=able_to(requirement, ability), queues=ability.queues)


class Reached(NamedTuple):
    """Of the roster, how many satisfy a requirement set; where nobody does, what the nearest lacks."""

    able: int
    lacks: dict[str, int]
    """Skills with the levels asked for; empty where nobody so much as serves the queue, too."""


def reached(requirement: str, roster: Iterable[tuple[Ability, int]]) -> Reached:
    """Whom a requirement set reaches, of abilities and how many agents have each. Pure."""
    able = 0
    nearest: dict[str, int] | None = None
    for ability, agents in roster:
        how = stands(requirement, ability)
        if how is Standing.SATISFIES:
            able += agents
        elif how is not Standing.NO_QUEUE and not able:
            lacks = lacking(requirement, able_to(requirement, ability))
            nearest = lacks if nearest is None or len(lacks) < len(nearest) else nearest
    return Reached(able, {} if able else nearest or {})


class Reach:
    """The enabled agents by what they can do. An edit here shows at once, another process's in ten seconds.

    Agents who can do the same count as one line, and an answer holds until the roster is another: asking again for
    what still waits costs next to nothing.
    """

    def __init__(self, repository: Repository, *, fresh_s: float = _FRESH_S) -> None:
        self._repository = repository
        self._fresh_s = fresh_s
        self._read_at = float("-inf")
        self._edits = 0
        self._reading = asyncio.Lock()
        self._known: Counter[_Line] = Counter()
        self._roster: list[tuple[Ability, int]] = []
        self._answers: dict[str, Reached] = {}

    def forget(self) -> None:
        """The roster was edited: read it again, also if it is just being read."""
        self._edits += 1
        self._read_at = float("-inf")

    async def of(self, requirements: Iterable[str]) -> dict[str, Reached]:
        """Whom each reaches. RecordAway if the roster cannot be read."""
        await self._refresh()
        roster, answers, found = self._roster, self._answers, {}
        for requirement in requirements:
            if requirement not in answers:
                if len(answers) >= 10 * MOST_AT_ONCE:
                    answers.clear()
                answers[requirement] = reached(requirement, roster)
                await asyncio.sleep(0)  # ten thousand agents are some ten milliseconds: sockets come between
            found[requirement] = answers[requirement]
        return found

    async def of_waiting(self, waiting: Iterable[Waiting]) -> dict[str, Reached]:
        """Whom each set reaches that something waits for and no available agent satisfies. RecordAway.

        The hundred that most wait for; whoever is available is proof enough for the others.
        """
        hopeless = sorted((one for one in waiting if one.waiting and not one.eligible), key=lambda one: -one.waiting)
        return await self.of(one.requirement for one in hopeless[:MOST_AT_ONCE]) if hopeless else {}

    async def _refresh(self) -> None:
        async with self._reading:
            if time.monotonic() - self._read_at <= self._fresh_s:
                return
            asked_at, edits = time.monotonic(), self._edits
            known = Counter(_line(one) for one in (await self._repository.roster.abilities()).values())
            if known != self._known:
                self._known, self._answers = known, {}
                self._roster = [(Ability(dict(skills), queues), agents) for (skills, queues), agents in known.items()]
            if edits == self._edits:
                self._read_at = asked_at


_Line = tuple[frozenset[tuple[str, int]], frozenset[str]]


def _line(one: Ability) -> _Line:
    return frozenset(one.skills.items()), frozenset(one.queues)
