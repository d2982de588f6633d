"""An agent writes first: one conversation a thread, whoever is quicker, and the answer joins it."""

from __future__ import annotations

import pytest

from tests.integration.board.conftest import LIMITS, SHARDS, Floor, together
from trunkline.board import Answer, moves
from trunkline.ids import new_conversation_id, new_id, shard_of
from trunkline.messages import Address
from trunkline.requirements import requirement_id
from trunkline.route import Route

ROUTE = Route("support", requirement_id("support", "sms", 1, {}), 1, 0, 60_000, LIMITS, ladder="").arguments()


async def _begin(floor: Floor, agent: str, thread: str, *, operation: str = "", per_minute: int = 60) -> Answer:
    return await moves.begin(
        floor.board, operation=operation or new_id(), agent=agent, thread=thread, account="sms-main", channel="sms",
        conversation=new_conversation_id(shard_of(thread, SHARDS)), contact=Address(scheme="tel", value="+371"),
        route=ROUTE, per_minute=per_minute, body=b'{"by":"%s"}' % agent.encode(),
    )  # fmt: skip


async def _load(floor: Floor, agent: str) -> int:
    return int((await floor.agent(agent))["load"])


async def test_who_begins_owns_it_above_capacity_and_the_answer_joins(floor: Floor) -> None:
    await floor.arrive("ana", capacity=1)
    await floor.owned("ana", "sms|+1")
    await floor.events()

    begun = await _begin(floor, "ana", "sms|+2")
    answered = await floor.receive("sms|+2")

    assert begun.ok
    assert answered.subject == begun.subject
    state = await floor.conversation(begun.subject)
    assert (state["status"], state["owner"], state["said"], state["replied_at"]) == ("active", "ana", "1", "0")
    assert await _load(floor, "ana") == 2
    [begin, added] = await floor.events()
    assert [head.split(b".")[2] for head in (begin.record.headers[0][1], added.record.headers[0][1])] == [
        b"begun", b"message-added",
    ]  # fmt: skip
    assert dict(begin.record.headers)["agents"] == dict(added.record.headers)["agents"] == b"ana"


async def test_what_was_begun_is_closed_passed_on_and_counted_as_any(floor: Floor) -> None:
    await floor.arrive("ana")
    begun = await _begin(floor, "ana", "sms|+2")
    waiting = await floor.receive("sms|+3")
    assert (await floor.conversation(waiting.subject))["status"] == "queued", "her room is taken"

    passed = await moves.transfer_to_queue(
        floor.board, operation=new_id(), agent="ana", conversation=begun.subject, queue=ROUTE[0], requirement=ROUTE[1],
        weight=1, limits=LIMITS, body=b'{"sender":"ana","to_queue":"support"}',
    )  # fmt: skip

    assert passed.ok
    first, second = await floor.conversation(waiting.subject), await floor.conversation(begun.subject)
    assert (first["status"], second["status"]) == ("offered", "queued")
    assert int(second["due"]) == int(second["queued_at"]) + 60_000
    assert await _load(floor, "ana") == 1


@pytest.mark.parametrize("taken", [True, False])
async def test_an_open_conversation_is_never_doubled_and_the_refusal_says_who_has_it(floor: Floor, taken: bool) -> None:
    await floor.arrive("bo")
    name = await floor.owned("bo", "sms|+1") if taken else (await floor.receive("sms|+1", skills={"law": 1})).subject
    await floor.arrive("ana")
    before = await floor.events()

    answer = await _begin(floor, "ana", "sms|+1")

    assert (answer.code, answer.detail) == ("open", f"{name} {'bo' if taken else ''}")
    assert before
    assert await floor.events() == []
    assert await _load(floor, "ana") == 0


async def test_of_two_who_begin_at_once_one_does(floor: Floor) -> None:
    await floor.arrive("ana")
    await floor.arrive("bo")

    first, second = await together(_begin(floor, "ana", "sms|+1"), _begin(floor, "bo", "sms|+1"))

    assert first.ok
    assert (second.code, second.detail) == ("open", f"{first.subject} ana")
    assert (await _load(floor, "ana"), await _load(floor, "bo")) == (1, 0)
    assert (await floor.kinds()).count("conversation.begun") == 1


