"""A process that makes moves: as a shard's owner and, like all the others at the same time, as every agent.

Nobody coordinates: two processes answer one offer, one closes what another transfers, one acts on what it saw a while
ago. Each move is in the journal before it is sent; killed, the next life repeats what it has no answer to.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.soak.floor import CAPACITIES, FOR_EVER_MS, LOOSE, TERM, holdings_wrong, profile
from tests.soak.inbound import Inbound
from tests.soak.intents import Intents
from tests.soak.journal import Fields, Journal, read
from trunkline.board import Answer, Board, BoardAway, BoardClosed, MoveBroken, moves
from trunkline.events import Presence, Profile
from trunkline.messages import Address

ACTORS = 12
"""Who act at once in one process: what they ask meets in one call."""
_AWAY_S = 0.05
_TICK_S = 0.02
_STALE = 0.1
"""Share of rounds that act on what was seen some time ago."""

State = dict[str, str]


class Mover:
    """One life of one mover; its shard is its number."""

    def __init__(self, board: Board, number: int, life: int, path: Path) -> None:
        self.board = board
        self.number = number
        self._unanswered = read(path).unanswered
        self._journal = Journal(path)
        self._chance = random.Random(f"{number}/{life}")
        self._name = f"m{number}.{life}"
        self._operations = count()
        self._intents = Intents(self._chance)
        self._inbound = Inbound(board, number, self._name, self._journal, self._chance)
        self._seen: dict[str, list[State]] = {}
        self._put_off: list[tuple[str, str]] = []
        self._going = asyncio.Event()
        self._going.set()
        self._busy = 0
        self._rests = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    # --- life ---------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Repeat what an earlier life has no answer to, in its order; then begin."""
        await self._inbound.start([asked for asked in self._unanswered.items() if asked[1][0] == "receive"])
        for operation, (verb, fields) in self._unanswered.items():
            if verb != "receive":
                await self._until_answered(operation, verb, fields)
        loops = [self._arriving, self._receiving, self._timing, *[self._acting] * ACTORS]
        self._tasks = [asyncio.create_task(loop()) for loop in loops]

    async def hold(self) -> None:
        """Begin nothing more, and return when everything begun was answered."""
        self._going.clear()
        while self._busy:
            self._rests.clear()
            await self._rests.wait()
        for task in self._tasks:
            if task.done():
                task.result()

    async def go(self) -> None:
        """Go on."""
        self._going.set()

    async def end(self) -> None:
        """Stop for good, whatever is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._journal.close()

    @asynccontextmanager
    async def _working(self) -> AsyncIterator[None]:
        await self._going.wait()
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            self._rests.set()

    # --- one move -----------------------------------------------------------------------------------------

    async def _make(self, verb: str, fields: Fields) -> Answer:
        operation = f"{self._name}-{next(self._operations)}"
        self._journal.asked(operation, verb, fields)
        answer = await self._until_answered(operation, verb, fields)
        if self._chance.random() < 0.02 and answer.ok and answer.outbox:
            again = await self._until_answered(operation, verb, fields)
            if (again.version, again.outbox) != (answer.version, answer.outbox):
                self._journal.wrong(f"{verb} {operation} was answered {answer}, then {again}")
        return answer

    async def _until_answered(self, operation: str, verb: str, fields: Fields) -> Answer:
        while True:
            try:
                answer = await _call(self.board, operation, verb, fields)
            except (BoardAway, BoardClosed):
                await asyncio.sleep(_AWAY_S)  # it was killed: it comes back, and nothing tells us when
            except MoveBroken as error:
                self._journal.wrong(f"{verb} {operation}: {error}")
                raise
            else:
                self._journal.answered(operation, answer.code, answer.shard, answer.outbox)
                return answer

    async def _ask(self, verb: str, *arguments: str) -> list[Any]:
        """What needs no operation id."""
        while True:
            try:
                return await self.board.call(verb, *arguments)
            except (BoardAway, BoardClosed):
                await asyncio.sleep(_AWAY_S)
            except MoveBroken as error:
                self._journal.wrong(f"{verb} {arguments}: {error}")
                raise

    # --- the shard's owner --------------------------------------------------------------------------------

    async def _receiving(self) -> None:
        while True:
            await self._inbound.due()
            async with self._working():
                await self._inbound.some()

    async def _timing(self) -> None:
        """Timers at the pace of a router, and a sweep that must find nothing."""
        for turn in count():
            async with self._working():
                ticked = await self._ask("tick", str(self.number), TERM, "200")
                for broken in ticked[4]:
                    self._journal.wrong(f"a timer broke: {broken.decode(errors='replace')[:300]}")
                if turn % 5 == 0:
                    found = int((await self._ask("sweep", str(self.number), TERM))[1])
                    if found:
                        self._journal.wrong(f"the sweep found {found} stranded")
            await asyncio.sleep(_TICK_S)

    # --- agents -------------------------------------------------------------------------------------------

    async def _arriving(self) -> None:
        """Some of the agents come with us; later ones come as they went."""
        async with self._working():
            for agent in list(CAPACITIES)[self.number :: 8]:
                await self._arrive(agent)

    async def _arrive(self, agent: str) -> None:
        version = time.time_ns() // 1_000_000
        await self._make(
            "arrive", {"profile": profile(agent, version, self._chance).model_dump(), "presence": "available"}
        )

    async def _acting(self) -> None:
        while True:
            async with self._working():
                agent = self._chance.choice(list(CAPACITIES))
                states = self._seen.get(agent) if self._chance.random() < _STALE else None
                for state in await self._holding(agent) if states is None else states:
                    intended = self._intents.of(agent, state)
                    answers = await asyncio.gather(*(self._make(verb, fields) for verb, fields in intended))
                    self._remember(agent, intended, answers)
                await self._now_and_then(agent)
                self._inbound.more()

    async def _holding(self, agent: str) -> list[State]:
        """What the agent has, as one script sees it; that itself must be in order."""
        flats = (await self._ask("holding", agent))[1]
        states = [
            {key.decode(): text.decode() for key, text in zip(flat[::2], flat[1::2], strict=True)} for flat in flats
        ]
        for wrong in holdings_wrong(agent, states):
            self._journal.wrong(wrong)
        self._seen[agent] = states
        self._inbound.noted(states)
        return states

    def _remember(self, agent: str, intended: list[tuple[str, Fields]], answers: list[Answer]) -> None:
        for (verb, fields), answer in zip(intended, answers, strict=True):
            if verb == "snooze" and answer.ok:
                self._put_off.append((agent, fields["conversation"]))

    async def _now_and_then(self, agent: str) -> None:
        """What agents and supervisors do besides."""
        luck = self._chance.random()
        if luck < 0.04:
            await self._make("set_presence", {"agent": agent, "presence": "available"})
        elif luck < 0.05:
            await self._make("set_presence", {"agent": agent, "presence": "away"})
        elif luck < 0.07:
            await self._arrive(agent)
        elif luck < 0.075:
            await self._ask("leave", agent, "desk", "0")
        elif luck < 0.08:
            profiled = profile(agent, time.time_ns() // 1_000_000, self._chance)
            await self._make("set_profile", {"profile": profiled.model_dump()})
        elif luck < 0.09:
            await self._ask("flex", agent, f"{self._chance.uniform(0, 3):.4f}")
        elif luck < 0.11 and self._put_off:
            sleeper, conversation = self._put_off.pop()
            await self._make("wake", {"agent": sleeper, "conversation": conversation})
        elif luck < 0.12 and (states := self._seen.get(agent)):
            to = self._chance.choice(LOOSE)
            await self._make("assign", {"agent": "sue", "conversation": states[0]["id"], "to": to, "body": "{}"})
        elif luck < 0.125 and agent in LOOSE:
            await self._make("begin", self._inbound.beginning(agent))


async def _call(board: Board, operation: str, verb: str, fields: Fields) -> Answer:
    arguments = dict(fields)
    if "body" in arguments:
        arguments["body"] = arguments["body"].encode()
    if "profile" in arguments:
        arguments["profile"] = Profile.model_validate(arguments["profile"])
    if "contact" in arguments:
        arguments["contact"] = Address(scheme=arguments["contact"][0], value=arguments["contact"][1])
    if "presence" in arguments:
        arguments["presence"] = Presence(arguments["presence"])
    if verb == "arrive":
        arguments |= {"device": "desk", "lease_ms": FOR_EVER_MS}
    answer: Answer = await getattr(moves, verb)(board, operation=operation, **arguments)
    return answer
