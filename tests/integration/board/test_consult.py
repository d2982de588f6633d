"""A second agent looks on: who may, what they hear, how it ends, and what they may take over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest

from tests.integration.board.conftest import LIMITS, Floor, short, together
from trunkline.board import Answer, hash_of, moves
from trunkline.board.relay import Entry
from trunkline.events import Header, asked_of
from trunkline.ids import new_id
from trunkline.requirements import requirement_id
from trunkline.testing.audit import audit

MINUTE = 60_000
LEASE = 60 * MINUTE
FAR_OFF = 4_102_444_800_000


async def consult(floor: Floor, name: str, to: str, *, agent: str = "ana", operation: str = "") -> Answer:
    body = b'{"by":"%s","to":"%s","note":"Is this right?"}' % (agent.encode(), to.encode())
    return await moves.consult(
        floor.board, operation=operation or new_id(), agent=agent, conversation=name, to=to, body=body
    )


async def end(floor: Floor, name: str, of: str, *, by: str = "") -> Answer:
    return await moves.end_consult(floor.board, operation=new_id(), agent=by or of, conversation=name, of=of)


async def take_over(floor: Floor, name: str, agent: str, *, supervisor: bool = False) -> Answer:
    return await moves.take_over(floor.board, operation=new_id(), agent=agent, conversation=name, supervisor=supervisor)


async def transfer(floor: Floor, name: str, to: str) -> Answer:
    body = b'{"sender":"ana","to_agent":"%s"}' % to.encode()
    return await moves.transfer_to_agent(
        floor.board, operation=new_id(), agent="ana", conversation=name, to=to, body=body
    )


async def requeue(floor: Floor, name: str) -> Answer:
    return await moves.transfer_to_queue(
        floor.board, operation=new_id(), agent="ana", conversation=name, queue="sales",
        requirement=requirement_id("sales", "sms", 1, {"vip": 2}), weight=1, limits=LIMITS,
        body=b'{"sender":"ana","to_queue":"sales"}',
    )  # fmt: skip


async def snooze(floor: Floor, name: str) -> Answer:
    return await moves.snooze(
        floor.board, operation=new_id(), agent="ana", conversation=name, wake_at=FAR_OFF, body=b'{"note":""}'
    )


async def assign(floor: Floor, name: str, to: str) -> Answer:
    body = b'{"by":"sue","to":"%s","note":""}' % to.encode()
    return await moves.assign(floor.board, operation=new_id(), agent="sue", conversation=name, to=to, body=body)


async def consulted(floor: Floor, name: str) -> list[str]:
    return list(asked_of((await floor.conversation(name)).get("consulted", "")))


async def held(floor: Floor, agent: str) -> list[str]:
    """Conversations that a desk of this agent begins with."""
    answer = await floor.board.call("holding", agent)
    return sorted(hash_of(flat)["id"] for flat in answer[1])


def told(entry: Entry) -> set[str]:
    """Whom an event names."""
    return set(dict(entry.record.headers).get(Header.AGENTS, b"").decode().split(","))


async def sound(floor: Floor) -> None:
    """Everything on the board adds up."""
    prefix = floor.board.keys.under(floor.board.generation)
    assert await audit(floor.board.client, prefix, above_capacity=True) == []


async def asked_berk(floor: Floor, *, capacity: int = 1) -> str:
    """A conversation of Ana's, in which Berk is consulted."""
    await floor.arrive("ana", lease_ms=LEASE)
    name = await floor.owned("ana", "sms|+1")
    await floor.arrive("berk", capacity=capacity, lease_ms=LEASE)
    assert (await consult(floor, name, "berk")).ok
    return name


async def test_who_is_consulted_hears_all_that_happens_and_takes_no_room(floor: Floor) -> None:
    await floor.arrive("ana", lease_ms=LEASE)
    name = await floor.owned("ana", "sms|+1")
    await floor.arrive("berk", lease_ms=LEASE)
    await floor.events()

    assert (await consult(floor, name, "berk")).ok
    await floor.receive("sms|+1", decided=False)
    body = orjson.dumps({"message": {"id": new_id()}})
    assert (await moves.reply(floor.board, operation=new_id(), agent="ana", conversation=name, body=body)).ok

    happened = await floor.events()
    assert [short(entry) for entry in happened] == [
        "conversation.consulted", "conversation.message-added", "conversation.replied",
    ]  # fmt: skip
    assert all(told(entry) == {"ana", "berk"} for entry in happened)
    assert orjson.loads(happened[0].record.value)["data"]["details"] == {
        "by": "ana", "to": "berk", "note": "Is this right?",
    }  # fmt: skip
    assert await held(floor, "berk") == [name], "a desk that comes later begins with it"
    assert (await floor.agent("berk"))["load"] == "0"
    other = await floor.receive("sms|+2")
    assert (await floor.conversation(other.subject))["offered_to"] == "berk", "their room is for others' work"
    await sound(floor)


