"""Each service killed and ended under load: what was accepted stays accepted."""

from __future__ import annotations

from tests.faults.load import Load
from tests.faults.proof import writes
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


async def test_actions_made_and_not_answered_before_a_kill_are_made_once_and_answered_when_repeated(load: Load) -> None:
    """Every action stands still between its move and its answer when the process is killed."""
    system, repeated = load.system, load.repeated
    await system.services["agents"].stop()
    slow = system.service("agents", extra={"TRUNKLINE_FAILPOINTS": "action.moved=sleep(60)"})
    async with slow:
        await slow.start(ready_within=30)
        line = f"failpoint action.moved: sleep in process {slow.pid}"
        await writes(slow, line, times=len(load.robots))
        await slow.kill()
    await system.services["agents"].start(ready_within=30)
    await load.go_on(20, within=40)

    await judge(load)
    assert load.repeated > repeated, "no action was answered by its repeat: the fault did not happen"
