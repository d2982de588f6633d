"""Quiet work: it weighs less while the customer is silent, and all of its weight the moment they write."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import permutations
from typing import Any

import orjson
import pytest

from tests.integration.board.conftest import Floor, together
from trunkline.board import Answer, moves
from trunkline.board.client import answer_of
from trunkline.board.looks import quiet as quiet_of
from trunkline.ids import new_id
from trunkline.requirements import Quiet, Room, requirement_id
from trunkline.testing.audit import audit

AFTER_S = 300
CHAT = requirement_id("support", "webchat", Room(2, quiet=Quiet(AFTER_S, 1)), {})
LIGHT = requirement_id("support", "webchat", Room(1, quiet=Quiet(AFTER_S)), {})
CAPPED = requirement_id("support", "webchat", Room(1, most=1, quiet=Quiet(AFTER_S)), {})


async def reply(floor: Floor, agent: str, conversation: str) -> Answer:
    operation = new_id()
    body = orjson.dumps({"message": {"id": operation}})
    return await moves.reply(floor.board, operation=operation, agent=agent, conversation=conversation, body=body)


async def keep_up(floor: Floor) -> None:
    """As if the relay had: the events stay, for a rebuild to fold."""
    await floor.board.client.delete(floor.board.keys.under(floor.board.generation) + "behind")


async def later(floor: Floor, seconds: float = AFTER_S) -> None:
    """The clock goes on, and what is due by then happens. Leases and the relay go with it."""
    await keep_up(floor)
    now = int(floor.board.clock_ms or await floor.now()) + int(seconds * 1_000)
    floor.travel(now)
    for shard, term in floor.terms.items():
        await floor.board.call("spare", str(shard), str(term), "45000")
    await floor.tick()


async def quiet(
    floor: Floor, agent: str = "ana", thread: str = "quiet", requirement: str = CHAT, weight: int = 2
) -> str:
    """A conversation of the agent's whose customer has been silent for as long as it takes."""
    floor.travel(int(floor.board.clock_ms or await floor.now()))
    conversation = await floor.owned(agent, thread, requirement=requirement, weight=weight)
    assert (await reply(floor, agent, conversation)).ok
    await later(floor)
    assert int((await floor.conversation(conversation))["relief"]) > 0
    return conversation


async def sound(floor: Floor, *, above_capacity: bool = False) -> None:
    prefix = floor.board.keys.under(floor.board.generation)
    assert await audit(floor.board.client, prefix, above_capacity=above_capacity) == []


async def load(floor: Floor, agent: str = "ana") -> int:
    return int((await floor.agent(agent))["load"])


async def test_it_weighs_less_when_the_customer_has_been_silent_for_long_enough(floor: Floor) -> None:
    floor.travel(await floor.now())
    await floor.arrive("ana", capacity=2)
    conversation = await floor.owned("ana", "a", requirement=CHAT, weight=2)
    await reply(floor, "ana", conversation)

    await later(floor, AFTER_S - 1)
    assert await load(floor) == 2, "a second too soon"
    await later(floor, 1)

    assert await load(floor) == 1
    assert (await floor.kinds())[-1] == "conversation.quieted"
    await sound(floor)


async def test_what_becomes_free_goes_to_who_waits_in_the_same_step(floor: Floor) -> None:
    floor.travel(await floor.now())
    await floor.arrive("ana", capacity=2)
    conversation = await floor.owned("ana", "a", requirement=CHAT, weight=2)
    await reply(floor, "ana", conversation)
    waiting = await floor.receive("b")

    await later(floor)

    assert (await floor.conversation(waiting.subject))["offered_to"] == "ana"


async def test_the_cap_of_a_channel_counts_what_is_quiet_as_light(floor: Floor) -> None:
    await floor.arrive("ana", capacity=5)
    await quiet(floor, requirement=CAPPED, weight=1)

    second = await floor.receive("b", requirement=CAPPED)

    assert (await floor.conversation(second.subject))["offered_to"] == "ana"
    await sound(floor)