async def test_only_the_owner_asks_and_only_who_is_there_three_at_most(floor: Floor) -> None:
    for agent in ("ana", "berk", "cem", "dace", "eva"):
        await floor.arrive(agent, lease_ms=LEASE)
    name = (await floor.receive("sms|+1")).subject
    owner = (await floor.conversation(name))["offered_to"]
    await floor.accept(owner, name)
    others = sorted({"ana", "berk", "cem", "dace", "eva"} - {owner})

    assert (await consult(floor, name, others[0], agent=others[1])).code == "not-yours"
    assert (await consult(floor, name, owner, agent=owner)).code == "own"
    assert (await consult(floor, name, "nobody", agent=owner)).code == "absent"
    operation = new_id()
    for _ in range(2):
        assert (await consult(floor, name, others[0], agent=owner, operation=operation)).ok, "twice is once"
    assert (await consult(floor, name, others[0], agent=owner)).code == "asked"
    for other in others[1:3]:
        assert (await consult(floor, name, other, agent=owner)).ok
    assert (await consult(floor, name, others[3], agent=owner)).code == "enough"
    assert await consulted(floor, name) == others[:3]
    assert (await end(floor, name, others[1], by=others[0])).code == "not-yours", "nobody ends it for another"
    await sound(floor)


@pytest.mark.parametrize("by", ["berk", "ana"])
async def test_a_consultation_ends_by_either_side_and_both_hear_it(floor: Floor, by: str) -> None:
    name = await asked_berk(floor)
    await floor.events()

    assert (await end(floor, name, "berk", by=by)).ok

    (entry,) = await floor.events()
    data = orjson.loads(entry.record.value)["data"]
    assert (short(entry), told(entry)) == ("conversation.consultation-ended", {"ana", "berk"})
    assert (data["details"], data["state"]["consulted"]) == ({"agent": "berk", "by": by}, "")
    await floor.receive("sms|+1", decided=False)
    assert [told(entry) for entry in await floor.events()] == [{"ana"}], "nothing more is heard"
    assert await held(floor, "berk") == []
    assert (await end(floor, name, "berk", by=by)).code == "gone"
    await sound(floor)


Ending = Callable[[Floor, str], Awaitable[Answer]]
ENDINGS: dict[str, Ending] = {
    "close": lambda floor, name: floor.close("ana", name),
    "snooze": snooze,
    "transfer to a queue": requeue,
    "transfer to an agent": lambda floor, name: transfer(floor, name, "cem"),
    "assign": lambda floor, name: assign(floor, name, "cem"),
    "end": lambda floor, name: end(floor, name, "berk"),
    "end by the owner": lambda floor, name: end(floor, name, "berk", by="ana"),
}


@pytest.mark.parametrize("how", ENDINGS)
async def test_a_consultation_is_over_with_the_owners_work_and_it_is_told(floor: Floor, how: str) -> None:
    name = await asked_berk(floor)
    await floor.arrive("cem", capacity=5, lease_ms=LEASE)
    await floor.events()

    assert (await ENDINGS[how](floor, name)).ok

    assert await consulted(floor, name) == []
    assert any("berk" in told(entry) for entry in await floor.events()), "they hear that it is over"
    assert (await take_over(floor, name, "berk")).code == "gone"
    await sound(floor)


@pytest.mark.parametrize("how", ENDINGS)
@pytest.mark.parametrize("first", ["take over", "the other"])
async def test_taking_over_and_whatever_ends_it_have_one_outcome(floor: Floor, how: str, first: str) -> None:
    """In one script call, in either order: the second learns that it came too late."""
    name = await asked_berk(floor)
    await floor.arrive("cem", capacity=5, lease_ms=LEASE)
    race: list[Any] = [take_over(floor, name, "berk"), ENDINGS[how](floor, name)]

    answers = await together(*(race if first == "take over" else reversed(race)))

    won, lost = answers
    assert won.ok
    assert how == "assign" or lost.code in ("gone", "not-yours"), "a supervisor's word comes after any owner"
    state = await floor.conversation(name)
    if first == "take over":
        assert state["owner"] == ("cem" if how == "assign" else "berk")
    else:
        assert state["owner"] != "berk"
    await sound(floor)


