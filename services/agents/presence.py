"""Keeping an agent's device on the board while its socket lives."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

import structlog

from services.agents.repository import Agent
from trunkline.board import Answer, Board, BoardAway, BoardClosed, MoveBroken, moves
from trunkline.events import Presence
from trunkline.ids import new_id

log = structlog.get_logger()

_RETRY_S = 0.5


@dataclass(frozen=True, slots=True)
class Times:
    """How long a desk waits for what, in seconds; only tests have others than these."""

    hello_s: float = 5.0
    heartbeat_s: float = 15.0
    """How often the client is asked to say that it lives."""
    lease_s: float = 45.0
    """How long a device stays on the board without a heartbeat."""
    silent_s: float = 45.0
    """How long a socket may say nothing at all."""
    grace_s: float = 10.0
    """How long a device whose socket ended may take to come back."""
    look_s: float = 5.0
    """How often whoever speaks is asked to be signed in still."""
    farewell_s: float = 20.0
    """How long a client that does not read may take to read why its socket is closed."""


class Attendance:
    """One device's presence: arrives, prolongs, arrives again when the board was rebuilt, says goodbye."""

    def __init__(self, board: Board, agent: Agent, device: str, times: Times, *, ramp_up: str = "") -> None:
        self._board = board
        # Each socket has a lease of its own: an old one's goodbye, however late, ends nothing of a newer one's.
        self._device = f"{device}.{secrets.token_hex(4)}"
        self._ramp_up = ramp_up
        self._lease_ms = int(times.lease_s * 1_000)
        self._grace_ms = int(times.grace_s * 1_000)
        self.agent = agent
        self.presence = Presence.AVAILABLE
        self.reason = ""
        self.draining = False

    async def arrive(self) -> None:
        """Be on the board; waits as long as it is closed or away. Who arrives once more, on a board that was rebuilt,
        has been at work all the while: they do not ramp up."""
        while True:
            try:
                answer = await moves.arrive(
                    self._board, operation=new_id(), profile=self.agent.profile, device=self._device,
                    lease_ms=self._lease_ms, presence=self.presence, reason=self.reason,
                    draining=self.draining, ramp_up=self._ramp_up,
                )  # fmt: skip
            except (BoardClosed, BoardAway):
                await asyncio.sleep(_RETRY_S)
                continue
            self._ramp_up = ""
            self._learn(answer)
            return

    async def beat(self) -> None:
        """Prolong the lease. What the board no longer knows arrives again, with the presence it had."""
        try:
            answer = await moves.heartbeat(
                self._board, agent=self.agent.id, device=self._device, lease_ms=self._lease_ms
            )
        except (BoardClosed, BoardAway):
            return  # deadlines and leases get a full period once the board is back
        if answer.code == "arrive":
            await self.arrive()
        else:
            self._learn(answer)

    def _learn(self, answer: Answer) -> None:
        if answer.ok and answer.version:
            self.presence, self.reason = Presence(answer.version), answer.subject
            self.draining = answer.also == "1"

    async def leave(self) -> None:
        """The socket is gone; a moment's grace for it to come back."""
        try:
            await moves.leave(self._board, agent=self.agent.id, device=self._device, grace_ms=self._grace_ms)
        except (BoardClosed, BoardAway, MoveBroken) as error:
            log.info("leave_untold", reason=str(error))  # its lease ends by itself
