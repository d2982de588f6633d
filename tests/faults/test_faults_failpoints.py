"""Kill between each pair of appends: every failpoint there is, by name, so that none can be forgotten."""

from __future__ import annotations

import pytest

from tests.faults.load import Load
from tests.faults.proof import writes
from tests.faults.quiet import judge
from tests.faults.rig import MARKS
from trunkline.failpoints import POINTS
from trunkline.testing.deployment import SID, Deployment
from trunkline.testing.processes import Service

pytestmark = MARKS

OWNERS = {
    "ingest": "ingest", "relay": "router", "checkpoint": "router", "rebuild": "router", "verify": "router",
    "notify": "notify", "projection": "agents", "action": "agents",
}  # fmt: skip
"""Whose failpoint it is, by its prefix. A new prefix fails the test until it stands here."""


def armed(system: Deployment, point: str) -> Service:
    """The service that passes this point, not started, to be killed there."""
    service = system.service(OWNERS[point.partition(".")[0]], extra={"TRUNKLINE_FAILPOINTS": f"{point}=kill"})
    if point.startswith("checkpoint."):
        service.module = "tests.faults.hasty_router"
    return service


def provoke(load: Load, point: str) -> None:
    """What a short run would not do by itself, so that the point is passed."""
    if point.startswith("rebuild."):
        load.system.board.flush()
    if point == "notify.failed":
        load.system.provider.opted_out.add((SID, load.customers[0].number))


BY_MAIL = "mail."
"""Failpoints that no text message passes: tests/e2e/test_mail_path.py kills at each of them."""


@pytest.mark.parametrize("point", sorted(point for point in POINTS if not point.startswith(BY_MAIL)))
async def test_killed_at_a_failpoint_a_service_comes_back_and_nothing_is_lost_or_doubled(
    load: Load, point: str
) -> None:
    system = load.system
    name = OWNERS[point.partition(".")[0]]
    await system.services[name].stop()
    async with armed(system, point) as doomed:
        doomed.spawn()
        if point.startswith("rebuild."):
            await writes(doomed, "service_started")
        provoke(load, point)
        await doomed.ended(status=-9, within=20)
        assert f"failpoint {point}: kill in process {doomed.pid}" in doomed.output()
    await system.services[name].start(ready_within=30)
    await load.go_on(10, within=40)

    await judge(load)
