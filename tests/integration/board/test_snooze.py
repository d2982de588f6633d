"""Work put off, work given by a supervisor's word, and why an agent was chosen."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.board.conftest import Floor, short, together
from trunkline.board import Answer, moves
from trunkline.events import Header
from trunkline.ids import new_id

MINUTE = 60_000
SOON = 20_000  # before any lease ends


async def _snooze(floor: Floor, agent: str, name: str, *, wake_at: int, operation: str = "") -> Answer:
    return await moves.snooze(
        floor.board, operation=operation or new_id(), agent=agent, conversation=name, wake_at=wake_at,
        body=b'{"note":"waits for the parcel"}',
    )  # fmt: skip


async def _assign(floor: Floor, name: str, to: str, *, operation: str = "") -> Answer:
    body = b'{"by":"sue","to":"%s","note":""}' % to.encode()
    return await moves.assign(
        floor.board, operation=operation or new_id(), agent="sue", conversation=name, to=to, body=body
    )


async def test_a_snoozed_conversation_gives_its_room_back_and_wakes_at_its_agent(floor: Floor) -> None:
    await floor.arrive("ana")
    name = await floor.owned("ana", "sms|+1")
    waiting = await floor.receive("sms|+2")
    at = await floor.now() + SOON

    assert (await _snooze(floor, "ana", name, wake_at=at)).ok

    assert (await floor.conversation(name))["status"] == "snoozed"
    assert (await floor.conversation(waiting.subject))["offered_to"] == "ana", "the room went to who waited"
    await floor.accept("ana", waiting.subject)
    await floor.close("ana", waiting.subject)
    await floor.arrive("bo")
    await floor.tick(at - 1)
    assert (await floor.conversation(name))["status"] == "snoozed"
    await floor.tick(at)
    state = await floor.conversation(name)
    assert (state["status"], state["offered_to"], state["reason"]) == ("offered", "ana", "woken")
    assert (int(state["queued_at"]), int(state["due"])) == (at, at + MINUTE), "its patience begins anew"
    assert [kind for kind in await floor.kinds() if "snooz" in kind or "woke" in kind] == [
        "conversation.snoozed", "conversation.woken",
    ]  # fmt: skip


async def test_who_wakes_goes_to_another_when_the_last_agent_has_no_room(floor: Floor) -> None:
    await floor.arrive("ana")
    name = await floor.owned("ana", "sms|+1")
    at = await floor.now() + SOON
    await _snooze(floor, "ana", name, wake_at=at)
    await floor.owned("ana", "sms|+2")
    await floor.arrive("bo")

    await floor.tick(at)

    assert (await floor.conversation(name))["offered_to"] == "bo"


async def test_a_customer_who_writes_ends_the_snooze(floor: Floor) -> None:
    await floor.arrive("ana")
    await floor.arrive("bo")
    name = await floor.owned("ana", "sms|+1")
    at = await floor.now() + SOON
    await _snooze(floor, "ana", name, wake_at=at)

    await floor.receive("sms|+1", decided=False)

    state = await floor.conversation(name)
    assert (state["status"], state["offered_to"], state["reason"], state["wake_at"]) == ("offered", "ana", "wrote", "0")
    await floor.accept("ana", name)
    await floor.tick(at)
    assert (await floor.conversation(name))["status"] == "active", "the old time says nothing any more"


async def test_only_the_owner_snoozes_and_only_who_snoozed_wakes(floor: Floor) -> None:
    await floor.arrive("ana")
    await floor.arrive("bo")
    name = await floor.owned("ana", "sms|+1")
    at = await floor.now() + SOON

    assert (await _snooze(floor, "bo", name, wake_at=at)).code == "not-yours"
    assert (await _snooze(floor, "ana", name, wake_at=at - SOON - 1)).code == "past"
    assert (await _snooze(floor, "ana", name, wake_at=at)).ok
    for agent, code in (("bo", "not-yours"), ("ana", "ok")):
        answer = await moves.wake(floor.board, operation=new_id(), agent=agent, conversation=name)
        assert answer.code == code
    assert (await floor.conversation(name))["status"] == "offered"


async def test_snooze_and_the_customers_next_message_have_one_outcome(floor: Floor) -> None:
    """Whichever comes first, the message is not slept over: the conversation is active or offered, never snoozed."""
    await floor.arrive("ana", capacity=20)
    for n in range(10):
        name = await floor.owned("ana", f"sms|+{n}")
        at = await floor.now() + SOON
        both = [_snooze(floor, "ana", name, wake_at=at), floor.receive(f"sms|+{n}", decided=False)]
        snoozed, _ = await asyncio.gather(*(both if n % 2 else reversed(both)))
        status = (await floor.conversation(name))["status"]
        assert status == "offered" if n % 2 else status == "snoozed", "in the order in which they came"
        del snoozed


async def test_a_snooze_made_twice_is_one_and_survives_a_rebuild(floor: Floor) -> None:
    await floor.arrive("ana")
    name = await floor.owned("ana", "sms|+1")
    at, operation = await floor.now() + SOON, new_id()
    first = await _snooze(floor, "ana", name, wake_at=at, operation=operation)
    again = await _snooze(floor, "ana", name, wake_at=at, operation=operation)
    assert (again.outbox, again.repeated) == (first.outbox, True)

    await floor.rebuild()
    await floor.arrive("ana")
    await floor.tick(at)

    assert (await floor.conversation(name))["offered_to"] == "ana"


@pytest.mark.parametrize("before", ["queued", "offered", "active", "wrapping-up", "snoozed", "transferred"])
async def test_a_supervisors_word_gives_it_to_one_owner_whatever_it_was(floor: Floor, before: str) -> None:
    await floor.arrive("bo", lease_ms=60 * MINUTE)
    await floor.owned("bo", "sms|+2")
    await floor.arrive("ana")
    name = (await floor.receive("sms|+1")).subject
    if before == "queued":
        await floor.decline("ana", name)
    elif before != "offered":
        await floor.accept("ana", name)
    if before == "wrapping-up":
        await moves.wrap_up(floor.board, operation=new_id(), agent="ana", conversation=name)
    if before == "snoozed":
        await _snooze(floor, "ana", name, wake_at=await floor.now() + MINUTE)
    if before == "transferred":
        await floor.arrive("cy")
        await moves.transfer_to_agent(
            floor.board, operation=new_id(), agent="ana", conversation=name, to="cy",
            body=b'{"sender":"ana","to_agent":"cy"}',
        )  # fmt: skip

    assert (await _assign(floor, name, "bo")).ok

    state = await floor.conversation(name)
    assert (state["status"], state["owner"], state["offered_to"], state["keeps"]) == ("active", "bo", "", "")
    told = [entry for entry in await floor.events() if short(entry) == "conversation.assigned"][-1]
    concerned = set(dict(told.record.headers)[Header.AGENTS].decode().split(","))
    assert "bo" in concerned
    assert ("ana" in concerned) == (before != "queued"), "whoever had it on a list hears that it is gone"
    assert (await floor.agent("bo"))["load"] == "2", "above the capacity of one: a supervisor may"
    assert (await floor.agent("ana"))["load"] == "0", "the room of who had it is free"
    await floor.tick(await floor.now() + 10 * MINUTE)
    assert (await floor.conversation(name))["owner"] == "bo", "no old timer takes it away"


async def test_a_supervisors_word_needs_somebody_present_and_something_open(floor: Floor) -> None:
    await floor.arrive("ana")
    name = await floor.owned("ana", "sms|+1")

    assert (await _assign(floor, name, "nobody")).code == "absent"
    assert (await _assign(floor, name, "ana")).code == "own"
    await floor.close("ana", name)
    assert (await _assign(floor, name, "ana")).code == "gone"


async def test_two_supervisors_words_leave_one_owner_and_right_loads(floor: Floor) -> None:
    for agent in ("ana", "bo", "cy"):
        await floor.arrive(agent)
    name = (await floor.receive("sms|+1")).subject
    await floor.accept((await floor.conversation(name))["offered_to"], name)

    await together(*(_assign(floor, name, to) for to in ("bo", "cy", "bo")))

    owner = (await floor.conversation(name))["owner"]
    loads = {agent: (await floor.agent(agent))["load"] for agent in ("ana", "bo", "cy")}
    assert loads == {agent: "1" if agent == owner else "0" for agent in loads}


async def test_an_offer_says_why_this_agent(floor: Floor) -> None:
    await floor.arrive("ana", skills={"lang.lv": 4})
    await floor.arrive("bo", skills={"lang.lv": 2})
    await floor.arrive("cy", skills={"lang.lv": 1})

    first = await floor.receive("sms|+1", skills={"lang.lv": 2})

    eligible, free, declined, idle = map(int, (await floor.conversation(first.subject))["why"].split(":"))
    assert (eligible, free, declined) == (2, 2, 0)
    assert idle >= 0
    chosen = (await floor.conversation(first.subject))["offered_to"]
    await floor.decline(chosen, first.subject)
    assert (await floor.conversation(first.subject))["why"].startswith("2:2:1:"), "the decliner still has room"
