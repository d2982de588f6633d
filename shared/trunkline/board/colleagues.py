"""Who is on the board, for people who pass work on to each other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from trunkline.board.client import Board, safe
from trunkline.events import Presence


class Standing(NamedTuple):
    """How a present agent stands. `room` is in weights; 0 also for who holds more than their capacity."""

    presence: Presence
    reason: str
    room: int


async def present(board: Board) -> set[str]:
    """Ids of the agents who are available or away. BoardClosed or BoardAway as of every call."""
    answer = await board.call("present")
    return {name.decode() for name in answer[1]}


async def standings(board: Board, agents: Iterable[str]) -> dict[str, Standing]:
    """How these agents stand, without those who are not present; all of one moment."""
    answer = await board.call("standing", *(safe(agent) for agent in agents))
    return {
        name.decode(): Standing(Presence(presence.decode()), reason.decode(), max(0, int(capacity) - int(load)))
        for name, presence, reason, capacity, load in answer[1]
    }
