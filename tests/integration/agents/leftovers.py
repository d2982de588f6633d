"""Nothing of a test is left on the floor: what waits, or comes back later, would reach the next test's agents."""

from __future__ import annotations

import asyncio

from services.agents.ledger import difference
from trunkline.board import Board, BoardAway, BoardClosed, moves
from trunkline.bus import Bus, BusError
from trunkline.events import AssignmentDetails, CloseDetails, Presence, Profile, Status
from trunkline.ids import new_id

_WITHIN_S = 30
_WAITS = {Status.QUEUED, Status.OFFERED}
_DEVICE = "device-of-the-sweeper"


class Leftovers:
    """Looks at the board beside the deployment that makes the moves."""

    def __init__(self, bus: Bus, board: Board) -> None:
        self._bus = bus
        self._board = board

    async def open(self) -> dict[str, Status]:
        """Every conversation on the board that is not closed."""
        client, prefix = self._board.client, self._board.keys.under(await self._board.read_generation())
        keys = [key async for key in client.scan_iter(match=f"{prefix}c:*", count=1_000)]
        statuses = [await client.hget(key, "status") for key in keys]
        found = zip(keys, statuses, strict=True)
        return {
            key.decode().removeprefix(f"{prefix}c:"): Status(status.decode())
            for key, status in found
            if status not in {None, Status.CLOSED.value.encode()}
        }

    async def sweep(self, before: dict[str, Status]) -> list[str]:
        """End what waits or is offered, and what a test began and did not end; which conversations those were.

        What was open `before`, and is somebody's, belongs to a fixture that outlives the test.
        """
        await self._settled()
        left = [name for name, status in (await self.open()).items() if status in _WAITS or name not in before]
        if left:
            await self._end(left)
        return left

    async def _settled(self) -> None:
        """All that was accepted is decided: what a test sent with its last breath, too."""
        async with asyncio.timeout(_WITHIN_S):
            while True:
                try:
                    if not any(await difference(self._bus, self._board)):
                        return
                except (BusError, BoardAway, BoardClosed):
                    pass  # the test hurt it, and its deployment is about to be whole again
                await asyncio.sleep(0.02)

    async def _end(self, conversations: list[str]) -> None:
        """By a supervisor who takes each and closes it: what was offered or owned is given up in the same move."""
        sweeper, board = f"sweeper-{new_id()}", self._board
        profile = Profile(agent=sweeper, name="Sweeper", version=1, capacity=0, skills={}, queues=())
        await moves.arrive(
            board, operation=new_id(), profile=profile, device=_DEVICE, lease_ms=60_000, presence=Presence.AVAILABLE
        )
        given = AssignmentDetails(by=sweeper, to=sweeper).model_dump_json().encode()
        closed = CloseDetails(code="", note="").model_dump_json().encode()
        for one in conversations:
            who = {"agent": sweeper, "conversation": one}
            await moves.assign(board, operation=new_id(), to=sweeper, body=given, **who)
            await moves.close(board, operation=new_id(), body=closed, **who)
        await moves.leave(board, agent=sweeper, device=_DEVICE, grace_ms=0)
        still = set(await self.open()) & set(conversations)
        assert not still, f"could not be ended: {still}"
