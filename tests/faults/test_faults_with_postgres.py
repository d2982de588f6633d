"""PostgreSQL paused for 20 s, and killed: messages flow meanwhile, and the record catches up by itself."""

from __future__ import annotations

import asyncio

from tests.faults.load import Load
from tests.faults.proof import writes
from tests.faults.quiet import judge
from tests.faults.rig import MARKS, Rig

pytestmark = MARKS

RECORD = "postgres"
AWAY_S = 20.0


async def test_messages_flow_while_postgres_is_gone_for_20_s_and_the_record_catches_up(load: Load, rig: Rig) -> None:
    agents = load.system.services["agents"]
    pid = agents.pid
    assert rig.postgres is not None
    assert await rig.postgres.kill() == -9
    await writes(agents, '"record_away"')
    await asyncio.sleep(AWAY_S)
    await load.go_on(20, within=20)
    await rig.postgres.start()

    await judge(load)
    assert agents.running
    assert agents.pid == pid


async def test_a_paused_postgres_is_waited_out(load: Load, rig: Rig) -> None:
    assert rig.postgres is not None
    await rig.postgres.pause()
    await load.go_on(40, within=20)
    await rig.postgres.resume()

    await judge(load)
