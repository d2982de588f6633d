"""Offers to several at once, and work given without asking, as two people at their desks live it."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.integration.agents.rig import Person, desk, somebody
from trunkline.ids import new_id
from trunkline.testing.deployment import Deployment

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


async def _writes(system: Deployment, text: str) -> None:
    phone = f"+371{random.randrange(10**7, 10**8)}"
    assert (await system.provider.customer_writes(phone, text)).status == 200


async def _take(person: Person, conversation: str, fence: int) -> int:
    where = f"/api/v1/conversations/{conversation}/accept"
    status, told = await person.call("POST", where, key=new_id(), json={"fence": fence})
    assert status == 200 or told["code"] == "taken", told
    return status


async def test_of_two_who_accept_at_once_one_has_it_and_the_other_hears_that_it_is_taken(system: Deployment) -> None:
    rush = ["rush"]
    async with (
        somebody(system, queues=rush) as ana,
        somebody(system, queues=rush) as ben,
        desk(ana) as hers,
        desk(ben) as his,
    ):
        await _writes(system, "Anybody there?")
        offers = [await it.event("conversation.offered") for it in (hers, his)]
        [(name, fence)] = {(one["subject"], one["data"]["state"]["fence"]) for one in offers}
        asked = offers[0]["data"]["state"]["offered_to"].split(",")
        assert set(asked) == {ana.me["id"], ben.me["id"]}
        for person in (ana, ben):  # both may read what they are asked to take, also by the record
            async with asyncio.timeout(10):
                while (await person.call("GET", f"/api/v1/conversations/{name}"))[0] != 200:
                    await asyncio.sleep(0.05)

        statuses = await asyncio.gather(_take(ana, name, fence), _take(ben, name, fence))

        assert sorted(statuses) == [200, 409]
        (winner, _), (loser, its) = [(ana, hers), (ben, his)] if statuses[0] == 200 else [(ben, his), (ana, hers)]
        told = (await its.event("offer.rescinded"))["data"]["state"]
        assert (told["reason"], told["offered_to"]) == ("taken", winner.me["id"])
        assert await _outcomes(winner, name) == {winner.me["id"]: "accepted", loser.me["id"]: "rescinded"}


async def _outcomes(person: Person, conversation: str) -> dict[str, str]:
    """What became of the only offer, by agent, as the explanation has it once the record has heard."""
    async with asyncio.timeout(10):
        while True:
            status, why = await person.call("GET", f"/api/v1/conversations/{conversation}/explain")
            assert status == 200, why
            [made] = why["decisions"]
            outcomes = {one["agent"]: one["outcome"] for one in (made, *made["beside"])}
            if all(outcomes.values()):
                return outcomes
            await asyncio.sleep(0.05)


async def test_what_a_queue_gives_is_ones_own_without_a_word(system: Deployment) -> None:
    async with somebody(system, queues=["given"]) as ana, desk(ana) as it:
        await _writes(system, "Right now, please")

        told = await it.event("offer.auto-accepted")

        assert (told["data"]["state"]["owner"], told["data"]["state"]["status"]) == (ana.me["id"], "active")
        where = f"/api/v1/conversations/{told['subject']}"
        assert (await ana.call("POST", f"{where}/reply", key=new_id(), json={"text": "Here."}))[0] == 200
        assert (await ana.call("POST", f"{where}/close", key=new_id(), json={}))[0] == 200
