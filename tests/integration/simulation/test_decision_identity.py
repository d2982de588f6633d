"""The board and its plain-Python reference, asked alike on random floors, decide alike: every offer, to the last tie.

TRUNKLINE_TEST_OFFERS: go on until so many were made; TRUNKLINE_TEST_SEED: the first floor's seed, as a failure tells.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Sequence
from itertools import count

import pytest

from tests.integration.simulation.floors import random_scenario
from trunkline.board import Board
from trunkline.events import Profile
from trunkline.simulation.moves import Command, Kind, Moves, Told
from trunkline.simulation.play import Play
from trunkline.simulation.reference import Reference
from trunkline.simulation.scenario import Scenario
from trunkline.simulation.tally import Figures, Tally
from trunkline.simulation.virtual import VirtualBoard
from trunkline.testing.servers import Valkey

OFFERS = int(os.environ.get("TRUNKLINE_TEST_OFFERS", "800"))
SEED = int(os.environ.get("TRUNKLINE_TEST_SEED") or random.randrange(2**32))


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


async def play(scenario: Scenario, moves: Moves, seed: int) -> Figures:
    tally = Tally(scenario)
    await Play(scenario, moves, tally, seed=seed, replication=0).run()
    return tally.figures()


@pytest.mark.timeout(60 + OFFERS // 20)
async def test_the_board_decides_as_its_reference_does(valkey: Valkey) -> None:
    seen: Counter[Kind] = Counter()
    for seed in count(SEED):
        scenario = random_scenario(random.Random(seed), hours=0.5)
        reference = Heard(Reference())
        expected = await play(scenario, reference, seed)
        async with Board(valkey.url, deployment=f"identity-{seed}", shards=1) as connection:
            virtual = VirtualBoard(connection)
            board = Heard(virtual)
            figures = await play(scenario, board, seed)
            await virtual.forget()

        for number, (ours, theirs) in enumerate(zip(board.decided, reference.decided, strict=False)):
            assert ours == theirs, f"decision {number} of seed {seed}"
        assert len(board.decided) == len(reference.decided), f"seed {seed}"
        assert figures == expected
        before = seen[Kind.OFFERED]
        seen.update(told.kind for _, told in board.decided)
        if seen[Kind.OFFERED] // 10_000 > before // 10_000:
            print(f"{seen[Kind.OFFERED]} offers decided alike", flush=True)
        if seen[Kind.OFFERED] >= OFFERS:
            break

    print(f"{seen[Kind.OFFERED]} of {seen[Kind.OFFERED]} offers decided alike")
    assert min(seen[kind] for kind in (Kind.ACCEPTED, Kind.WIDENED, Kind.CLOSED)) > 0, "the floors prove nothing"
