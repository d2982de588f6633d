"""From a stopped load to a judged run: wait until nothing moves any more, then gather the evidence.

A run that does not come to rest has no verdict, which is a failure: `settle` says what still moved.
"""

from __future__ import annotations

import asyncio

from services.agents.repository import RecordAway, Repository
from tests.faults.checker import violations
from tests.faults.evidence import Evidence, bodies, read_board, read_log, read_record
from tests.faults.load import Load
from tests.faults.proof import unexpected
from trunkline.board import Keys
from trunkline.bus import Bus, BusError, Partition, connect
from trunkline.connections import redis_client
from trunkline.events import ReplySent, ReplyWritten, SendFailed, Topic
from trunkline.testing.deployment import SID, Deployment

_LOOK_S = 0.15


async def judge(load: Load, *, within: float = 30) -> Evidence:
    """Stop the load, let everything come to rest, and fail with whatever is wrong."""
    async with asyncio.timeout(within + 5):
        await load.stop(within=within)
        evidence = await settle(load, within=within)
    found = violations(evidence) + unexpected(load.system)
    assert not found, f"{len(found)} violations:\n" + "\n".join(found[:40])
    assert evidence.accepted, "nothing was accepted: the load proved nothing"
    assert evidence.sent, "nothing was sent: the load proved nothing"
    return evidence


async def settle(load: Load, *, within: float) -> Evidence:
    """The evidence, once the log, the board, the record and the provider stand still; AssertionError if they do not."""
    system, loop = load.system, asyncio.get_running_loop()
    deadline, still = loop.time() + within, ["never looked"]
    async with connect(system.log_url, deployment=system.deployment, shards=system.shards) as bus:
        while loop.time() < deadline:
            try:
                before = await _ends(bus)
                still = await _moving(system, bus, before)
                if not still:
                    evidence = await _gather(load, bus)
                    still = _unfinal(evidence)
                    if not still and not _busy(load) and await _ends(bus) == before:
                        return evidence
            except (BusError, RecordAway, OSError) as error:
                still = [f"{type(error).__name__}: {error}"]
            await asyncio.sleep(_LOOK_S)
    raise AssertionError(f"it did not come to rest within {within} s: {still[:10]}")


def _busy(load: Load) -> bool:
    """Whether an agent began something anew, by an offer that came late."""
    return any(robot.busy for robot in load.robots)


async def _ends(bus: Bus) -> dict[Partition, int]:
    places = [Partition(topic, number) for topic in Topic for number in range(bus.shards)]
    return {place: (await bus.bounds(place)).next for place in places}


async def _moving(system: Deployment, bus: Bus, ends: dict[Partition, int]) -> list[str]:
    """What is not yet where the log says it will be."""
    still: list[str] = []
    keys = Keys(system.deployment)
    client = redis_client(system.board.url, timeout_s=5.0)
    try:
        prefix = keys.under((await client.get(keys.generation) or b"").decode())
        applied = await client.hgetall(prefix + "applied")
        made = await client.hgetall(prefix + "sequence")
        relayed = await client.hgetall(prefix + "relayed")
    finally:
        await client.aclose()
    for shard in range(bus.shards):
        name = str(shard).encode()
        if int(applied.get(name, b"-1")) != ends[Partition(Topic.INBOUND, shard)] - 1:
            still.append(f"shard {shard}: applied {applied.get(name)!r} of {ends[Partition(Topic.INBOUND, shard)]}")
        if made.get(name, b"0") != relayed.get(name, b"0-1").partition(b"-")[0]:
            still.append(f"shard {shard}: outbox at {made.get(name)!r}, relayed {relayed.get(name)!r}")
    async with Repository(database_of(system)) as repository:
        for topic in (Topic.ROUTING, Topic.DELIVERIES):
            known = await repository.projection.positions(topic)
            for shard in range(bus.shards):
                at, end = known.get(shard), ends[Partition(topic, shard)]
                if end and (at is None or at.offset != end):
                    still.append(f"projection of {topic}/{shard} at {at} of {end}")
    return still


def _unfinal(evidence: Evidence) -> list[str]:
    ended = {one.data["message"] for one in evidence.deliveries if one.type in {ReplySent.type, SendFailed.type}}
    written = {
        one.data["details"]["message"]["id"]
        for told in evidence.routing.values()
        for one in told
        if one.type == ReplyWritten.type
    }
    return [f"reply {name} has no end" for name in written - ended]


async def _gather(load: Load, bus: Bus) -> Evidence:
    system = load.system
    await system.provider.idle()
    evidence = Evidence(accepted=load.accepted, acknowledged=load.acknowledged, refused=load.refused)
    evidence.frames = {robot.me["id"]: list(robot.frames) for robot in load.robots}
    await read_log(bus, evidence)
    evidence.unreachable = frozenset(number for account, number in system.provider.opted_out if account == SID)
    evidence.sent = bodies(system.provider.sent)
    evidence.board = await read_board(system.board.url, system.deployment)
    evidence.record = await read_record(database_of(system), evidence.story())
    return evidence


def database_of(system: Deployment) -> str:
    """The record's address."""
    return system.environment()["TRUNKLINE_DATABASE_URL"]
