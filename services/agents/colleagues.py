"""To whom a conversation can be passed on: names from the roster, presence and room from the board."""

from __future__ import annotations

import asyncio
import time
from typing import NamedTuple

from pydantic import BaseModel, Field

from services.agents.repository import BadCursor, RecordAway, Repository, folded
from trunkline.board import Board
from trunkline.board.colleagues import present, standings
from trunkline.events import Presence

_FRESH_S = 10.0


class Colleague(BaseModel):
    """A present agent, as others need to know them."""

    id: str
    name: str
    presence: Presence = Field(description="only who is available can be offered a transfer")
    reason: str = Field(description="of being away", examples=["lunch"])
    room: int = Field(description="weight they could still take; an offer uses the conversation's")


class Found(NamedTuple):
    """Some colleagues in the order of their names, and where the next page begins (None at the end)."""

    agents: list[Colleague]
    next: str | None


class _Name(NamedTuple):
    folded: str
    agent: str
    shown: str


class Colleagues:
    """The present agents by name. An edit of the roster shows at once, one made by another process in ten seconds.

    While the record is away the names it last gave are used: passing work on needs no record.
    """

    def __init__(self, board: Board, repository: Repository, *, fresh_s: float = _FRESH_S) -> None:
        self._board = board
        self._repository = repository
        self._fresh_s = fresh_s
        self._names: list[_Name] = []
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def page(self, *, but: str, words: str = "", after: str = "", limit: int = 50) -> Found:
        """Present agents other than `but` with `words` in their name, behind the agent `after`.

        BadCursor if no agent has that id. RecordAway if no name is known yet; BoardClosed or BoardAway.
        """
        names = await self._known()
        place = next((name for name in names if name.agent == after), None)
        if after and place is None:
            raise BadCursor("`after` is the id of the last agent of the page before")
        there = await present(self._board) - {but}
        wanted = [
            name
            for name in names
            if name.agent in there and folded(words.strip()) in name.folded and (place is None or name > place)
        ]
        page = wanted[:limit]
        how = await standings(self._board, [name.agent for name in page])
        agents = [
            Colleague(id=name.agent, name=name.shown, **how[name.agent]._asdict()) for name in page if name.agent in how
        ]
        return Found(agents, page[-1].agent if len(wanted) > limit else None)

    def forget(self) -> None:
        """The roster was edited: read it again."""
        self._read_at = float("-inf")

    async def _known(self) -> list[_Name]:
        async with self._reading:
            if time.monotonic() - self._read_at > self._fresh_s:
                try:
                    found = await self._repository.roster.names()
                except RecordAway:
                    if not self._names:
                        raise
                else:
                    self._names = sorted(_Name(folded(name), agent, name) for agent, name in found.items())
                self._read_at = time.monotonic()
            return self._names
