"""What rules may know of a thread: from the board while it is there, then from the record, once a batch."""

from __future__ import annotations

from services.router.record import Last
from tests.integration.router.rig import World


async def test_rules_know_who_wrote_before_by_the_record_when_the_board_forgot(world: World) -> None:
    world.record.threads = {"sms-main|tel:+5": Last(known=True, agent="ana")}
    async with world.router("router-0") as router:
        await router.verified()
        messages = {await world.write(thread) for thread in ("sms-main|tel:+5", "sms-main|tel:+6")}
        await world.until_told(messages)

        queues = {state["thread"]: state["queue"] for state in (await world.folded()).values()}
        assert queues == {"sms-main|tel:+5": "regulars", "sms-main|tel:+6": "support"}
