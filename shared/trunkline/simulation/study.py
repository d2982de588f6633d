"""Floors side by side: replication by replication, each with the same customers for all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from trunkline.board import Board
from trunkline.simulation.moves import Moves
from trunkline.simulation.play import Play
from trunkline.simulation.scenario import Scenario
from trunkline.simulation.tally import Figures, Tally
from trunkline.simulation.virtual import VirtualBoard

MakeMoves = Callable[[str], AbstractAsyncContextManager[Moves]]
"""A board of its own for each name."""


@dataclass(slots=True)
class Outcome:
    """What came of one floor: the figures of each replication, and what charts are drawn of."""

    scenario: Scenario
    replications: list[Figures] = field(default_factory=list)
    waits_s: list[list[float]] = field(default_factory=list)
    by_hour: list[dict[int, float]] = field(default_factory=list)
    utilisation: list[dict[str, float]] = field(default_factory=list)
    moments: int = 0
    """How often the board was asked, in all."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replication of a floor is, from 0 to 1."""

    label: str
    replication: int
    share: float


async def study(
    scenarios: Sequence[Scenario],
    make_moves: MakeMoves,
    *,
    seed: int,
    replications: int,
    at_once: int = 4,
    progress: Callable[[Progress], None] = lambda _: None,
) -> list[Outcome]:
    """Play every floor so many times, a few at once: while one board thinks, another's answer is read."""
    gate = asyncio.Semaphore(at_once)

    async def one(scenario: Scenario, replication: int) -> tuple[Tally, int]:
        async with gate, make_moves(f"{scenario.label}-{replication}") as moves:
            tally = Tally(scenario)
            play = Play(scenario, moves, tally, seed=seed, replication=replication)
            await play.run(lambda share: progress(Progress(scenario.label, replication, share)))
            return tally, play.moments

    outcomes = [Outcome(scenario) for scenario in scenarios]
    async with asyncio.TaskGroup() as group:
        plays = [[group.create_task(one(each, number)) for each in scenarios] for number in range(replications)]
    for round_of in plays:
        for outcome, played in zip(outcomes, round_of, strict=True):
            tally, moments = played.result()
            outcome.replications.append(tally.figures())
            outcome.waits_s.append(tally.waits_s())
            outcome.by_hour.append(tally.by_hour())
            outcome.utilisation.append(tally.utilisation())
            outcome.moments += moments
    return outcomes


def boards_at(url: str) -> MakeMoves:
    """Real boards on this server, each under a deployment of its own, thrown away after use."""
    numbers = iter(range(10**9))

    @asynccontextmanager
    async def made(_: str) -> AsyncIterator[Moves]:
        async with Board(url, deployment=f"simulation-{next(numbers)}", shards=1) as board:
            virtual = VirtualBoard(board)
            yield virtual
            await virtual.forget()

    return made
