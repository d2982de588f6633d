"""Kafka away for 20 s, and killed: the same promises as on the embedded log, and no process gives up."""

from __future__ import annotations

import asyncio

import pytest

from tests.faults.load import Load
from tests.faults.proof import counter
from tests.faults.quiet import judge
from tests.faults.rig import MARKS, Rig

pytestmark = [*MARKS, pytest.mark.kafka]

LOG = "kafka"
AWAY_S = 20.0


async def test_kafka_stopped_for_20_s_is_waited_out(load: Load, rig: Rig) -> None:
    system, kafka = load.system, rig.kafka
    assert kafka is not None
    pids = {name: service.pid for name, service in system.services.items()}
    assert await kafka.stop() in {0, 143}
    await asyncio.sleep(AWAY_S)
    refused = await counter(system, "ingest", "trunkline_ingest_requests_total", outcome="retry-later")
    assert refused > 0, "no provider was asked to come again: Kafka was not away"
    await kafka.start()
    await load.go_on(20, within=60)

    await judge(load)
    assert {name: service.pid for name, service in system.services.items()} == pids
    assert all(service.running for service in system.services.values())


async def test_kafka_killed_and_started_again_has_all_that_was_acknowledged(load: Load, rig: Rig) -> None:
    kafka = rig.kafka
    assert kafka is not None
    assert await kafka.kill() == -9
    await kafka.start()
    await load.go_on(20, within=60)

    await judge(load)
