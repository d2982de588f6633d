"""The projection's loop: log → record, in a consumer group of its own; its position is in its rows' transaction."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import structlog

from services.agents.repository import ProjectedRecord, RecordAway, Repository
from trunkline.bus import Bounds, Bus, BusError, Follower, Membership, OffsetGone, Partition, Position, Record
from trunkline.events import Topic
from trunkline.metrics import PROJECTED, PROJECTION_LAG

log = structlog.get_logger()

GROUP = "projection"
_TOPICS = (Topic.ROUTING, Topic.DELIVERIES)
_RETRY_S = 0.25
_REST_S = 0.1
"""What comes meanwhile shares a transaction: each costs twenty statements and a sync of the disk, whatever it holds."""
_COMMIT_S = 5.0


class Projector:
    """Projects the partitions the group gives this process."""

    def __init__(self, bus: Bus, repository: Repository, member: str) -> None:
        self._bus = bus
        self._repository = repository
        self._member = member
        self._owned: frozenset[int] = frozenset()

    async def run(self) -> None:
        """Project for ever; an absent log or record is waited out."""
        async with (
            self._bus.membership(Topic.ROUTING, GROUP, self._member) as membership,
            self._bus.follower({}, rest_s=_REST_S) as follower,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(self._own(membership, follower))
            group.create_task(self._project(follower))
            group.create_task(self._report(membership, follower))

    async def _own(self, membership: Membership, follower: Follower) -> None:
        while True:
            owned = await membership.changed()
            await follower.set(await self._positions(owned))
            self._owned = owned
            log.info("projection_assigned", shards=sorted(owned))

    async def _positions(self, owned: frozenset[int]) -> dict[Partition, Position]:
        """Where the rows stand. What retention took meanwhile is gone; the record says so by its gap."""
        while True:
            try:
                stored = {topic: await self._repository.projection.positions(topic) for topic in _TOPICS}
                return {
                    place: _within(stored[topic].get(number, Position(0)), await self._bus.bounds(place), place)
                    for topic in _TOPICS
                    for number in owned
                    for place in (Partition(topic, number),)
                }
            except (RecordAway, BusError) as error:
                log.warning("projection_waits", reason=str(error))
                await asyncio.sleep(_RETRY_S)

    async def _project(self, follower: Follower) -> None:
        while True:
            try:
                found = await follower.next()
            except OffsetGone as error:
                log.error("projection_lost_its_place", error=str(error))
                await follower.set({})
                await follower.set(await self._positions(self._owned))
                continue
            if found:
                await self._apply(found, {place: follower.position(place) for place in found})

    async def _apply(self, found: Mapping[Partition, list[Record]], positions: Mapping[Partition, Position]) -> None:
        records = [ProjectedRecord.of(record) for some in found.values() for record in some]
        while True:
            try:
                applied = await self._repository.projection.apply(records, positions)
            except RecordAway as error:
                log.warning("record_away", error=str(error))
                await asyncio.sleep(_RETRY_S)
                continue
            PROJECTED.inc(applied.applied)
            if applied.refused or applied.gaps:
                log.error("projection_found_trouble", refused=applied.refused, gaps=applied.gaps)
            return

    async def _report(self, membership: Membership, follower: Follower) -> None:
        while True:
            await asyncio.sleep(_COMMIT_S)
            began = time.monotonic()
            try:
                for topic in _TOPICS:
                    lag = 0
                    for number in self._owned:
                        place = Partition(topic, number)
                        lag += max(0, (await self._bus.bounds(place)).next - follower.position(place).offset)
                    PROJECTION_LAG.labels(topic).set(lag)
                await membership.commit(
                    {number: follower.position(Partition(Topic.ROUTING, number)).offset for number in self._owned}
                )
            except (BusError, KeyError) as error:
                log.debug("projection_report_waits", error=str(error), after_s=round(time.monotonic() - began, 1))


def _within(position: Position, bounds: Bounds, place: Partition) -> Position:
    if position.offset < bounds.first:
        log.error("log_no_longer_has", topic=place.topic, shard=place.number, since=position.offset, until=bounds.first)
        return Position(bounds.first, position.term)
    return position
