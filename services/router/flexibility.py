"""Once a minute: how flexible each agent is, for the index. Only the owner of shard 0 reckons it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

import structlog

from services.router.core import Core
from services.router.shard import Shard
from trunkline.board import Board, BoardAway, BoardClosed
from trunkline.board.looks import waiting
from trunkline.flexibility import Able, Loads, changed, flexibilities
from trunkline.requirements import weight_of

log = structlog.get_logger()

_T = TypeVar("_T")

_EVERY_S = 60.0
_AT_ONCE = 100
"""Agents a call: each costs the board a few dozen µs, and other moves wait meanwhile."""


async def run_flexibility(core: Core, owned: Callable[[], Iterable[Shard]]) -> None:
    """Reckon for ever. A board that is away or shut is tried again a minute later: the order stays as it was."""
    loads, before = Loads(), time.monotonic()
    while True:
        await asyncio.sleep(_EVERY_S)
        if not any(shard.number == 0 and shard.verified for shard in owned()):
            loads = Loads()
            continue
        now = time.monotonic()
        try:
            told = await reckon(core.board, loads, after_s=now - before)
        except (BoardClosed, BoardAway) as error:
            log.debug("flexibility_waits", reason=str(error))
            continue
        before = now
        log.debug("flexibility_reckoned", changed=told)


async def reckon(board: Board, loads: Loads, *, after_s: float) -> int:
    """Look at the floor and tell the board whose flexibility changed; how many did. BoardClosed, BoardAway."""
    agents, at_work = await _look(board)
    for line in await waiting(board):
        at_work[line.requirement] += line.waiting * weight_of(line.requirement)
    loads.see(at_work, after_s=after_s)
    news = changed(agents, flexibilities(loads.seen, agents))
    for some in _some(news.items()):
        await board.call("flex", *(text for agent, value in some for text in (agent, f"{value:.4f}")))
    return len(news)


async def _look(board: Board) -> tuple[list[Able], Counter[str]]:
    """Who is there, and the weight of what they have by requirement set."""
    _, present = await board.call("present")
    agents: list[Able] = []
    at_work: Counter[str] = Counter()
    for some in _some(present):
        _, lines = await board.call("demand", *some)
        for line in lines:
            agents.append(_able(line))
            for requirement in line[4]:
                at_work[requirement.decode()] += weight_of(requirement.decode())
    return agents, at_work


def _some(items: Iterable[_T]) -> Iterator[list[_T]]:
    left = iter(items)
    while some := list(islice(left, _AT_ONCE)):
        yield some


def _able(line: list[Any]) -> Able:
    name, capacity, flexibility, satisfies, _ = line
    return Able(name.decode(), int(capacity), float(flexibility), tuple(one.decode() for one in satisfies))
