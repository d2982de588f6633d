"""Each service killed and ended under load: what was accepted stays accepted."""

from __future__ import annotations

from tests.faults.load import Load
from tests.faults.quiet import judge
from tests.faults.rig import MARKS
from trunkline.testing.deployment import SERVICES

pytestmark = MARKS


async def test_kill_9_of_each_service_in_turn_loses_and_doubles_nothing(load: Load) -> None:
    for name in SERVICES:
        service = load.system.services[name]
        await service.kill()  # raises unless -9 is what ended it
        await load.go_on(0)
        await service.start(ready_within=30)
        await load.go_on(20, within=40)

    await judge(load)


async def test_each_service_ends_with_status_0_on_sigterm_under_load_and_loses_nothing(load: Load) -> None:
    for name in SERVICES:
        service = load.system.services[name]
        await service.stop(within=10, status=0)
        await service.start(ready_within=30)
        await load.go_on(20, within=40)

    await judge(load)
