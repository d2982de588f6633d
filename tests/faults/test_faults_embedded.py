"""The embedded log and the record, each away for 20 s: what was acknowledged stays, and no process gives up."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.agents.repository import Repository
from tests.faults.load import Load
from tests.faults.proof import counter
from tests.faults.quiet import database_of, judge
from tests.faults.rig import MARKS
from trunkline.bus.base import Position
from trunkline.events import Topic

pytestmark = MARKS

AWAY_S = 20.0


async def test_the_log_stopped_for_20_s_is_waited_out(load: Load) -> None:
    system = load.system
    assert system.log is not None
    pids = {name: service.pid for name, service in system.services.items()}
    assert await system.log.stop() in {0, -15}
    accepted = len(load.accepted)
    await asyncio.sleep(AWAY_S)
    refused = await counter(system, "ingest", "trunkline_ingest_requests_total", outcome="retry-later")
    assert refused > 0, "no provider was asked to come again: the log was not away"
    assert len(load.accepted) <= accepted + len(load.customers), "messages were acknowledged without a log"
    await system.log.start()
    await load.go_on(20, within=40)

    await judge(load)
    assert {name: service.pid for name, service in system.services.items()} == pids
    assert all(service.running for service in system.services.values())


async def test_the_log_killed_and_started_again_has_all_that_was_acknowledged(load: Load) -> None:
    system = load.system
    assert system.log is not None
    assert await system.log.kill() == -9
    await system.log.start()
    await load.go_on(20, within=40)

    await judge(load)


_HOLD = """
import sqlite3, sys
lock = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
lock.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
lock.execute("ROLLBACK")
"""


@asynccontextmanager
async def locked(database: Path) -> AsyncIterator[None]:
    """Another process holds the database's exclusive lock."""
    pipe = asyncio.subprocess.PIPE
    holder = await asyncio.create_subprocess_exec(sys.executable, "-c", _HOLD, database, stdin=pipe, stdout=pipe)
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"locked\n"
    try:
        yield
    finally:
        await holder.communicate(b"")
        assert holder.returncode == 0


async def where(load: Load) -> dict[int, Position]:
    """How far the record has read."""
    async with Repository(database_of(load.system)) as repository:
        return await repository.projection.positions(Topic.ROUTING)


async def test_messages_flow_while_the_record_is_locked_for_20_s_and_it_catches_up(load: Load) -> None:
    agents = load.system.services["agents"]
    pid = agents.pid
    async with locked(load.system.folder / "record.db"):
        before = await where(load)
        await asyncio.sleep(AWAY_S)
        await load.go_on(20, within=20)
        assert await where(load) == before, "the record was written: the lock did not hold"

    await judge(load)
    assert agents.running
    assert agents.pid == pid
