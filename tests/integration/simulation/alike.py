"""One random floor on the board and on its reference: do they decide alike?"""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.integration.simulation.floors import random_scenario
from trunkline.board import Board
from trunkline.events import Profile
from trunkline.simulation.moves import Command, Moves, Told
from trunkline.simulation.play import Play
from trunkline.simulation.reference import Reference
from trunkline.simulation.scenario import Scenario
from trunkline.simulation.tally import Figures, Tally
from trunkline.simulation.virtual import VirtualBoard

HOURS = 0.5


class Heard:
    """A board, and everything it ever decided."""

    def __init__(self, moves: Moves) -> None:
        self._moves = moves
        self.decided: list[tuple[int, Told]] = []

    @property
    def next_timer_ms(self) -> int | None:
        return self._moves.next_timer_ms

    async def open(self, agents: Sequence[tuple[Profile, bool]]) -> None:
        await self._moves.open(agents)

    async def step(self, now_ms: int, commands: Sequence[Command]) -> list[Told]:
        told = await self._moves.step(now_ms, commands)
        self.decided += [(now_ms, one) for one in told]
        return told


async def decided_alike(url: str, seed: int) -> list[Told]:
    """What both decided on the floor of this seed; AssertionError at the first decision in which they differ."""
    return await decided_alike_on(url, random_scenario(random.Random(seed), hours=HOURS), seed)


async def decided_alike_on(url: str, scenario: Scenario, seed: int) -> list[Told]:
    """The same on this floor, with the customers of this seed."""
    reference = Heard(Reference())
    expected = await _play(scenario, reference, seed)
    async with Board(url, deployment=f"identity-{seed}", shards=1) as connection:
        virtual = VirtualBoard(connection)
        board = Heard(virtual)
        figures = await _play(scenario, board, seed)
        await virtual.forget()

    for number, (ours, theirs) in enumerate(zip(board.decided, reference.decided, strict=False)):
        assert ours == theirs, f"decision {number} of seed {seed}: the board {ours}, its reference {theirs}"
    assert len(board.decided) == len(reference.decided), f"seed {seed}: one of them went on"
    assert figures == expected, f"seed {seed}"
    return [told for _, told in board.decided]


async def _play(scenario: Scenario, moves: Moves, seed: int) -> Figures:
    tally = Tally(scenario)
    await Play(scenario, moves, tally, seed=seed, replication=0).run()
    return tally.figures()
