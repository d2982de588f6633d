"""Reads a deployment's log into a recording, through the bus and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import orjson

from trunkline.bus import Bus, Partition, Position, Record
from trunkline.events import Header, Topic
from trunkline.moments import ms_of
from trunkline.simulation.recording import OF_AGENTS, Recording

_AFTER_MS = 24 * 3_600_000
"""How long after the time an end is looked for: what is then still open counts as not ended."""


async def read_log(
    bus: Bus, since: datetime, until: datetime, *, progress: Callable[[float], None] = lambda _: None
) -> Recording:
    """What the log says of these hours; BusAway if it does not answer. What comes before is read for agents only."""
    recording = Recording(ms_of(since), ms_of(until))
    for shard in range(bus.shards):
        place = Partition(Topic.ROUTING, shard)
        bounds = await bus.bounds(place)
        async for records in bus.read(place, Position(bounds.first), end=bounds.next):
            if not records:
                continue  # a whole page by an owner whose pen had been taken
            for record in records:
                take(recording, record)
            done = (records[-1].offset - bounds.first) / max(1, bounds.next - bounds.first)
            progress((shard + done) / bus.shards)
            if records[-1].timestamp_ms > recording.until + _AFTER_MS:
                break
    return recording


def take(recording: Recording, record: Record) -> None:
    """Most records are not decoded: of before, only agents' are asked for."""
    kind = record.type
    if kind in OF_AGENTS:
        told = orjson.loads(record.value)
        recording.take_agent(kind, record.key.decode(), _told_at(told), told["data"])
    elif record.header(Header.VERSION) is not None and record.timestamp_ms >= recording.since:
        told = orjson.loads(record.value)
        recording.take_conversation(kind, record.key.decode(), _told_at(told), told["data"]["state"])


def _told_at(envelope: dict[str, str]) -> int:
    """When the board decided it, ms: not when the log took it."""
    return ms_of(datetime.fromisoformat(envelope["time"]))
