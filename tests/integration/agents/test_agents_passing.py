"""Sending work elsewhere or later, by the API and by the socket, on real processes."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.agents.rig import Person, Socket, desk, somebody
from trunkline.ids import new_id
from trunkline.testing.deployment import Deployment

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


async def offered(system: Deployment, mine: Socket, customer: str, words: str = "Hello") -> dict[str, Any]:
    """What this desk is offered when this customer writes; what earlier tests left behind may be offered, too."""
    assert (await system.provider.customer_writes(customer, words)).status == 200
    while True:
        event = await mine.event("conversation.offered")
        if event["data"]["state"]["contact"] == customer:
            return event


def somebody_new() -> str:
    """A number nobody has written from."""
    return f"+371{random.randrange(10**7, 10**8)}"


async def owned(system: Deployment, person: Person, mine: Socket) -> str:
    """A conversation of a new customer which this person has accepted."""
    event = await offered(system, mine, somebody_new())
    await done(person, event["subject"], "accept", fence=event["data"]["state"]["fence"])
    return str(event["subject"])


async def offered_again(mine: Socket, name: str) -> dict[str, Any]:
    """The next offer of this very conversation."""
    while True:
        event = await mine.event("conversation.offered")
        if event["subject"] == name:
            return event


async def done(person: Person, conversation: str, verb: str, **fields: Any) -> None:
    """The action is in the log."""
    status, told = await asked(person, conversation, verb, **fields)
    assert status == 200, told


async def asked(person: Person, conversation: str, verb: str, **fields: Any) -> tuple[int, Any]:
    """What is answered to an action."""
    where = f"/api/v1/conversations/{conversation}/{verb}"
    return await person.call("POST", where, key=new_id(), json=fields)


async def test_a_snooze_ends_by_the_customers_word(system: Deployment) -> None:
    async with somebody(system, capacity=50) as ana, desk(ana) as mine:
        customer = somebody_new()
        event = await offered(system, mine, customer, "Where is it?")
        name = event["subject"]
        await done(ana, name, "accept", fence=event["data"]["state"]["fence"])
        later = datetime.now(UTC) + timedelta(hours=2)

        await done(ana, name, "snooze", until=later.isoformat(), note="the parcel is on its way")

        snoozed = await mine.event("conversation.snoozed")
        assert snoozed["data"]["state"]["wake_at"] == int(later.timestamp() * 1_000)
        assert snoozed["data"]["details"] == {
            "note": "the parcel is on its way",
            "wake_at": int(later.timestamp() * 1_000),
        }
        back = await offered(system, mine, customer, "Still waiting")
        assert (back["subject"], back["data"]["state"]["reason"]) == (name, "wrote")
        await done(ana, name, "accept", fence=back["data"]["state"]["fence"])
        await done(ana, name, "close")


async def test_the_record_knows_when_it_wakes_and_who_put_it_off_hears_that_it_was_given_to_another(
    system: Deployment,
) -> None:
    async with (
        somebody(system, capacity=50) as ana, desk(ana) as mine, somebody(system, capacity=0) as ben, desk(ben) as his,
        somebody(system, role="supervisor", queues=["billing"]) as sue,
    ):  # fmt: skip
        name, later = await owned(system, ana, mine), datetime.now(UTC) + timedelta(hours=2)
        await done(ana, name, "snooze", until=later.isoformat())
        listed = await _recorded(ana, name, "snoozed")
        assert datetime.fromisoformat(listed["wake_at"]) == later.replace(
            microsecond=later.microsecond // 1_000 * 1_000
        )

        await done(sue, name, "assign", to_agent=ben.me["id"])

        told = (await mine.event("conversation.assigned"))["data"]["state"]
        assert (told["id"], told["owner"], told["wake_at"]) == (name, ben.me["id"], 0)
        await his.event("conversation.assigned")
        assert (await _recorded(ben, name, "active"))["wake_at"] is None
        await done(ben, name, "close")


async def _recorded(person: Person, name: str, status: str) -> dict[str, Any]:
    """The conversation as a list of this status shows it, once the record is there."""
    async with asyncio.timeout(15):
        while True:
            _, page = await person.call("GET", f"/api/v1/conversations?limit=200&status={status}")
            for one in page["items"]:
                if one["id"] == name:
                    return dict(one)
            await asyncio.sleep(0.05)


async def test_who_snoozed_it_may_take_it_back_at_once(system: Deployment) -> None:
    async with somebody(system, capacity=50) as ana, desk(ana) as mine:
        name = await owned(system, ana, mine)
        await done(ana, name, "snooze", until=(datetime.now(UTC) + timedelta(hours=2)).isoformat())

        await done(ana, name, "wake")

        back = await offered_again(mine, name)
        assert back["data"]["state"]["reason"] == "woken"
        await done(ana, name, "accept", fence=back["data"]["state"]["fence"])
        await done(ana, name, "close")


@pytest.mark.parametrize(
    ("until", "status"),
    [("tomorrow", 422), ("2026-11-23T09:00:00", 422), ("2000-01-01T00:00:00Z", 409), ("2999-01-01T00:00:00Z", 422)],
    ids=["no time", "no zone", "past", "too far"],
)
async def test_a_time_that_makes_no_sense_is_told(system: Deployment, ana: Person, until: str, status: int) -> None:
    async with desk(ana) as mine:
        name = await owned(system, ana, mine)
        told = await asked(ana, name, "snooze", until=until)
        assert told[0] == status, told
        await done(ana, name, "close")


async def test_an_escalation_leads_where_the_queue_says(system: Deployment) -> None:
    async with AsyncExitStack() as stack:
        junior = await stack.enter_async_context(somebody(system, queues=["support", "sales"], capacity=50))
        senior = await stack.enter_async_context(
            somebody(system, queues=["sales"], skills={"senior": 4, "lang.lv": 5}, capacity=50)
        )
        mine = await stack.enter_async_context(desk(junior))
        name = await owned(system, junior, mine)
        hers = await stack.enter_async_context(desk(senior))

        await done(junior, name, "escalate", note="wants the manager")

        state = (await offered_again(hers, name))["data"]["state"]
        assert (state["queue"], state["reason"]) == ("sales", "")
        assert "senior:3" in state["requirement"]
        again = await asked(junior, name, "transfer", to_queue="support")
        assert (again[0], again[1]["code"]) == (409, "not-yours")
        await done(senior, name, "accept", fence=state["fence"])
        none = await asked(senior, name, "escalate")
        assert none[0] == 422, "sales has no escalation of its own"
        assert "no escalation" in none[1]["detail"]
        await done(senior, name, "close")


async def test_a_transfer_to_a_skill_stays_in_its_queue_and_asks_for_more(system: Deployment) -> None:
    async with AsyncExitStack() as stack:
        ana = await stack.enter_async_context(somebody(system, capacity=50))
        mine = await stack.enter_async_context(desk(ana))
        name = await owned(system, ana, mine)
        expert = await stack.enter_async_context(somebody(system, skills={"senior": 2}, capacity=50))
        hers = await stack.enter_async_context(desk(expert))

        assert (await asked(ana, name, "transfer", to_skill="nothing"))[0] == 422
        assert (await asked(ana, name, "transfer", to_skill="senior", to_queue="sales"))[0] == 422
        await done(ana, name, "transfer", to_skill="senior", level=2)

        state = (await offered_again(hers, name))["data"]["state"]
        assert state["requirement"] == "support|twilio-sms|1|senior:2"
        await done(expert, name, "accept", fence=state["fence"])
        await done(expert, name, "close")


async def test_a_supervisor_gives_and_takes_and_an_agent_may_not(system: Deployment) -> None:
    async with AsyncExitStack() as stack:
        ana = await stack.enter_async_context(somebody(system, capacity=50))
        mine = await stack.enter_async_context(desk(ana))
        name = await owned(system, ana, mine)
        ben = await stack.enter_async_context(somebody(system, capacity=0))
        his = await stack.enter_async_context(desk(ben))
        sue = await stack.enter_async_context(somebody(system, role="supervisor", capacity=0))
        hers = await stack.enter_async_context(desk(sue))

        assert (await asked(ben, name, "assign"))[0] == 403
        operation = new_id()
        await his.say(type="action", id=operation, verb="assign", conversation=name)
        refused = await his.answer(operation)
        assert (refused["status"], refused["code"]) == ("refused", "not-allowed"), "nor by the socket"

        await done(sue, name, "assign", to_agent=ben.me["id"], note="you know them")
        given = await his.event("conversation.assigned")
        assert given["data"]["state"]["owner"] == ben.me["id"]
        assert given["data"]["details"] == {"by": sue.me["id"], "to": ben.me["id"], "note": "you know them"}
        assert (await mine.event("conversation.assigned"))["subject"] == name, "who had it is told"
        assert (await asked(ana, name, "reply", text="mine!"))[0] == 409

        await done(sue, name, "assign")  # left out: to oneself
        assert (await hers.event("conversation.assigned"))["data"]["state"]["owner"] == sue.me["id"]
        await asyncio.gather(his.event("conversation.assigned"))
        await done(sue, name, "close")
