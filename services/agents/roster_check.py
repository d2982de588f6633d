"""The roster and the board compared: an edit the board did not hear of (it was closed just then) is told again."""

from __future__ import annotations

import asyncio

import structlog

from services.agents.repository import RecordAway, Repository
from trunkline.board import Board, BoardAway, BoardClosed, hash_of, moves
from trunkline.ids import new_id

log = structlog.get_logger()

_EVERY_S = 60.0


async def compare(board: Board, repository: Repository) -> int:
    """Bring the board every present agent's newer profile; how many there were.

    BoardClosed, BoardAway or RecordAway: the next comparison will do it.
    """
    _, flat = await board.call("profiles")
    there = {name: int(version) for name, version in hash_of(flat).items()}
    if not there:
        return 0
    versions = await repository.roster.versions()
    told = 0
    for agent, version in there.items():
        if versions.get(agent, 0) <= version:
            continue
        row = await repository.roster.get(agent)
        if row is not None and not row.disabled:
            await moves.set_profile(board, operation=new_id(), profile=row.profile)
            told += 1
    return told


async def run_comparison(board: Board, repository: Repository, *, every_s: float = _EVERY_S) -> None:
    """Compare each minute, for ever."""
    while True:
        await asyncio.sleep(every_s)
        try:
            if told := await compare(board, repository):
                log.warning("board_had_old_profiles", agents=told)
        except (BoardClosed, BoardAway, RecordAway) as error:
            log.info("roster_comparison_waits", reason=str(error))
