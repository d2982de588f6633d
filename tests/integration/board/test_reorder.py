"""A supervisor moves what waits to the front of its line, or back to its own place."""

from __future__ import annotations

import pytest

from tests.integration.board.conftest import Floor, short, together
from trunkline.board import Answer, moves
from trunkline.ids import new_id
from trunkline.requirements import requirement_id
from trunkline.testing.audit import audit

LEASE = 3_600_000
SALES = requirement_id("sales", "sms", 1, {})


async def reorder(floor: Floor, name: str, *, front: bool = True, operation: str = "") -> Answer:
    body = b'{"by":"sue","front":%s,"note":"their flight leaves"}' % (b"true" if front else b"false")
    return await moves.reorder(
        floor.board, operation=operation or new_id(), agent="sue", conversation=name, front=front, body=body
    )


async def served(floor: Floor, *names: str) -> list[str]:
    """In which order an agent who has room for one at a time is offered these."""
    await floor.arrive("ana", lease_ms=LEASE)
    found = []
    for _ in names:
        (offered,) = [name for name in names if (await floor.conversation(name))["offered_to"] == "ana"]
        found.append(offered)
        await floor.accept("ana", offered)
        await floor.close("ana", offered)
    return found


async def sound(floor: Floor) -> None:
    """Everything on the board adds up."""
    assert await audit(floor.board.client, floor.board.keys.under(floor.board.generation)) == []


async def waiting(floor: Floor) -> list[str]:
    """Four that wait: three in one line, the last more urgent in another."""
    names = [(await floor.receive(f"sms|+{n}", due=60_000 + n)).subject for n in range(3)]
    return [*names, (await floor.receive("sms|+9", due=-600_000, requirement=SALES)).subject]


async def test_what_is_moved_to_the_front_is_served_first_and_the_latest_of_these_first(floor: Floor) -> None:
    first, second, third, urgent = await waiting(floor)

    floor.travel(now := await floor.now())
    assert (await reorder(floor, second)).ok
    floor.travel(now + 1)
    assert (await reorder(floor, third)).ok
    floor.travel(now + 2)
    await sound(floor)

    assert await served(floor, first, second, third, urgent) == [third, second, urgent, first]


async def test_what_goes_back_has_its_own_place_and_its_due_time_was_never_another(floor: Floor) -> None:
    first, second, third, urgent = await waiting(floor)
    due = (await floor.conversation(third))["due"]

    assert (await reorder(floor, third)).ok
    assert (await floor.conversation(third))["due"] == due
    assert (await reorder(floor, third, front=False)).ok
    assert (await reorder(floor, third, front=False)).code == "own"
    await sound(floor)

    assert await served(floor, first, second, third, urgent) == [urgent, first, second, third]


async def test_it_stays_in_front_when_declined_or_rebuilt_and_nothing_is_left_once_accepted(floor: Floor) -> None:
    first, second, *_ = await waiting(floor)
    await reorder(floor, second)

    await floor.rebuild()
    await sound(floor)
    await floor.arrive("ana", lease_ms=LEASE)
    await floor.decline("ana", second)
    await sound(floor)
    await floor.arrive("berk", lease_ms=LEASE)
    assert (await floor.conversation(second))["offered_to"] == "berk"
    await floor.accept("berk", second)

    assert (await floor.conversation(second))["front"] == "0"
    assert (await floor.conversation(first))["status"] != "closed"
    await sound(floor)


async def test_only_what_waits_is_moved_and_twice_is_once(floor: Floor) -> None:
    await floor.arrive("ana", lease_ms=LEASE)
    offered = (await floor.receive("sms|+1")).subject
    queued = (await floor.receive("sms|+2")).subject

    assert (await reorder(floor, offered)).code == "gone"
    assert (await reorder(floor, f"0-{new_id()}")).code == "unknown"
    operation = new_id()
    first = await reorder(floor, queued, operation=operation)
    again = await reorder(floor, queued, operation=operation)
    assert (again.outbox, again.repeated) == (first.outbox, True)
    kinds = [short(entry) for entry in await floor.events()]
    assert kinds.count("conversation.reordered") == 1


@pytest.mark.parametrize("first", ["reorder", "arrive"])
async def test_moving_it_and_offering_it_have_one_outcome(floor: Floor, first: str) -> None:
    """Whichever comes first: it is offered, and who moved it learns whether it still waited."""
    name = (await floor.receive("sms|+1")).subject
    race = [reorder(floor, name), floor.arrive("ana", lease_ms=LEASE)]

    answers = await together(*(race if first == "reorder" else reversed(race)))

    moved = answers[0 if first == "reorder" else 1]
    assert moved.code == ("ok" if first == "reorder" else "gone")
    assert (await floor.conversation(name))["offered_to"] == "ana"
    await sound(floor)