@pytest.mark.parametrize("customer_first", [True, False])
async def test_a_customer_who_writes_at_that_very_moment_has_one_conversation(
    floor: Floor, customer_first: bool
) -> None:
    await floor.arrive("ana", capacity=2)
    await floor.arrive("bo")
    if customer_first:
        received, begun = await together(floor.receive("sms|+1"), _begin(floor, "ana", "sms|+1"))
    else:
        begun, received = await together(_begin(floor, "ana", "sms|+1"), floor.receive("sms|+1"))

    kinds = await floor.kinds()
    if customer_first:
        assert (begun.code, begun.detail.split()[0]) == ("open", received.subject)
        assert "conversation.begun" not in kinds
    else:
        assert begun.subject == received.subject
        assert "conversation.opened" not in kinds
        assert "conversation.offered" not in kinds


async def test_made_twice_it_is_one_also_after_a_rebuild_which_keeps_it(floor: Floor) -> None:
    await floor.arrive("ana")
    operation = new_id()
    begun = await _begin(floor, "ana", "sms|+1", operation=operation)
    again = await _begin(floor, "ana", "sms|+1", operation=operation)
    assert (again.subject, again.repeated) == (begun.subject, True)

    await floor.rebuild()
    await floor.arrive("ana")

    later = await _begin(floor, "ana", "sms|+1", operation=operation)
    answered = await floor.receive("sms|+1")
    assert (later.subject, later.repeated) == (begun.subject, True)
    assert answered.subject == begun.subject
    assert (await floor.conversation(begun.subject))["owner"] == "ana"
    assert await _load(floor, "ana") == 1


async def test_a_rebuild_leads_a_thread_to_what_was_begun_and_not_to_what_was_closed_before(floor: Floor) -> None:
    await floor.arrive("ana")
    old = await floor.owned("ana", "sms|+1")
    await floor.close("ana", old)
    later = await floor.now() + 1
    floor.travel(later)
    begun = await _begin(floor, "ana", "sms|+1")
    folds = await floor.folds()
    for fold in folds.values():  # an event of the older one may be the later in the log
        fold.conversations = dict(reversed(fold.conversations.items()))

    await floor.rebuild(folds)

    assert (await floor.receive("sms|+1")).subject == begun.subject


async def test_one_agent_begins_so_many_within_a_minute_and_is_told_when_the_next_may_be(floor: Floor) -> None:
    await floor.arrive("ana")
    await floor.arrive("bo")
    start = await floor.now()
    operation = new_id()

    async def begins(agent: str, number: int, *, after_s: int, operation: str = "") -> Answer:
        await floor.events()  # relayed: or what is asked for later would find the log behind
        floor.travel(start + after_s * 1_000)
        return await _begin(floor, agent, f"sms|+{number}", operation=operation, per_minute=3)

    assert (await begins("ana", 1, after_s=0, operation=operation)).ok
    assert [(await begins("ana", number, after_s=0)).code for number in (2, 3)] == ["ok", "ok"]
    refused = await begins("ana", 4, after_s=5)
    assert (refused.code, refused.detail) == ("too-fast", "15")
    assert (await begins("ana", 1, after_s=5, operation=operation)).repeated, "what was done is told, whenever asked"
    assert (await begins("ana", 2, after_s=5)).code == "open", "what cannot be begun counts for nothing"
    assert (await begins("bo", 5, after_s=5)).ok, "and nobody pays for a colleague"

    assert (await begins("ana", 4, after_s=20)).ok
    assert (await begins("ana", 6, after_s=21)).detail == "19"
    assert [(await begins("ana", n, after_s=80)).code for n in (6, 7, 8, 9)] == ["ok", "ok", "ok", "too-fast"]


async def test_after_the_end_of_the_last_one_a_new_one_begins_and_takes_the_answers(floor: Floor) -> None:
    await floor.arrive("ana")
    old = await floor.owned("ana", "sms|+1")
    await floor.close("ana", old)

    begun = await _begin(floor, "ana", "sms|+1")

    assert begun.ok
    assert begun.subject != old
    assert (await floor.receive("sms|+1")).subject == begun.subject


async def test_who_wants_no_messages_is_not_written_to_and_who_is_not_here_begins_nothing(floor: Floor) -> None:
    shard = shard_of("sms|+1", SHARDS)
    place = (str(shard), str(floor.terms[shard]), str(next(floor.offsets[shard])), new_id())
    assert (await floor.board.submit("prefer", *place, "sms|+1", "1", b"{}"))[0] == b"ok"
    await floor.arrive("ana")
    await floor.events()

    refused = await _begin(floor, "ana", "sms|+1")
    absent = await _begin(floor, "nobody", "sms|+2")

    assert (refused.code, absent.code) == ("opted-out", "absent")
    assert await floor.events() == []
