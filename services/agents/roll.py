"""Everybody at a desk of this process, called again when the board was rebuilt: a new board knows nobody.

Without it each would come back with their next heartbeat, and one that fell into the rebuild with the one after that:
half a minute without agents.
"""

from __future__ import annotations

import asyncio

import structlog

from services.agents.presence import Attendance
from trunkline.board import Board, BoardAway

log = structlog.get_logger()

_LOOK_S = 1.0


class Roll:
    """Who is here."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._here: set[Attendance] = set()

    def join(self, attendance: Attendance) -> None:
        """Call this one, too, from now on."""
        self._here.add(attendance)

    def part(self, attendance: Attendance) -> None:
        """No longer."""
        self._here.discard(attendance)

    async def run(self) -> None:
        """Look for a new generation for ever; an absent board is waited out."""
        known = ""
        while True:
            await asyncio.sleep(_LOOK_S)
            try:
                generation = await self._board.read_generation()
            except BoardAway:
                continue
            if generation and generation != known:
                if known:
                    await self._call(generation)
                known = generation

    async def _call(self, generation: str) -> None:
        """Everybody arrives; it may take until the new board is open. Who cannot, for a reason of their own, keeps
        nobody else from it: their next heartbeat tries again, and tells them if that fails, too."""
        called = list(self._here)
        log.info("roll_called", generation=generation, devices=len(called))
        came = await asyncio.gather(*(self._call_one(each) for each in called), return_exceptions=True)
        for attendance, error in zip(called, came, strict=True):
            if error is not None:
                log.error("roll_call_failed", agent=attendance.agent.id, generation=generation, exc_info=error)

    async def _call_one(self, attendance: Attendance) -> None:
        await attendance.arrive()
        if attendance not in self._here:
            await attendance.leave()  # went away meanwhile: its goodbye was to the old board
