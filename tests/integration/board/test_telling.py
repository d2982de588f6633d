"""Words without an agent: asked for where somebody has to wait, said once, and never after an agent came."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.integration.board.conftest import SHARDS, Floor, short, together
from trunkline.board import Answer, moves
from trunkline.board.client import answer_of
from trunkline.events import ConversationTold, Envelope, Presence
from trunkline.ids import new_id, shard_of_conversation
from trunkline.requirements import requirement_id
from trunkline.testing.audit import audit

MINUTE = 60_000
DAY = 24 * 60 * MINUTE
SET = requirement_id("support", "sms", 1, {})
LONG: dict[str, Any] = {"lease_ms": 600 * MINUTE}


async def asked(floor: Floor, at_ms: int | None = None) -> dict[str, str]:
    """Conversation → the words that are asked for now."""
    before = floor.board.clock_ms
    if at_ms is not None:
        floor.travel(at_ms)
    found: dict[str, str] = {}
    for shard in range(SHARDS):
        answer = await floor.board.call("tick", str(shard), str(floor.terms[shard]), "100")
        assert answer[4] == [], answer
        found |= {line[0].decode(): line[1].decode() for line in answer[5]}
    floor.board.clock_ms = before
    return found


async def say(floor: Floor, name: str, words: str, *, body: bytes = b"{}", term: int = 0) -> Answer:
    shard = shard_of_conversation(name)
    raw = await floor.board.submit("say", str(shard), str(term or floor.terms[shard]), name, words, new_id(), body)
    return answer_of(raw)


async def waits(floor: Floor, thread: str = "sms|+1", say: str = "queued", **options: Any) -> str:
    return (await floor.receive(thread, say=say, **options)).subject


async def test_who_has_to_wait_is_told_once_with_the_state_after_it(floor: Floor) -> None:
    name = await waits(floor)
    assert await asked(floor) == {name: "queued:1"}
    await floor.kinds()

    answers = await together(say(floor, name, "queued:1"), say(floor, name, "queued:1"))

    assert [answer.code for answer in answers] == ["ok", "gone"]
    [told] = await floor.events()
    assert short(told) == "conversation.told"
    state = orjson.loads(told.record.value)["data"]["state"]
    assert (state["to_say"], state["replied_at"], state["owner"], state["said"]) == ("", 0, "", 2)
    assert await asked(floor) == {}


async def test_a_queue_that_says_nothing_asks_for_nothing(floor: Floor) -> None:
    name = (await floor.receive("sms|+1")).subject
    assert await asked(floor) == {}
    assert "to_say" not in await floor.conversation(name)


async def test_words_nobody_came_to_say_are_asked_for_again(floor: Floor) -> None:
    name = await waits(floor)
    now = await floor.now()
    assert await asked(floor, now) == {name: "queued:1"}
    assert await asked(floor, now + 100) == {}
    assert await asked(floor, now + 2_100) == {name: "queued:1"}


async def test_nothing_is_said_while_it_is_offered_nor_after_an_agent_took_it(floor: Floor) -> None:
    await floor.arrive("ana", **LONG)
    name = await waits(floor)
    assert await asked(floor) == {}
    assert (await say(floor, name, "queued:1")).code == "gone"

    await floor.accept("ana", name)

    assert (await floor.conversation(name))["to_say"] == ""
    assert await asked(floor, await floor.now() + 10 * MINUTE) == {}
    assert (await say(floor, name, "queued:1")).code == "gone"


async def test_who_was_offered_in_vain_is_told_that_they_wait(floor: Floor) -> None:
    await floor.arrive("ana", **LONG)
    name = await waits(floor)
    assert await asked(floor) == {}
    await floor.decline("ana", name)
    assert await asked(floor, await floor.now() + 21_000) == {name: "queued:1"}


async def test_to_accept_and_to_say_at_once_is_one_of_both_and_the_agent_has_it(floor: Floor) -> None:
    await floor.arrive("ana", **LONG)
    name = await waits(floor)
    accepted, said = await together(floor.accept("ana", name), say(floor, name, "queued:1"))
    assert (accepted.ok, said.code) == (True, "gone")
    assert "conversation.told" not in await floor.kinds()


async def test_a_thread_is_told_a_thing_once_a_day_and_a_contact_eight_in_all(floor: Floor) -> None:
    limits = "20000:60000:30000:0:3"
    await floor.arrive("ana", presence=Presence.AWAY, **LONG)
    now = await floor.now()
    for turn, code in enumerate(["ok", "unsaid"]):
        name = await waits(floor, limits=limits)
        assert (await say(floor, name, "queued:1")).code == code, turn
        await moves.assign(floor.board, operation=new_id(), agent="sue", conversation=name, to="ana", body=b"{}")
        await floor.close("ana", name)
        floor.travel(now + (turn + 1) * MINUTE)
    others = [await waits(floor, f"sms|+1|{n}") for n in range(8)]
    codes = [(await say(floor, name, "queued:1")).code for name in others]
    assert codes == ["ok"] * 7 + ["unsaid"]


async def test_nobody_who_opted_out_is_told_anything(floor: Floor) -> None:
    name = await waits(floor)
    await floor.board.client.hset(f"{floor.board.keys.under(floor.board.generation)}c:{name}", "opted_out", "1")
    assert (await say(floor, name, "queued:1")).code == "unsaid"
    assert await asked(floor) == {}


async def test_there_may_be_nothing_to_say_any_more(floor: Floor) -> None:
    name = await waits(floor)
    assert (await say(floor, name, "queued:1", body=b"")).code == "unsaid"
    assert await asked(floor, await floor.now() + MINUTE) == {}


async def test_only_the_owner_of_the_shard_says(floor: Floor) -> None:
    name = await waits(floor)
    assert (await say(floor, name, "queued:1", term=7)).code == "fenced"


async def test_steps_tell_each_once_and_who_is_promised_a_call_shows_it(floor: Floor) -> None:
    ladder = f"0>{SET} {MINUTE}>{SET}>overflow {2 * MINUTE}>{SET}>callback"
    name = await waits(floor, say="", ladder=ladder)
    start = int((await floor.conversation(name))["queued_at"])
    assert await asked(floor, start) == {}
    await floor.tick(start + MINUTE)
    assert await asked(floor, start + MINUTE + 2_000) == {name: "overflow.1:2"}
    assert (await say(floor, name, "overflow.1:2")).ok
    await floor.tick(start + 2 * MINUTE)
    words = (await floor.conversation(name))["to_say"]
    assert words.startswith("callback.2:")
    assert (await say(floor, name, words)).ok
    await floor.arrive("ana", **LONG)
    state = await floor.conversation(name)
    assert (state["offered_to"], state["promise"], state["reason"]) == ("ana", "callback", "callback")


@pytest.mark.parametrize("said", [False, True])
async def test_a_rebuilt_board_says_what_was_not_said_and_nothing_twice(floor: Floor, said: bool) -> None:
    name = await waits(floor)
    if said:
        assert (await say(floor, name, "queued:1")).ok
    folds = await floor.folds()
    floor.relayed = {shard: fold.outbox for shard, fold in folds.items()}
    await floor.rebuild(folds)
    assert await asked(floor) == ({} if said else {name: "queued:1"})
    assert await audit(floor.board.client, floor.board.keys.under(floor.board.generation)) == []
    if said:  # another conversation of the same thread
        prefix, shard = floor.board.keys.under(floor.board.generation), str(shard_of_conversation(name))
        await floor.board.client.delete(f"{prefix}t:sms|+1")
        applied = await floor.board.client.hget(f"{prefix}applied", shard)
        other = await waits(floor, offset=int(applied or b"-1") + 1)
        assert (await say(floor, other, "queued:1")).code == "unsaid"


async def test_what_was_said_is_read_as_its_event(floor: Floor) -> None:
    name = await waits(floor)
    message = {
        "id": "m1", "account": "sms-main", "channel": "sms", "conversation": name,
        "contact": {"scheme": "tel", "value": "+371"}, "parts": [{"kind": "text", "text": "We will be back."}],
        "written_at": "2026-01-02T03:04:05Z", "send_before": "2026-01-03T03:04:05Z",
    }  # fmt: skip
    await floor.kinds()
    assert (await say(floor, name, "queued:1", body=orjson.dumps({"kind": "queued", "message": message}))).ok
    [told] = await floor.events()
    event = Envelope.model_validate_json(told.record.value).read()
    assert isinstance(event, ConversationTold)
    assert (event.details.kind, event.details.message.agent) == ("queued", None)
