"""A shard's `inbound`: applied in order, once, whatever is killed in between."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Iterable
from itertools import count
from typing import Any

from tests.soak.floor import ROUTES, SHARDS, TERM, THREADS
from tests.soak.journal import Fields, Journal
from trunkline.board import Board, BoardAway
from trunkline.ids import new_conversation_id, new_id, random_bits, shard_of
from trunkline.requirements import channel_of

_AWAY_S = 0.05
_SHARE = 0.5
"""Messages for each round of an agent's."""
_BURST = 8
_NOT_NOW = {b"closed", b"stale", b"gap"}
_SAID = '{"message":{}}'

Item = tuple[str, tuple[str, Fields]]


class Inbound:
    """One shard's, of one life."""

    def __init__(self, board: Board, shard: int, name: str, journal: Journal, chance: random.Random) -> None:
        self._board = board
        self._shard = shard
        self._name = name
        self._journal = journal
        self._chance = chance
        self._numbers = count()
        self._next = 0
        self._due = 1.0
        self._more = asyncio.Event()
        self._lately: deque[str] = deque(maxlen=20)
        self._known: deque[str] = deque(maxlen=20)

    async def start(self, unanswered: list[Item]) -> None:
        """Apply what an earlier life may not have, and learn where the shard is."""
        await self._apply(unanswered)
        while True:
            answer = await self._board.submit("ledger", str(SHARDS))
            if answer[0] == b"ok":
                self._next = int(answer[1][self._shard][0]) + 1
                return
            await asyncio.sleep(_AWAY_S)

    def more(self) -> None:
        """An agent has done something: customers write in proportion."""
        self._due = min(self._due + _SHARE, _BURST)
        self._more.set()

    def noted(self, states: Iterable[dict[str, str]]) -> None:
        """Conversations that are there, for what notify could not deliver."""
        self._known += [state["id"] for state in states if state["id"].startswith(f"{self._shard}-")]

    async def due(self) -> None:
        """Return when a message is."""
        while self._due < 1:
            self._more.clear()
            await self._more.wait()

    async def some(self) -> None:
        """Apply all messages that are due."""
        many, self._due = int(self._due), self._due % 1
        await self._apply([self._item() for _ in range(many)])

    # --- what is written ----------------------------------------------------------------------------------

    def _item(self) -> Item:
        offset, self._next = self._next, self._next + 1
        message, again, verb = f"{self._name}-in-{next(self._numbers)}", False, "receive"
        luck = self._chance.random()
        if luck < 0.02 and self._lately:
            message, again = self._chance.choice(self._lately), True
        elif luck < 0.03:
            verb = "prefer"
        elif luck < 0.04 and self._known:
            verb = "undeliver"
        elif luck < 0.043:
            verb = "refuse"
        elif not again:
            self._lately.append(message)
        start = [str(self._shard), TERM, str(offset), message]
        item = f"{message}@{offset}", ("receive", {"move": [verb, *start, *self._of(verb)], "again": again})
        self._journal.asked(item[0], *item[1])
        return item

    def _of(self, verb: str) -> list[str]:
        thread = self._chance.choice(THREADS[self._shard])
        if verb == "prefer":
            return [thread, self._chance.choice("0001"), f'{{"thread":"{thread}","opted_out":false}}']
        if verb == "refuse":
            return ["not a message"]
        if verb == "undeliver":
            return [self._chance.choice(self._known), '{"message":"x","kind":"failed","text":""}']
        route = self._chance.choice(ROUTES)
        name = new_conversation_id(self._shard)
        return [
            thread, str(random_bits(40)), "new", _SAID, name, "sms-main", channel_of(route.requirement), "tel",
            thread.rpartition(":")[2], "", "", "", *route.arguments(), route.say,
        ]  # fmt: skip

    def beginning(self, agent: str) -> Fields:
        """A conversation that an agent begins, on any shard."""
        thread = self._chance.choice(THREADS[self._chance.randrange(SHARDS)])
        contact = ["tel", thread.rpartition(":")[2]]
        route = self._chance.choice(ROUTES)
        return {
            "agent": agent, "conversation": f"{shard_of(thread, SHARDS)}-{new_id()}", "thread": thread,
            "account": "sms-main", "channel": channel_of(route.requirement), "contact": contact,
            "route": list(route.arguments()), "per_minute": 600, "body": '{"by":"x"}',
        }  # fmt: skip

    # --- applying -----------------------------------------------------------------------------------------

    async def _apply(self, items: list[Item]) -> None:
        """In order; what the board did not take, because it was away, is asked again from there."""
        left = deque(items)
        while left:
            asked = [self._board.submit(*item[1][1]["move"]) for item in left]
            for answer in await asyncio.gather(*asked, return_exceptions=True):
                if isinstance(answer, BoardAway) or (not isinstance(answer, BaseException) and answer[0] in _NOT_NOW):
                    await asyncio.sleep(_AWAY_S)  # killed: it comes back, and nothing tells us when
                    break
                if isinstance(answer, BaseException):
                    raise answer
                self._answered(left.popleft(), answer)

    def _answered(self, item: Item, answer: list[Any]) -> None:
        name, (_, fields) = item
        code = answer[0].decode()
        if code == "ok" or (code == "refused" and fields["move"][0] == "refuse"):
            self._journal.answered(name, code, int(answer[1]), answer[2].decode())
        elif code in {"applied", "duplicate", "gone"}:
            if code == "duplicate" and not fields["again"]:
                self._journal.wrong(f"{name} was lost: it is no duplicate")
            self._journal.answered(name, code)
        else:
            self._journal.wrong(f"{name}: {answer!r:.300}")
            self._journal.answered(name, code)
