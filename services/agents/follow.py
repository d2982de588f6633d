"""Reading the whole log from now on, for desks and for those who wait for their own events."""

from __future__ import annotations

import asyncio

import structlog

from services.agents.frames import RESTARTING
from services.agents.hub import Hub
from services.agents.waiters import Waiters
from trunkline.bus import Bus, BusError, OffsetGone, Partition, Position, end_position
from trunkline.events import Topic

log = structlog.get_logger()

_RETRY_S = 0.25


class LogFollower:
    """Feeds the hub and the waiters."""

    def __init__(self, bus: Bus, hub: Hub, waiters: Waiters) -> None:
        self._bus = bus
        self._hub = hub
        self._waiters = waiters
        self.following = asyncio.Event()
        """Set once reading has begun: an action made before could miss its own event."""

    async def run(self) -> None:
        """Read for ever; an absent log is waited out."""
        async with self._bus.follower(await self._ends()) as follower:
            self.following.set()
            while True:
                try:
                    found = await follower.next()
                except OffsetGone as error:
                    log.error("log_lost_its_place", error=str(error))
                    await follower.set({})
                    await follower.set(await self._ends())
                    self._hub.renew(RESTARTING, "events were missed")
                    continue
                for partition, records in found.items():
                    for record in records:
                        if partition.topic is Topic.ROUTING:
                            self._waiters.saw(record)
                        self._hub.saw(record)

    async def _ends(self) -> dict[Partition, Position]:
        while True:
            try:
                return {
                    partition: await end_position(self._bus, partition)
                    for topic in (Topic.ROUTING, Topic.DELIVERIES)
                    for partition in (Partition(topic, number) for number in range(self._bus.shards))
                }
            except BusError as error:
                log.warning("log_away", error=str(error))
                await asyncio.sleep(_RETRY_S)
