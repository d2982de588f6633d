"""The log away: nothing is acknowledged, and the provider is told in time to come again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.integration.ingest.door import CUSTOMER, Options, door
from trunkline.bus import BusError, NewRecord, Partition
from trunkline.bus.streams import StreamsBus
from trunkline.events import Topic
from trunkline.testing.servers import Valkey


class Refusing(StreamsBus):
    """A log that says no, rather than nothing."""

    async def append(self, partition: Partition, records: Sequence[NewRecord], *, paced: bool = False) -> int:
        """Refuse."""
        raise BusError("not the leader")


async def test_with_the_log_dead_nothing_is_acknowledged_and_the_repeat_arrives(tmp_path: Path) -> None:
    async with Valkey(appendfsync="always") as server, door(server.url, tmp_path) as it:
        assert (await it.provider.customer_writes(CUSTOMER, "first")).status == 200
        await server.kill()

        refused = await it.provider.customer_writes(CUSTOMER, "second", sid="SM2")

        assert refused.status == 503
        assert it.outcome("retry-later") >= 1
        await server.start()
        assert (await it.provider.customer_writes(CUSTOMER, "second", sid="SM2")).status == 200
        assert len(await it.records(Topic.INBOUND)) == 2


@pytest.mark.slow
async def test_with_the_log_silent_the_answer_still_comes_within_the_providers_patience(tmp_path: Path) -> None:
    async with Valkey() as server, door(server.url, tmp_path) as it:
        await server.pause()
        began = time.monotonic()

        answer = await it.provider.customer_writes(CUSTOMER, "hello")

        assert answer.status == 503
        assert time.monotonic() - began < 13.5
        await server.resume()


async def test_a_log_that_refuses_is_as_good_as_away(valkey: Valkey, tmp_path: Path) -> None:
    async with door(valkey.url, tmp_path, Options(bus=Refusing)) as it:
        assert (await it.provider.customer_writes(CUSTOMER, "hello")).status == 503
        assert it.outcome("retry-later") >= 1