async def test_a_customer_who_writes_has_all_of_its_weight_again_even_above_capacity(floor: Floor) -> None:
    await floor.arrive("ana", capacity=1)
    first = await quiet(floor, requirement=LIGHT, weight=1)
    second = await floor.owned("ana", "b")
    assert await load(floor) == 1

    await floor.receive("quiet")

    assert await load(floor) == 2, "above the capacity of 1, by the customer's word alone"
    assert (await floor.conversation(first))["relief"] == "0"
    third = await floor.receive("c")
    await floor.close("ana", second)
    assert (await floor.conversation(third.subject))["status"] == "queued", "and nothing more until there is room"
    await sound(floor)


async def test_who_wrote_last_is_what_counts(floor: Floor) -> None:
    floor.travel(await floor.now())
    await floor.arrive("ana", capacity=2)
    conversation = await floor.owned("ana", "a", requirement=CHAT, weight=2)
    await later(floor)
    assert await load(floor) == 2, "we have not said anything"
    await reply(floor, "ana", conversation)
    await floor.receive("a")

    await later(floor)

    assert await load(floor) == 2, "the last word is the customer's"


async def test_a_further_word_of_ours_begins_the_silence_anew_but_ends_none(floor: Floor) -> None:
    floor.travel(await floor.now())
    await floor.arrive("ana", capacity=2)
    conversation = await floor.owned("ana", "a", requirement=CHAT, weight=2)
    await reply(floor, "ana", conversation)
    await later(floor, AFTER_S - 10)
    await reply(floor, "ana", conversation)
    await later(floor, 20)
    assert await load(floor) == 2, "the second word is 20 seconds old"
    await later(floor, AFTER_S)
    assert await load(floor) == 1

    await reply(floor, "ana", conversation)

    assert await load(floor) == 1, "our word alone ends nothing"
    await sound(floor)


async def test_a_reply_that_failed_is_no_word_the_customer_could_answer(floor: Floor) -> None:
    floor.travel(await floor.now())
    await floor.arrive("ana", capacity=2)
    conversation = await floor.owned("ana", "a", requirement=CHAT, weight=2)
    await reply(floor, "ana", conversation)
    shard = int(conversation.partition("-")[0])
    where = (str(shard), str(floor.terms[shard]), str(next(floor.offsets[shard])), new_id())
    assert answer_of(await floor.board.submit("undeliver", *where, conversation, "{}")).ok

    await later(floor)

    assert await load(floor) == 2


async def test_while_it_is_written_up_its_room_stays_held(floor: Floor) -> None:
    floor.travel(await floor.now())
    await floor.arrive("ana", capacity=2)
    limits = f"20000:60000:{AFTER_S * 2_000}:86400000:3"
    conversation = await floor.owned("ana", "a", requirement=CHAT, weight=2, limits=limits)
    await reply(floor, "ana", conversation)
    await moves.wrap_up(floor.board, operation=new_id(), agent="ana", conversation=conversation)

    await later(floor)

    assert await load(floor) == 2


async def test_a_rebuilt_board_knows_what_is_quiet_and_what_will_be(floor: Floor) -> None:
    await floor.arrive("ana", capacity=4)
    first = await quiet(floor)
    second = await floor.owned("ana", "soon", requirement=CHAT, weight=2)
    await reply(floor, "ana", second)
    floor.board.clock_ms, moved = "", floor.board.clock_ms
    await floor.rebuild()
    floor.travel(int(moved))
    await floor.arrive("ana", capacity=4, version=2)
    assert await load(floor) == 3, "one in full, one light"

    await later(floor)

    assert await load(floor) == 2
    assert (await floor.conversation(first))["relief"] == (await floor.conversation(second))["relief"] == "1"
    await sound(floor)


# --- what may happen to a quiet conversation: the counters are exact after each, in every order ---------------

Step = Callable[[Floor, str], Awaitable[Any]]


async def _to_berk(floor: Floor, conversation: str) -> None:
    await moves.transfer_to_agent(
        floor.board, operation=new_id(), agent="ana", conversation=conversation, to="berk", body=b"{}"
    )


async def _taken_over(floor: Floor, conversation: str) -> None:
    await _to_berk(floor, conversation)
    await floor.accept("berk", conversation)


async def _to_queue(floor: Floor, conversation: str) -> None:
    await moves.transfer_to_queue(
        floor.board, operation=new_id(), agent="ana", conversation=conversation, queue="sales",
        requirement=requirement_id("sales", "webchat", 1, {}), weight=1, limits="20000:60000:30000:86400000:3",
        body=b"{}",
    )  # fmt: skip


