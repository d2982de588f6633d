"""Which shards are ours: one running `Shard` for each partition of `inbound` that the bus gives us."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog

from services.router.core import Core
from services.router.inbound import Inbound
from services.router.observe import forget_shard
from services.router.shard import Shard
from trunkline.bus import Membership
from trunkline.errors import Contradiction
from trunkline.events import Topic

log = structlog.get_logger()

GROUP = "router"
_COMMIT_S = 5.0


class Owner:
    """Starts and stops shards as ownership changes."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._inbound = Inbound(core.bus)
        self._membership: Membership | None = None
        self._shards: dict[int, tuple[Shard, asyncio.Task[None]]] = {}

    def shards(self) -> Iterable[Shard]:
        """The shards we hold, verified or on the way."""
        return [shard for shard, _ in self._shards.values()]

    def not_ready(self) -> str | None:
        """What /readyz says of us."""
        if self._membership is None or not self._membership.joined:
            return "no shards assigned yet"
        shards = {shard.number: shard for shard in self.shards()}
        waiting = {
            number: shards[number].waits_for or "being verified" if number in shards else "to be taken"
            for number in sorted(self._membership.owned)
            if number not in shards or not shards[number].verified
        }
        told = ", ".join(f"{number} ({why})" for number, why in waiting.items())
        return f"shards not verified: {told}" if waiting else None

    async def run(self) -> None:
        """Own what the group gives us, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._inbound.run())
            group.create_task(self._wake())
            async with self._core.bus.membership(Topic.INBOUND, GROUP, self._core.member) as membership:
                self._membership = membership
                group.create_task(self._commit(membership))
                try:
                    while True:
                        await self._change(group, await membership.changed())
                finally:
                    for _, task in self._shards.values():
                        task.cancel()

    async def _change(self, group: asyncio.TaskGroup, owned: frozenset[int]) -> None:
        log.info("shards_assigned", shards=sorted(owned))
        for number in set(self._shards) - owned:
            shard, task = self._shards.pop(number)
            task.cancel()
            await asyncio.wait([task])
            forget_shard(shard.number)
            log.info("shard_released", shard=shard.number)
        for number in sorted(owned - set(self._shards)):
            shard = Shard(self._core, number, self._inbound)
            self._shards[number] = (shard, group.create_task(self._guard(shard)))

    async def _guard(self, shard: Shard) -> None:
        try:
            await shard.run()
        except Contradiction:
            raise
        except Exception:
            log.exception("shard_failed", shard=shard.number)
            raise

    async def _wake(self) -> None:
        """Wake relays when their outbox grew. A lost message costs a second: relays look by themselves."""
        async for numbers in self._core.board.wakes():
            for number in numbers:
                if held := self._shards.get(number):
                    held[0].wake.set()

    async def _commit(self, membership: Membership) -> None:
        """Tell the group how far we are: for lag only, never for where to begin."""
        told: dict[int, int] = {}
        while True:
            await asyncio.sleep(_COMMIT_S)
            now = {shard.number: shard.consumer.applied + 1 for shard in self.shards() if shard.consumer is not None}
            if fresh := {number: offset for number, offset in now.items() if told.get(number) != offset}:
                await membership.commit(fresh)
                told |= fresh
