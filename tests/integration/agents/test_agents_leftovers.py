"""What a test leaves on the floor is ended before the next test's agents can be offered it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.agents.leftovers import Leftovers
from tests.integration.agents.rig import Person, Socket, desk, somebody
from trunkline.ids import new_id
from trunkline.testing.deployment import Deployment

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


async def _asks(system: Deployment) -> None:
    number = f"+3714{int(new_id()[-7:], 16) % 10_000_000:07d}"
    assert (await system.provider.customer_writes(number, "Hello?")).status == 200


async def _offered(system: Deployment, socket: Socket) -> tuple[str, int]:
    await _asks(system)
    event = await socket.event("conversation.offered")
    return event["subject"], event["data"]["state"]["fence"]


async def _taken(system: Deployment, person: Person, socket: Socket) -> str:
    conversation, fence = await _offered(system, socket)
    path = f"/api/v1/conversations/{conversation}/accept"
    assert (await person.call("POST", path, key=new_id(), json={"fence": fence}))[0] == 200
    return conversation


async def test_what_waits_is_offered_is_put_off_or_is_owned_by_who_has_left_is_ended(
    system: Deployment, leftovers: Leftovers
) -> None:
    before = await leftovers.open()
    async with somebody(system, queues=["support"], capacity=3) as person, desk(person) as socket:
        owned, put_off = await _taken(system, person, socket), await _taken(system, person, socket)
        later = {"until": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
        path = f"/api/v1/conversations/{put_off}/snooze"
        assert (await person.call("POST", path, key=new_id(), json=later))[0] == 200
        offered, _ = await _offered(system, socket)
    await _asks(system)  # and one that nobody has seen: the router has it, or is about to

    swept = await leftovers.sweep(before)

    assert {owned, put_off, offered} < set(swept)
    assert len(swept) == 4
    assert not set(await leftovers.open()) - set(before)


async def test_what_was_somebodys_before_the_test_stays_theirs(system: Deployment, leftovers: Leftovers) -> None:
    async with somebody(system, queues=["support"]) as person, desk(person) as socket:
        owned = await _taken(system, person, socket)
        before = await leftovers.open()
        offered, _ = await _offered(system, socket)

        assert await leftovers.sweep(before) == [offered]

        assert owned in await leftovers.open()
