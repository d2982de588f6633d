"""Which shards are ours, and one reader of the log for all of them."""

from __future__ import annotations

import asyncio

import structlog

from services.notify.delivery import Couriers
from services.notify.shard import Fenced, NotifyShard
from trunkline.bus import AppendUnknown, Bus, BusError, Follower, Membership, OffsetGone, Partition, Position
from trunkline.events import Topic

log = structlog.get_logger()

GROUP = "notify"
_RETRY_S = 0.2
_COMMIT_S = 5.0
STOP_S = 4.0


class Owner:
    """Starts and stops shards as ownership changes, and feeds them."""

    def __init__(self, bus: Bus, couriers: Couriers, member: str, stopping: asyncio.Event) -> None:
        self._bus = bus
        self._couriers = couriers
        self._member = member
        self._stopping = stopping
        self._shards: dict[int, NotifyShard] = {}
        self._positions: dict[Partition, Position] = {}
        self._wanted: frozenset[int] = frozenset()

    def not_ready(self) -> str | None:
        """What /readyz says of us."""
        waiting = sorted(self._wanted - set(self._shards))
        return f"shards not taken: {waiting}" if waiting else None

    async def run(self) -> None:
        """Deliver for ever."""
        async with (
            self._bus.membership(Topic.ROUTING, GROUP, self._member) as membership,
            self._bus.follower({}) as follower,
        ):
            parts = [
                asyncio.create_task(part)
                for part in (self._own(membership, follower), self._read(follower), self._commit(membership))
            ]
            ending = asyncio.create_task(self._stopping.wait())
            try:
                done, _ = await asyncio.wait([*parts, ending], return_when=asyncio.FIRST_COMPLETED)
                await self._release_all(clean=done == {ending})
                for part in done & set(parts):
                    part.result()
            finally:
                for part in [*parts, ending]:
                    part.cancel()
                await asyncio.gather(*parts, ending, return_exceptions=True)

    async def _release_all(self, *, clean: bool) -> None:
        grace = STOP_S if clean else 0.0
        await asyncio.gather(*(shard.stop(grace_s=grace) for shard in self._shards.values()))
        self._shards.clear()

    # --- owning -------------------------------------------------------------------------------------------

    async def _own(self, membership: Membership, follower: Follower) -> None:
        """One keeper a shard we are given."""
        keepers: dict[int, asyncio.Task[None]] = {}
        try:
            while True:
                self._wanted = await membership.changed()
                for number in set(keepers) - self._wanted:
                    keepers.pop(number).cancel()
                for number in self._wanted - set(keepers):
                    keepers[number] = asyncio.create_task(self._keep(number, follower))
        finally:
            for keeper in keepers.values():
                keeper.cancel()
            await asyncio.gather(*keepers.values(), return_exceptions=True)

    async def _keep(self, number: int, follower: Follower) -> None:
        """Hold the shard; when its pen is lost or an outcome is in doubt, take it anew: the log knows."""
        while True:
            shard = NotifyShard(self._bus, self._couriers, number, self._member)
            try:
                positions = await shard.take()
                await self._follow(number, positions, follower)
                self._shards[number] = shard
                await shard.failure
            except Fenced as error:
                log.warning("fenced", shard=number, reason=str(error))
            except (AppendUnknown, BusError) as error:
                log.warning("log_away", shard=number, reason=str(error))
            except asyncio.CancelledError:
                await self._drop(number, follower)
                raise
            except Exception:
                log.exception("shard_failed", shard=number)
                raise
            finally:
                if not self._stopping.is_set():
                    await shard.stop(grace_s=0)
            await self._drop(number, follower)
            await asyncio.sleep(_RETRY_S)

    async def _follow(self, number: int, positions: dict[Partition, Position], follower: Follower) -> None:
        await self._drop(number, follower)
        self._positions |= positions
        await follower.set(self._positions)

    async def _drop(self, number: int, follower: Follower) -> None:
        if self._stopping.is_set():
            return
        self._shards.pop(number, None)
        self._positions = {place: at for place, at in self._positions.items() if place.number != number}
        await follower.set(self._positions)

    # --- reading ------------------------------------------------------------------------------------------

    async def _read(self, follower: Follower) -> None:
        paused: frozenset[int] = frozenset()
        while True:
            try:
                found = await follower.next()
            except OffsetGone as error:
                log.error("log_lost_its_place", error=str(error))
                raise
            for shard in self._shards.values():
                shard.polled()
            for place, records in found.items():
                self._positions[place] = follower.position(place)
                shard_or_none = self._shards.get(place.number)
                if shard_or_none is None:
                    continue
                if place.topic is Topic.DELIVERIES:
                    shard_or_none.saw_deliveries(records)
                else:
                    shard_or_none.take_records(records)
            paused = await self._pause(follower, paused)

    async def _pause(self, follower: Follower, paused: frozenset[int]) -> frozenset[int]:
        """A shard with too many replies not final waits; the others go on."""
        full = frozenset(number for number, shard in self._shards.items() if shard.window.full)
        if full != paused:
            for place in self._positions:
                if place.number not in paused or place.topic is Topic.DELIVERIES:
                    self._positions[place] = follower.position(place)
            await follower.set(
                {
                    place: at
                    for place, at in self._positions.items()
                    if place.number not in full or place.topic is Topic.DELIVERIES
                }
            )
        return full

    async def _commit(self, membership: Membership) -> None:
        while True:
            await asyncio.sleep(_COMMIT_S)
            await membership.commit({number: shard.window.start for number, shard in self._shards.items()})