async def _assigned(floor: Floor, conversation: str) -> None:
    await moves.assign(floor.board, operation=new_id(), agent="sue", conversation=conversation, to="berk", body=b"{}")


async def _snoozed(floor: Floor, conversation: str) -> None:
    wake_at = int(floor.board.clock_ms) + 3_600_000
    await moves.snooze(
        floor.board, operation=new_id(), agent="ana", conversation=conversation, wake_at=wake_at, body=b"{}"
    )


async def _closed(floor: Floor, conversation: str) -> None:
    await floor.close("ana", conversation)


async def _wrapped_up(floor: Floor, conversation: str) -> None:
    await moves.wrap_up(floor.board, operation=new_id(), agent="ana", conversation=conversation)


async def _written(floor: Floor, conversation: str) -> None:
    await floor.receive((await floor.conversation(conversation))["thread"])


async def _replied(floor: Floor, conversation: str) -> None:
    await reply(floor, "ana", conversation)


async def _owner_lost(floor: Floor, conversation: str) -> None:
    for seconds in (46, 121):
        floor.travel(int(floor.board.clock_ms) + seconds * 1_000)
        await floor.tick()
        await keep_up(floor)


STEPS: tuple[Step, ...] = (
    _to_berk, _taken_over, _to_queue, _assigned, _snoozed, _closed, _wrapped_up, _written, _replied, _owner_lost,
)  # fmt: skip


@pytest.mark.parametrize("first", STEPS, ids=lambda step: step.__name__)
async def test_whatever_two_things_happen_to_it_the_counters_are_exact(floor: Floor, first: Step) -> None:
    """Each second step on a conversation of its own, so that they share a board."""
    await floor.arrive("ana", capacity=2)
    await floor.arrive("berk", capacity=40, queues=("sales",))
    for second in STEPS:
        conversation = await quiet(floor, thread=f"quiet {second.__name__}")
        await first(floor, conversation)
        await sound(floor, above_capacity=True)
        await second(floor, conversation)
        await sound(floor, above_capacity=True)
        await _start_over(floor, conversation)


async def _start_over(floor: Floor, conversation: str) -> None:
    """Closed for good, by whoever has it now; and ana is there."""
    await floor.arrive("ana", capacity=2)
    await floor.arrive("berk", capacity=40, queues=("sales",))
    if (c := await floor.conversation(conversation))["status"] != "closed":
        if c["owner"] != "berk":
            await _assigned(floor, conversation)
        await floor.close("berk", conversation)
    await sound(floor, above_capacity=True)


async def test_of_moves_that_meet_the_silence_either_order_adds_up(floor: Floor) -> None:
    """The silence lasts, the customer writes, the agent closes: in every order, in one call."""
    await floor.arrive("ana", capacity=2)
    for order in permutations(("tick", "write", "close")):
        floor.travel(await floor.now())
        conversation = await floor.owned("ana", "race", requirement=CHAT, weight=2)
        await reply(floor, "ana", conversation)
        shard = int(conversation.partition("-")[0])
        await keep_up(floor)
        await later(floor, AFTER_S - 0.001)
        floor.travel(int(floor.board.clock_ms) + 1)
        calls = {
            "tick": floor.board.call("tick", str(shard), str(floor.terms[shard]), "100"),
            "write": floor.receive("race"),
            "close": floor.close("ana", conversation),
        }
        await together(*(calls[name] for name in order))
        await sound(floor)
        left = await floor.conversation(conversation)
        assert int(left["relief"]) == 0, order
        if left["status"] == "offered":
            assert (await floor.accept("ana", conversation)).ok
            await floor.close("ana", conversation)
        assert await load(floor) == 0, order


async def test_supervisors_see_who_has_quiet_work_and_how_much(floor: Floor) -> None:
    for name in ("ana", "berk"):
        await floor.arrive(name, capacity=4)
    conversation = await quiet(floor)
    owner = (await floor.conversation(conversation))["owner"]
    assert await quiet_of(floor.board, ["ana", "berk", "nobody"]) == {owner: 1}
    await floor.receive("quiet")
    assert await quiet_of(floor.board, ["ana", "berk"]) == {}
