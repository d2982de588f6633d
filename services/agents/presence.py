"""Keeping an agent's device on the board while its socket lives."""

from __future__ import annotations

import asyncio

import structlog

from services.agents.repository import Agent
from trunkline.board import Board, BoardAway, BoardClosed, MoveBroken, moves
from trunkline.events import Presence
from trunkline.ids import new_id

log = structlog.get_logger()

HEARTBEAT_S = 15
LEASE_MS = 45_000
GRACE_MS = 10_000
_RETRY_S = 0.5


class Attendance:
    """One device's presence: arrives, prolongs, arrives again when the board was rebuilt, says goodbye."""

    def __init__(self, board: Board, agent: Agent, device: str) -> None:
        self._board = board
        self._device = device
        self.agent = agent
        self.presence = Presence.AVAILABLE

    async def arrive(self) -> None:
        """Be on the board; waits as long as it is closed or away."""
        while True:
            try:
                answer = await moves.arrive(
                    self._board, operation=new_id(), profile=self.agent.profile, device=self._device,
                    lease_ms=LEASE_MS, presence=self.presence,
                )  # fmt: skip
            except (BoardClosed, BoardAway):
                await asyncio.sleep(_RETRY_S)
                continue
            if answer.ok and answer.version:
                self.presence = Presence(answer.version)
            return

    async def beat(self) -> None:
        """Prolong the lease. What the board no longer knows arrives again, with the presence it had."""
        try:
            answer = await moves.heartbeat(self._board, agent=self.agent.id, device=self._device, lease_ms=LEASE_MS)
        except (BoardClosed, BoardAway):
            return  # deadlines and leases get a full period once the board is back
        if answer.code == "arrive":
            await self.arrive()
        elif answer.version:
            self.presence = Presence(answer.version)

    async def leave(self) -> None:
        """The socket is gone; ten seconds for it to come back."""
        try:
            await moves.leave(self._board, agent=self.agent.id, device=self._device, grace_ms=GRACE_MS)
        except (BoardClosed, BoardAway, MoveBroken) as error:
            log.info("leave_untold", reason=str(error))  # its lease ends by itself
