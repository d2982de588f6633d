"""A board anew from the log (DESIGN 3, rule 6): what the owner of shard 0 does when there is none."""

from __future__ import annotations

import asyncio
import secrets
import time

import structlog

from services.router.checkpoint import load_last
from services.router.core import Core, NotYet
from trunkline.board.fold import Fold
from trunkline.board.hours import tell_hours
from trunkline.board.owner import load_scripts, raise_term, swap
from trunkline.board.rebuild import build
from trunkline.bus import Pen, take_pen
from trunkline.bus.tail import last_written
from trunkline.failpoints import afailpoint
from trunkline.metrics import REBUILD_SECONDS, REBUILDS

log = structlog.get_logger()


async def rebuild(core: Core) -> str:
    """Build a board under a new generation and put it in force; its name.

    NotYet when somebody else put one in force meanwhile. Un-relayed entries are gone: they were never acknowledged.
    """
    began = time.monotonic()
    generation = await _next_generation(core)
    log.warning("board_rebuild_begins", generation=generation)
    pens = await _take_all(core, generation)
    await afailpoint("rebuild.taken")
    folds = {shard: await fold_until(core, shard, pens[shard].offset) for shard in pens}
    await load_scripts(core.board)
    await tell_hours(core.board, core.rules().config.clock_calendars)
    conversations = await build(core.board, generation, folds, now_ms=int(time.time() * 1_000))
    await afailpoint("rebuild.built")
    if not await swap(core.board, generation):
        raise NotYet("another board was put in force")
    REBUILDS.inc()
    REBUILD_SECONDS.set(time.monotonic() - began)
    log.warning(
        "board_rebuilt", generation=generation, conversations=conversations, seconds=round(time.monotonic() - began, 3)
    )
    return generation


async def _next_generation(core: Core) -> str:
    tails = await asyncio.gather(*(last_written(core.bus, core.routing(shard)) for shard in range(core.bus.shards)))
    newest = max((int(tail.generation.partition("-")[0]) for tail in tails if tail.generation), default=0)
    return f"{newest + 1}-{secrets.token_hex(4)}"


async def _take_all(core: Core, generation: str) -> dict[int, Pen]:
    """Every partition's pen: what old owners still write from now on never happened."""

    async def take(shard: int) -> Pen:
        return await take_pen(
            core.bus, core.routing(shard), core.member, generation=generation,
            announce=lambda term: raise_term(core.board, shard, term),
        )  # fmt: skip

    shards = range(core.bus.shards)
    pens = await asyncio.gather(*(take(shard) for shard in shards))
    return dict(zip(shards, pens, strict=True))


async def fold_until(core: Core, shard: int, end: int) -> Fold:
    """The shard's fold of everything before `end`, from its last checkpoint on."""
    partition = core.routing(shard)
    fold = await load_last(core, shard, before=end)
    start = fold.position.offset
    if start == 0:
        fold.position = fold.position._replace(offset=(await core.bus.bounds(partition)).first)
    async for records in core.bus.read(partition, fold.position, end=end):
        for record in records:
            fold.take(record)
        await asyncio.sleep(0)  # a long fold must not hold up heartbeats
    log.info("shard_folded", shard=shard, since=start, until=end, conversations=len(fold.conversations))
    return fold
