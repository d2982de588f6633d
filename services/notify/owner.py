"""Which shards are ours, and one reader of the log for all of them."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from services.notify.delivery import Couriers
from services.notify.shard import Fenced, NotifyShard
from trunkline.bus import Bus, BusError, Follower, Membership, OffsetGone, Partition, Position, Record
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
        self._membership: Membership | None = None
        self._shards: dict[int, NotifyShard] = {}
        self._positions: dict[Partition, Position] = {}
        self._full: frozenset[int] = frozenset()

    def not_ready(self) -> str | None:
        """What /readyz says of us."""
        if self._membership is None or not self._membership.joined:
            return "no shards assigned yet"
        waiting = sorted(self._membership.owned - set(self._shards))
        return f"shards not taken: {waiting}" if waiting else None

    async def run(self) -> None:
        """Deliver for ever."""
        async with (
            self._bus.membership(Topic.ROUTING, GROUP, self._member) as membership,
            self._bus.follower({}) as follower,
        ):
            self._membership = membership
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
        """One keeper a shard we are given; what a keeper cannot mend ends us."""
        keepers: dict[int, asyncio.Task[None]] = {}
        changing = asyncio.create_task(membership.changed())
        try:
            while True:
                done, _ = await asyncio.wait({changing, *keepers.values()}, return_when=asyncio.FIRST_COMPLETED)
                for keeper in done - {changing}:
                    keeper.result()
                if changing not in done:
                    continue
                wanted = changing.result()
                changing = asyncio.create_task(membership.changed())
                for number in set(keepers) - wanted:
                    await _ended(keepers.pop(number))
                for number in wanted - set(keepers):
                    keepers[number] = asyncio.create_task(self._keep(number, follower))
        finally:
            await _ended(changing, *keepers.values())

    async def _keep(self, number: int, follower: Follower) -> None:
        """Hold the shard; when its pen is lost or an outcome is in doubt, take it anew: the log knows."""
        while True:
            shard = NotifyShard(self._bus, self._couriers, number, self._member)
            try:
                positions = await shard.take()
                await self._drop(number, follower)
                self._shards[number] = shard  # before its first records can come
                self._positions |= positions
                await self._set(follower)
                await shard.failure
            except Fenced as error:
                log.warning("fenced", shard=number, reason=str(error))
            except BusError as error:
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

    async def _drop(self, number: int, follower: Follower) -> None:
        if self._stopping.is_set():
            return
        self._shards.pop(number, None)
        self._positions = {place: at for place, at in self._positions.items() if place.number != number}
        await self._set(follower)

    async def _set(self, follower: Follower) -> None:
        """Follow what we hold, but for the replies of a shard that has too many of them."""
        self._full = frozenset(number for number, shard in self._shards.items() if shard.window.full)
        await follower.set(
            {
                place: at
                for place, at in self._positions.items()
                if place.number not in self._full or place.topic is Topic.DELIVERIES
            }
        )

    # --- reading ------------------------------------------------------------------------------------------

    async def _read(self, follower: Follower) -> None:
        while True:
            try:
                found = await follower.next()
            except OffsetGone as error:
                log.error("log_lost_its_place", error=str(error))
                raise
            for number in {place.number for place in found} & set(self._shards):
                self._shards[number].polled()
            for place, records in found.items():
                self._take(place, records, follower)
            await self._prove(follower)
            if self._full != frozenset(number for number, shard in self._shards.items() if shard.window.full):
                await self._set(follower)

    def _take(self, place: Partition, records: list[Record], follower: Follower) -> None:
        shard = self._shards.get(place.number)
        if shard is None:
            return
        self._positions[place] = follower.position(place)
        if place.topic is Topic.DELIVERIES:
            shard.saw_deliveries(records)
        else:
            shard.take_records(records)

    async def _prove(self, follower: Follower) -> None:
        """A read that brought nothing may be one that failed: ask whether the log ends where we stand.

        Only for shards that have something to send and no younger proof (DESIGN 3, rule 9).
        """
        for number, shard in list(self._shards.items()):
            place = Partition(Topic.DELIVERIES, number)
            if not shard.window.open or shard.unread_for_s < self._bus.session_timeout_s / 4:
                continue
            try:
                bounds = await self._bus.bounds(place)
            except BusError as error:
                log.warning("log_away", shard=number, reason=str(error))
                return
            if self._shards.get(number) is shard and bounds.next <= follower.position(place).offset:
                shard.polled()

    async def _commit(self, membership: Membership) -> None:
        while True:
            await asyncio.sleep(_COMMIT_S)
            await membership.commit({number: shard.window.start for number, shard in self._shards.items()})


async def _ended(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
