"""Robots at a real socket: the whole conversation, and everything that can be lost on the way."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.demo.desk_server import KIND, ME, Conversation, DeskServer, robot_at
from trunkline.demo.book import BOOK
from trunkline.demo.stories import Language

LATE = BOOK.of(Language.ENGLISH, "late")[0]
HOURS_TR = BOOK.of(Language.TURKISH, "hours")[0]
REFUSED = {"status": "refused", "code": "gone"}
TURKISH = "support|twilio-sms|1|lang.tr:3"


async def test_a_robot_shows_accepts_answers_in_the_customer_s_language_writes_up_and_closes() -> None:
    server = DeskServer()

    async with robot_at(server):
        await server.offer("1-a", HOURS_TR.openings[0], TURKISH)
        await server.until(lambda: bool(server.acted("close")))

    verbs = [frame.get("verb", frame["type"]) for frame in server.frames]
    assert verbs == ["shown", "accept", "reply", "wrap-up", "close"]
    assert server.acted("accept")[0]["fence"] == 3
    assert server.acted("reply")[0]["text"] == HOURS_TR.replies[0]
    assert server.acted("close")[0]["code"] == HOURS_TR.code
    ids = {action["id"] for action in server.frames if action["type"] == "action"}
    assert len(ids) == 4
    assert all(re.fullmatch(r"[0-9a-f]{32}", operation) for operation in ids)


async def test_a_robot_waits_for_the_customer_s_answer_before_its_next_reply() -> None:
    server = DeskServer()

    async with robot_at(server):
        held = await server.offer("1-a", LATE.openings[0])
        for number, reply in enumerate(LATE.replies, start=1):
            await server.until(lambda number=number: len(server.acted("reply")) == number)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
            assert server.acted("reply")[-1]["text"] == reply
            await server.tell(held.move(KIND + "message-added.v1", said=f"answer {number}"))
        await server.until(lambda: bool(server.acted("close")))

    assert len(server.acted("reply")) == 3


async def test_of_a_matter_it_does_not_know_a_robot_says_something_general_in_the_language_required() -> None:
    server = DeskServer()

    async with robot_at(server):
        await server.offer("1-a", "something nobody foresaw", "sales|twilio-sms|1|lang.lv:3")
        await server.until(lambda: bool(server.acted("close")))

    assert server.acted("reply")[0]["text"] == BOOK.phrases[Language.LATVIAN].general[0]


async def test_an_action_with_no_answer_is_repeated_with_the_same_id_after_the_socket_was_lost() -> None:
    server = DeskServer()
    server.judge = lambda action: {} if len(server.hellos) == 1 else None

    async with robot_at(server):
        await server.offer("1-a", HOURS_TR.openings[0], TURKISH)
        await server.until(lambda: bool(server.acted("accept")))
        await server.hang_up()
        await server.until(lambda: bool(server.acted("close")))

    first, second = server.acted("accept")
    assert first == second
    assert [hello["epoch"] for hello in server.hellos] == ["", "e1"]
    assert server.hellos[1]["after"] == 1
    assert server.hellos[0]["device"] == server.hellos[1]["device"]
    assert server.sign_ins == 1


@pytest.mark.parametrize("answer", [{"status": "pending"}, {"status": "refused", "code": "behind", "retry_after_s": 1}])
async def test_what_is_pending_or_must_wait_is_repeated_with_the_same_id(answer: dict[str, Any]) -> None:
    server = DeskServer()
    server.judge = lambda action: (
        answer if not server.acted(action["verb"])[1:] and action["verb"] == "accept" else None
    )

    async with robot_at(server):
        await server.offer("1-a", HOURS_TR.openings[0], TURKISH)
        await server.until(lambda: bool(server.acted("reply")))

    first, second = server.acted("accept")
    assert first == second


async def test_frames_missed_while_away_are_taken_up_where_they_ended() -> None:
    server = DeskServer()

    async with robot_at(server):
        await server.hang_up()
        await server.offer("1-a", HOURS_TR.openings[0], TURKISH)
        await server.until(lambda: bool(server.acted("close")))

    assert server.hellos[1]["after"] == 0


async def test_with_another_epoch_the_snapshot_replaces_what_was_known() -> None:
    server = DeskServer()
    server.judge = lambda action: {}

    async with robot_at(server) as robot:
        gone = await server.offer("1-gone", LATE.openings[0])
        await server.until(lambda: bool(server.acted("accept")))
        gone.state |= {"status": "active", "owner": "somebody", "offered_to": "", "version": 9}
        server.conversations["1-a"] = Conversation("1-a", HOURS_TR.openings[0], TURKISH)
        server.epoch = "e2"
        server.judge = lambda action: REFUSED if action["conversation"] == "1-gone" else None
        await server.hang_up()
        await server.until(lambda: bool(server.acted("close")))
        await server.until(lambda: server.conversations["1-a"].state["status"] == "closed")
        assert robot.holds <= 1  # the close may be on its way

    assert [action["conversation"] for action in server.acted("reply")] == ["1-a"]


async def test_where_the_record_lags_behind_a_snapshot_the_conversation_is_read_again() -> None:
    server = DeskServer()
    held = server.conversations["1-a"] = Conversation("1-a", HOURS_TR.openings[0], TURKISH)
    held.record_behind = 1

    async with robot_at(server):
        await server.until(lambda: bool(server.acted("close")))

    assert server.reads == 1
    assert server.acted("reply")[0]["text"] == HOURS_TR.replies[0]


async def test_a_hole_in_a_conversation_s_versions_is_filled_from_the_record() -> None:
    server = DeskServer()

    async with robot_at(server):
        held = await server.offer("1-a", LATE.openings[0])
        await server.until(lambda: len(server.acted("reply")) == 1)
        before = server.reads
        held.move(KIND + "message-added.v1", said="lost on the way")
        await server.tell(held.move(KIND + "message-added.v1", said="and this came"))
        await server.until(lambda: len(server.acted("reply")) == 2)

    assert server.reads == before + 1
    assert server.acted("reply")[1]["text"] == LATE.replies[1]


async def test_an_old_event_changes_nothing() -> None:
    server = DeskServer()

    async with robot_at(server):
        held = await server.offer("1-a", LATE.openings[0])
        await server.until(lambda: len(server.acted("reply")) == 1)
        stale = {**held.state, "version": 2, "status": "offered", "offered_to": ME}
        await server.tell({"type": KIND + "offered.v1", "data": {"version": 2, "state": stale}})
        await server.tell(held.move(KIND + "message-added.v1", said="go on"))
        await server.until(lambda: len(server.acted("reply")) == 2)

    assert len(server.acted("accept")) == 1


async def test_a_gap_in_the_frames_makes_the_robot_ask_for_a_snapshot() -> None:
    server = DeskServer()

    async with robot_at(server):
        held = await server.offer("1-a", LATE.openings[0])
        await server.until(lambda: len(server.acted("reply")) == 1)
        await server.tell(held.move(KIND + "message-added.v1", said="go on"), skip=1)
        await server.until(lambda: len(server.hellos) == 2)
        await server.until(lambda: len(server.acted("reply")) == 2)

    assert (server.hellos[1]["epoch"], server.hellos[1]["after"]) == ("", 0)


async def test_who_is_signed_out_signs_in_again() -> None:
    server = DeskServer()

    async with robot_at(server):
        await server.hang_up(4001)
        await server.until(lambda: server.sign_ins == 2)
        await server.offer("1-a", HOURS_TR.openings[0], TURKISH)
        await server.until(lambda: bool(server.acted("close")))


async def test_a_robot_comes_back_when_the_whole_service_was_away() -> None:
    server = DeskServer()

    async with robot_at(server) as robot:
        await server.stop()
        server.epoch = "e2"
        await server.start()
        await server.offer("1-a", HOURS_TR.openings[0], TURKISH)
        await server.until(lambda: bool(server.acted("close")))
        assert robot.counters["lost"] >= 1


async def test_who_was_sent_away_for_missed_offers_is_available_again() -> None:
    server = DeskServer()

    async with robot_at(server):
        server.presence = "away"
        await server.tell(
            {"type": "trunkline.agent.presence-changed.v1", "subject": ME, "data": {"state": {"presence": "away"}}}
        )
        await server.until(lambda: bool(server.acted("presence")))

    assert server.presence == "available"


async def test_a_robot_that_is_not_wanted_goes_away_and_comes_when_it_is() -> None:
    server = DeskServer()

    async with robot_at(server, available=False) as robot:
        await server.until(lambda: server.presence == "away")
        robot.want(available=True)
        await server.until(lambda: server.presence == "available")


async def test_a_reply_refused_because_the_customer_opted_out_ends_the_conversation() -> None:
    server = DeskServer()
    server.judge = refuse("reply", "opted-out")

    async with robot_at(server):
        await server.offer("1-a", LATE.openings[0])
        await server.until(lambda: bool(server.acted("close")))

    assert server.acted("close")[0]["code"] == "opted-out"
    assert len(server.acted("reply")) == 1


async def test_an_offer_that_is_gone_is_let_go() -> None:
    server = DeskServer()
    server.judge = refuse("accept", "gone")

    async with robot_at(server) as robot:
        held = await server.offer("1-a", LATE.openings[0])
        await server.until(lambda: server.reads == 1)
        held.state |= {"status": "queued", "offered_to": ""}
        await server.until(lambda: server.reads == 2)
        await server.offer("1-b", HOURS_TR.openings[0], TURKISH)
        await server.until(lambda: server.reads == 3)
        assert robot.holds <= 1

    assert server.acted("reply") == []


async def test_the_desk_hears_a_heartbeat_as_often_as_it_asked() -> None:
    server = DeskServer()
    server.heartbeat_s = 1.0

    async with robot_at(server):
        await server.until(lambda: {"type": "heartbeat"} in server.frames)


@pytest.mark.parametrize("frame", ["not JSON", "[]", '{"sequence": 1, "event": {"type": 7}}'])
async def test_nonsense_from_the_desk_ends_the_socket_and_not_the_robot(frame: str) -> None:
    server = DeskServer()

    async with robot_at(server):
        assert server.socket is not None
        await server.socket.send_str(frame)
        await server.until(lambda: len(server.hellos) == 2)


def refuse(verb: str, code: str) -> Callable[[dict[str, Any]], dict[str, Any] | None]:
    """A board that refuses this verb."""
    return lambda action: {"status": "refused", "code": code} if action["verb"] == verb else None
