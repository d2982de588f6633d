"""Notify as a real process: ready when it can work, and on when its trunkline.yaml is spoilt and mended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.integration.notify.post import SHARDS, post, process, simulator, until_async
from trunkline.testing.ports import free_port
from trunkline.testing.servers import Valkey

pytestmark = pytest.mark.slow


async def test_it_is_ready_with_its_shards_and_not_before(valkey: Valkey, tmp_path: Path) -> None:
    async with (
        simulator() as provider,
        post(valkey.url, tmp_path, provider.url) as it,
        process(it, valkey.url, tmp_path) as service,
    ):
        for times in (1, 2, 3):
            await service.start()  # /readyz says yes
            assert service.output().count('"shard_taken"') == times * SHARDS
            await service.kill()


async def test_a_spoilt_configuration_is_told_and_the_service_works_on(valkey: Valkey, tmp_path: Path) -> None:
    ops = free_port()
    async with (
        simulator() as provider,
        post(valkey.url, tmp_path, provider.url) as it,
        process(it, valkey.url, tmp_path, ops=ops) as service,
    ):
        await service.start()
        good = it.config.read_text()

        it.config.write_text(good.replace("title", "titel"))
        told = await _until_ready_says(ops, notes=True)
        assert "queues.support" in told["notes"]["configuration"]
        assert "config_refused" in service.output()
        [message] = await it.write("sent by the earlier configuration")
        await it.outcome(message)
        assert [sent.body for sent in provider.sent] == ["sent by the earlier configuration"]

        it.config.write_text(good)
        await _until_ready_says(ops, notes=False)


async def _until_ready_says(ops: int, *, notes: bool) -> dict[str, Any]:
    """What /readyz says when it is ready, with notes or without; before, shards may still be taken."""
    told: dict[str, Any] = {}

    async def asked() -> bool:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{ops}/readyz") as answer:
            told.update({"notes": {}} | await answer.json())
            return answer.status == 200 and bool(told["notes"]) is notes

    await until_async(asked)
    return told
