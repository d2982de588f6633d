"""What an edit of the roster left waiting for nobody: the edit is made, and whoever made it is told."""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from pydantic import BaseModel, Field

from services.agents.reach import MOST_AT_ONCE, Reach, stands
from services.agents.repository import Agent, RecordAway
from trunkline.board import Board, BoardAway, BoardClosed, looks
from trunkline.board.looks import Waiting
from trunkline.standing import Standing

log = structlog.get_logger()


class Stranded(BaseModel):
    """What waits, and nobody of the roster can take any more."""

    queue: str
    skills: dict[str, int] = Field(description="what it asks for")
    waiting: int


async def stranded(board: Board, reach: Reach, before: Agent) -> list[Stranded] | None:
    """What this agent could have taken as they were before the edit, and now nobody can; None if that is not known.

    Of the hundred requirement sets of theirs for which most waits, the most first.
    """
    try:
        theirs = _satisfied(await looks.waiting(board), before)
        found = await reach.of(one.requirement for one in theirs)
    except (BoardClosed, BoardAway, RecordAway) as error:
        log.info("stranded_not_known", agent=before.id, reason=str(error))
        return None
    return [
        Stranded(queue=one.queue, skills=one.skills, waiting=one.waiting)
        for one in theirs
        if not found[one.requirement].able
    ]


def _satisfied(waiting: Iterable[Waiting], agent: Agent) -> list[Waiting]:
    theirs = [one for one in waiting if one.waiting and stands(one.requirement, agent.ability) is Standing.SATISFIES]
    return sorted(theirs, key=lambda one: -one.waiting)[:MOST_AT_ONCE]
