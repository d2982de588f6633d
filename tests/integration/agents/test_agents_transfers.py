"""To whom one can pass a conversation on, asked by those who pass it on: plain agents."""

from __future__ import annotations

import asyncio
import contextlib
import random
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import quote

import pytest

from services.agents.colleagues import Colleagues
from services.agents.repository import RecordAway
from tests.integration.agents.rig import Person, Socket, desk, inner, somebody
from trunkline.board import BoardClosed
from trunkline.board.colleagues import present
from trunkline.ids import new_id
from trunkline.testing.deployment import Deployment

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

TARGETS = "/api/v1/transfer-targets"


async def targets(person: Person, **asked: object) -> dict[str, Any]:
    """What is answered to these questions."""
    query = "&".join(f"{name}={quote(str(value))}" for name, value in asked.items())
    status, told = await person.call("GET", f"{TARGETS}?{query}")
    assert status == 200, told
    return told


async def test_a_plain_agent_sees_who_is_there_with_presence_reason_and_room(system: Deployment, admin: Person) -> None:
    mark = new_id()[:12]
    async with AsyncExitStack() as stack:
        me, bo, cy, gone = [
            await stack.enter_async_context(somebody(system, name=f"{name} {mark}", capacity=capacity, queues=[mark]))
            for name, capacity in (("Ana", 3), ("Bo", 2), ("Çağla", 1), ("Gone", 1))
        ]
        for person in (me, bo, cy):
            await stack.enter_async_context(desk(person))
        lunch = {"presence": "away", "reason": "lunch"}
        assert (await cy.call("PUT", "/api/v1/presence", key=new_id(), json=lunch))[0] == 200

        assert await edited(admin, me, version=1, capacity=4) == 200  # an edit, so that the roster is read again
        told = await targets(me, text=mark)

        assert told["agents"] == [
            {"id": bo.me["id"], "name": f"Bo {mark}", "presence": "available", "reason": "", "room": 2},
            {"id": cy.me["id"], "name": f"Çağla {mark}", "presence": "away", "reason": "lunch", "room": 1},
        ], "neither oneself nor who is not there"
        assert gone.me["id"] not in str(told)
        assert [one["name"] for one in (await targets(me, text=f"CAGLA {mark}"))["agents"]] == [f"Çağla {mark}"]
        assert (await targets(me, text="sal"))["queues"] == [{"name": "sales", "title": "Sales"}]
        queues = {"support", "sales", "promised", "rush", "given"}
        assert {one["name"] for one in (await targets(me))["queues"]} == queues


async def test_pages_give_everyone_once_also_when_somebody_leaves_between_them(
    system: Deployment, admin: Person
) -> None:
    mark = new_id()[:12]
    async with AsyncExitStack() as stack:
        me = await stack.enter_async_context(somebody(system))
        people = [await stack.enter_async_context(somebody(system, name=f"{n} {mark}")) for n in range(5)]
        desks = [await stack.enter_async_context(desk(person)) for person in people]
        assert await edited(admin, me, version=1, capacity=4) == 200  # an edit, so that the roster is read again

        first = await targets(me, text=mark, limit=2)
        assert first["next"] == people[1].me["id"]
        await desks[1].ws.close()
        rest = await targets(me, text=mark, limit=3, after=first["next"])

        assert [one["name"] for one in (*first["agents"], *rest["agents"])] == [f"{n} {mark}" for n in range(5)]
        assert rest["next"] is None


async def test_a_new_name_is_known_at_once_and_who_may_not_work_here_any_more_is_no_target(
    system: Deployment, admin: Person, ana: Person
) -> None:
    async with somebody(system, hired=True) as ben, desk(ben):
        before = ben.me["name"]
        assert [one["name"] for one in (await targets(ana, text=before))["agents"]] == [before]

        mark = new_id()[:12]
        assert await edited(admin, ben, version=1, name=mark) == 200
        assert [one["id"] for one in (await targets(ana, text=mark))["agents"]] == [ben.me["id"]]

        await ben.presence("away")  # or what the next test's customers write is offered to the empty chair
        assert await edited(admin, ben, version=2, disabled=True) == 200
        assert (await targets(ana, text=mark))["agents"] == []


async def edited(admin: Person, person: Person, *, version: int, **fields: object) -> int:
    """An edit of the person's row; its status."""
    where, headers = f"/api/v1/agents/{person.me['id']}", {"If-Match": str(version)}
    return (await admin.call("PATCH", where, headers=headers, json=fields))[0]