async def test_who_takes_over_is_the_owner_at_once_and_the_room_goes_with_it(floor: Floor) -> None:
    name = await asked_berk(floor)
    await floor.arrive("cem", lease_ms=LEASE)
    await consult(floor, name, "cem")
    await floor.events()

    assert (await take_over(floor, name, "berk")).ok

    state = await floor.conversation(name)
    assert (state["status"], state["owner"], state["last_agent"], state["consulted"]) == ("active", "berk", "berk", "")
    entry = (await floor.events())[0]
    assert (short(entry), told(entry)) == ("conversation.taken-over", {"ana", "berk", "cem"})
    assert orjson.loads(entry.record.value)["data"]["details"] == {"by": "berk", "sender": "ana"}
    assert [(await floor.agent(agent))["load"] for agent in ("ana", "berk")] == ["0", "1"]
    reply = await moves.reply(floor.board, operation=new_id(), agent="ana", conversation=name, body=b"{}")
    assert reply.code == "not-yours", "who handed it over has it no more"
    await sound(floor)


async def test_the_room_of_who_handed_over_goes_to_who_waits(floor: Floor) -> None:
    name = await asked_berk(floor)
    await floor.owned("berk", "sms|+2")
    waiting = await floor.receive("sms|+3")

    assert (await take_over(floor, name, "berk")).code == "no-room"
    assert (await floor.conversation(name))["owner"] == "ana"
    assert (await take_over(floor, name, "berk", supervisor=True)).ok, "a supervisor may, above capacity"

    assert (await floor.agent("berk"))["load"] == "2"
    assert (await floor.conversation(waiting.subject))["offered_to"] == "ana"
    await sound(floor)


async def test_two_who_are_consulted_and_both_take_over_leave_one_owner(floor: Floor) -> None:
    name = await asked_berk(floor)
    await floor.arrive("cem", lease_ms=LEASE)
    await consult(floor, name, "cem")

    won, lost = await together(take_over(floor, name, "cem"), take_over(floor, name, "berk"))

    assert (won.ok, lost.code) == (True, "gone")
    assert (await floor.conversation(name))["owner"] == "cem"
    await sound(floor)


async def test_a_lost_owner_ends_it_and_so_does_an_absence_of_who_was_consulted(floor: Floor) -> None:
    now = await floor.now()
    floor.travel(now)
    for agent, lease in (("ana", 10_000), ("berk", LEASE)):
        await floor.arrive(agent, lease_ms=lease)
    lost = (await floor.receive("sms|+1")).subject
    if (await floor.conversation(lost))["offered_to"] != "ana":
        await floor.decline("berk", lost)
    await floor.accept("ana", lost)
    kept = await floor.owned("berk", "sms|+2")
    await consult(floor, lost, "berk")
    await consult(floor, kept, "ana", agent="berk")

    await floor.tick(now + 11_000)
    assert await consulted(floor, kept) == ["ana"], "who comes back in two minutes goes on looking"
    await floor.events()
    await floor.tick(now + 132_000)

    assert (await consulted(floor, lost), await consulted(floor, kept)) == ([], [])
    happened = {short(entry): told(entry) for entry in await floor.events()}
    assert "berk" in happened["conversation.queued"], "who looked on hears that the owner is gone"
    assert happened["conversation.consultation-ended"] == {"ana", "berk"}
    await sound(floor)


async def test_a_rebuilt_board_knows_who_is_consulted(floor: Floor) -> None:
    name = await asked_berk(floor)

    await floor.rebuild()
    await floor.arrive("ana", lease_ms=LEASE)
    await floor.arrive("berk", lease_ms=LEASE)

    assert await consulted(floor, name) == ["berk"]
    assert await held(floor, "berk") == [name]
    await sound(floor)
    await floor.tick(await floor.now() + 121_000)
    assert (await take_over(floor, name, "berk")).ok, "who came back goes on looking"


async def test_a_rebuilt_board_forgets_who_never_comes_back(floor: Floor) -> None:
    name = await asked_berk(floor)

    await floor.rebuild()
    await floor.arrive("ana", lease_ms=LEASE)
    await floor.tick(await floor.now() + 121_000)

    assert (await consulted(floor, name), (await floor.conversation(name))["owner"]) == ([], "ana")
    await sound(floor)
