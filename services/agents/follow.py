"""Reading the whole log from now on, for desks and for those who wait for their own events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import chain

import structlog

from services.agents.frames import RESTARTING
from services.agents.hub import Hub
from services.agents.waiters import Waiters
from trunkline.bus import Bus, BusError, Follower, OffsetGone, Partition, Position, Record, end_position
from trunkline.events import Topic

log = structlog.get_logger()

_RETRY_S = 0.25
_REST_S = 0.025
"""What became of replies is told this much later, so that it is told together: nobody waits for it."""


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
        routing, deliveries = await self._ends(Topic.ROUTING), await self._ends(Topic.DELIVERIES)
        async with (
            self._bus.follower(routing) as conversations,
            self._bus.follower(deliveries, rest_s=_REST_S) as outcomes,
            asyncio.TaskGroup() as group,
        ):
            self._hub.outcomes = {partition.number: position.offset for partition, position in deliveries.items()}
            self.following.set()
            group.create_task(self._follow(Topic.ROUTING, conversations, (self._waiters.saw, self._hub.saw)))
            group.create_task(self._follow(Topic.DELIVERIES, outcomes, (self._hub.saw,)))

    async def _follow(self, topic: Topic, follower: Follower, tell: Sequence[Callable[[Record], None]]) -> None:
        while True:
            try:
                found = await follower.next()
            except OffsetGone as error:
                log.error("log_lost_its_place", error=str(error))
                await follower.set({})
                await follower.set(await self._ends(topic))
                self._hub.renew(RESTARTING, "events were missed")
                continue
            for record in chain.from_iterable(found.values()):
                for saw in tell:
                    saw(record)

    async def _ends(self, topic: Topic) -> dict[Partition, Position]:
        while True:
            try:
                return {
                    partition: await end_position(self._bus, partition)
                    for partition in (Partition(topic, number) for number in range(self._bus.shards))
                }
            except BusError as error:
                log.warning("log_away", error=str(error))
                await asyncio.sleep(_RETRY_S)