@pytest.mark.parametrize("by_queue", [False, True], ids=["to an agent", "to a queue"])
async def test_who_is_offered_what_was_passed_on_can_read_by_whom_and_why(
    system: Deployment, ana: Person, *, by_queue: bool
) -> None:
    note = f"speaks Turkish only {new_id()[:8]}"
    async with desk(ana) as mine, somebody(system, queues=["sales"]) as bo, desk(bo) as his:
        conversation, fence = await given(system, mine)
        where = f"/api/v1/conversations/{conversation}"
        assert (await ana.call("POST", f"{where}/accept", key=new_id(), json={"fence": fence}))[0] == 200
        to = {"to_queue": "sales"} if by_queue else {"to_agent": bo.me["id"]}
        assert (await ana.call("POST", f"{where}/transfer", key=new_id(), json=to | {"note": note}))[0] == 200

        offered = await his.event("conversation.offered")
        assert (offered["subject"], offered["data"]["state"]["offered_to"]) == (conversation, bo.me["id"])
        async with asyncio.timeout(10):
            while True:  # the record is a moment behind
                status, told = await bo.call("GET", where)
                if status == 200 and told["version"] >= offered["data"]["version"]:
                    break
                await asyncio.sleep(0.05)

        [passed] = [event for event in told["events"] if event["type"] == "trunkline.conversation.transferred.v1"]
        assert passed["details"] == {"sender": ana.me["id"], "note": note} | to
        assert (await bo.call("POST", f"{where}/close", key=new_id(), json={}))[0] == 409, "an offer is not yet his"
        taking = {"fence": offered["data"]["state"]["fence"]}
        assert (await bo.call("POST", f"{where}/accept", key=new_id(), json=taking))[0] == 200
        assert (await bo.call("POST", f"{where}/close", key=new_id(), json={}))[0] == 200


async def test_what_was_not_taken_returns_to_its_sender_with_the_reason(system: Deployment, ana: Person) -> None:
    async with desk(ana) as mine, somebody(system, queues=["sales"]) as bo, desk(bo) as his:
        conversation, fence = await given(system, mine)
        where = f"/api/v1/conversations/{conversation}"
        assert (await ana.call("POST", f"{where}/accept", key=new_id(), json={"fence": fence}))[0] == 200
        to = {"to_agent": bo.me["id"], "note": "yours?"}
        assert (await ana.call("POST", f"{where}/transfer", key=new_id(), json=to))[0] == 200
        fence = (await his.event("conversation.offered"))["data"]["state"]["fence"]

        no = {"fence": fence, "reason": "not my field"}
        assert (await bo.call("POST", f"{where}/decline", key=new_id(), json=no))[0] == 200

        state = (await mine.event("offer.declined"))["data"]["state"]
        assert (state["owner"], state["status"], state["reason"]) == (ana.me["id"], "active", "not my field")
        assert (await ana.call("POST", f"{where}/close", key=new_id(), json={}))[0] == 200


async def given(system: Deployment, mine: Socket) -> tuple[str, int]:
    """A conversation of a new customer, offered to this desk, and its fence."""
    customer = f"+371{random.randrange(10**7, 10**8)}"
    assert (await system.provider.customer_writes(customer, "Hello")).status == 200
    event = await mine.event("conversation.offered")
    return event["subject"], event["data"]["state"]["fence"]


async def test_a_place_that_is_none_is_told(ana: Person) -> None:
    status, told = await ana.call("GET", f"{TARGETS}?after=nobody")

    assert (status, told["code"]) == (400, "bad-cursor")


async def test_names_once_known_are_told_while_the_record_is_away(system: Deployment) -> None:
    async with inner(system) as it, somebody(system) as ana, desk(ana):
        with contextlib.suppress(BoardClosed):  # the first call of a process learns the board's generation
            await present(it.board)
        colleagues, there = Colleagues(it.board, it.repository, fresh_s=0), it.repository.database.url
        known = await colleagues.page(but="", words=ana.me["name"])
        assert [one.id for one in known.agents] == [ana.me["id"]]

        it.repository.database.url = there.set(database="/nowhere/at/all.db")
        with pytest.raises(RecordAway):
            await it.repository.roster.names()

        assert await colleagues.page(but="", words=ana.me["name"]) == known
        with pytest.raises(RecordAway):
            await Colleagues(it.board, it.repository).page(but="")
