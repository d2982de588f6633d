"""Who is on the board, for people who pass work on to each other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from trunkline.board.client import Board
from trunkline.board.looks import attendance
from trunkline.events import Presence


class Standing(NamedTuple):
    """How a present agent stands. `room` is in weights; 0 also for who holds more than their capacity, or drains."""

    presence: Presence
    reason: str
    room: int


async def present(board: Board) -> set[str]:
    """Ids of the agents who are available or away. BoardClosed or BoardAway as of every call."""
    answer = await board.call("present")
    return {name.decode() for name in answer[1]}


async def standings(board: Board, agents: Iterable[str]) -> dict[str, Standing]:
    """How these agents stand, without those who are not present; all of one moment."""
    asked = list(agents)
    found = await attendance(board, asked) if asked else []  # nobody named would be everybody
    return {one.agent: Standing(one.presence, one.reason, one.room) for one in found}
