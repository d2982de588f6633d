"""The way of a conversation over the board, and the race each move exists to prevent."""

from __future__ import annotations

import orjson
import pytest

from tests.integration.board.conftest import Floor, together
from trunkline.board import moves
from trunkline.board.owner import raise_term
from trunkline.events import (
    BY_TYPE,
    ConversationOffered,
    ConversationOpened,
    Envelope,
    MessageRefused,
    Presence,
    Profile,
)
from trunkline.ids import new_id


async def test_a_message_opens_a_conversation_and_the_free_agent_is_offered_it(floor: Floor) -> None:
    await floor.arrive("ana")

    opened = await floor.receive("sms|+1")

    state = await floor.conversation(opened.subject)
    assert state["status"] == "offered"
    assert state["offered_to"] == "ana"
    assert sorted(await floor.kinds()) == ["agent.arrived", "conversation.offered", "conversation.opened"]
    assert (await floor.agent("ana"))["load"] == "1"


async def test_every_event_of_a_whole_life_reads_as_its_model_with_dense_versions(floor: Floor) -> None:
    await floor.arrive("ana")
    await floor.arrive("bo")
    name = await floor.owned("ana", "sms|+1")
    await floor.receive("sms|+1")
    await moves.reply(floor.board, operation=new_id(), agent="ana", conversation=name, body=_reply(name))
    to_bo = {"sender": "ana", "to_agent": "bo", "to_queue": "", "note": "yours"}
    await moves.transfer_to_agent(
        floor.board, operation=new_id(), agent="ana", conversation=name, to="bo", body=orjson.dumps(to_bo)
    )
    await floor.decline("bo", name)
    await moves.wrap_up(floor.board, operation=new_id(), agent="ana", conversation=name)
    await floor.close("ana", name)

    entries = await floor.events()

    versions = []
    for entry in entries:
        envelope = Envelope.model_validate_json(entry.record.value)
        event = envelope.read()
        assert type(event) is BY_TYPE[envelope.type]
        if envelope.subject == name:
            versions.append(event.version)  # type: ignore[attr-defined]  # every conversation event has one
    assert versions == list(range(1, len(versions) + 1))
    assert len(versions) == 10


def _reply(conversation: str) -> bytes:
    address = {"scheme": "tel", "value": "+371"}
    message = {
        "id": new_id(), "account": "sms-main", "channel": "sms", "conversation": conversation, "contact": address,
        "parts": [{"kind": "text", "text": "hi"}], "agent": "ana", "written_at": "2026-01-01T00:00:00Z",
        "send_before": "2026-01-02T00:00:00Z",
    }  # fmt: skip
    return orjson.dumps({"message": message})


async def test_an_item_is_applied_once_and_in_order(floor: Floor) -> None:
    first = floor.receiving("sms|+1", offset=0)
    skipped = floor.receiving("sms|+1", offset=2)

    answers = await together(floor.board.submit(*first), floor.board.submit(*first), floor.board.submit(*skipped))

    assert [answer[0] for answer in answers] == [b"ok", b"applied", b"gap"]


async def test_a_repeated_message_makes_no_second_entry(floor: Floor) -> None:
    once = floor.receiving("sms|+1", message="a" * 32)
    twice = floor.receiving("sms|+1", message="a" * 32)

    answers = await together(floor.board.submit(*once), floor.board.submit(*twice))

    assert [answer[0] for answer in answers] == [b"ok", b"duplicate"]
    assert await floor.kinds() == ["conversation.opened"]


async def test_a_filters_hit_is_confirmed_before_anything_is_suppressed(floor: Floor) -> None:
    """Two ids share 40 bits: the filter alone must never suppress the second."""
    await floor.receive("sms|+1", message="ab" * 5 + "0" * 22)
    twin = "ab" * 5 + "1" * 22
    asked = floor.receiving("sms|+1", message=twin, offset=1)
    told_new = floor.receiving("sms|+1", message=twin, offset=1, word="new")
    told_known = floor.receiving("sms|+1", message="ab" * 5 + "2" * 22, offset=2, word="known")

    answers = await together(*(floor.board.submit(*item) for item in (asked, told_new, told_known)))

    assert [answer[0] for answer in answers] == [b"confirm", b"ok", b"duplicate"]


async def test_two_accepts_of_one_offer_have_one_outcome_and_a_repeat_gets_the_first_answer(floor: Floor) -> None:
    await floor.arrive("ana")
    opened = await floor.receive("sms|+1")
    await floor.events()

    first, other, again = await together(
        floor.accept("ana", opened.subject, 1, "op1"),
        floor.accept("ana", opened.subject, 1, "op2"),
        floor.accept("ana", opened.subject, 1, "op1"),
    )

    assert first.ok
    assert other.code == "gone"
    assert again.ok
    assert again.repeated
    assert again.outbox == first.outbox
    assert await floor.kinds() == ["offer.accepted"]


async def test_an_accept_at_the_deadline_is_late_and_the_offer_expires_once(floor: Floor) -> None:
    start = await floor.now()
    floor.travel(start)
    await floor.arrive("ana")
    opened = await floor.receive("sms|+1")
    await floor.events()
    floor.travel(start + 20_000)

    assert (await floor.accept("ana", opened.subject, 1)).code == "late"
    await floor.tick()
    await floor.tick()

    assert (await floor.kinds()) == ["offer.expired", "conversation.offered"]
    assert (await floor.conversation(opened.subject))["fence"] == "2"


async def test_an_offer_counts_as_missed_only_if_it_was_shown(floor: Floor) -> None:
    start = await floor.now()
    floor.travel(start)
    await floor.arrive("ana", lease_ms=3_600_000)
    opened = await floor.receive("sms|+1")
    for n in range(1, 6):
        await floor.tick(start + n * 20_000)
        floor.travel(start + n * 20_000)
    assert (await floor.agent("ana"))["presence"] == "available"

    for n in range(6, 9):
        fence = int((await floor.conversation(opened.subject))["fence"])
        assert (await moves.shown(floor.board, agent="ana", conversation=opened.subject, fence=fence)).ok
        await floor.tick(start + n * 20_000)
        floor.travel(start + n * 20_000)

    assert (await floor.agent("ana"))["presence"] == "away"
    assert (await floor.agent("ana"))["reason"] == "missed"
    assert (await floor.conversation(opened.subject))["status"] == "queued"


async def test_a_declined_conversation_goes_to_the_next_agent_at_its_old_place(floor: Floor) -> None:
    await floor.arrive("ana")
    await floor.arrive("bo")
    opened = await floor.receive("sms|+1")
    before = await floor.conversation(opened.subject)

    await floor.decline(before["offered_to"], opened.subject)

    after = await floor.conversation(opened.subject)
    assert {before["offered_to"], after["offered_to"]} == {"ana", "bo"}
    assert after["due"] == before["due"]
    assert after["queued_at"] == before["queued_at"]


async def test_who_declined_is_asked_again_only_after_every_eligible_agent_has_and_the_queues_time(
    floor: Floor,
) -> None:
    start = await floor.now()
    floor.travel(start)
    await floor.arrive("ana", lease_ms=3_600_000)
    await floor.arrive("bo", lease_ms=3_600_000)
    busy = await floor.owned("ana", "sms|+9")
    opened = await floor.receive("sms|+1")
    assert (await floor.decline("bo", opened.subject)).ok

    await floor.events()
    await floor.tick(start + 60_001)
    assert (await floor.conversation(opened.subject))["status"] == "queued", "ana is eligible and has not declined"

    floor.travel(start + 60_002)
    await floor.close("ana", busy)
    assert (await floor.conversation(opened.subject))["offered_to"] == "ana"
    await floor.decline("ana", opened.subject)
    assert (await floor.conversation(opened.subject))["status"] == "queued"
    await floor.tick(start + 60_002 + 59_000)
    assert (await floor.conversation(opened.subject))["status"] == "queued"
    await floor.tick(start + 60_002 + 60_000)
    assert (await floor.conversation(opened.subject))["status"] == "offered"


async def test_an_unmatchable_head_hides_nothing(floor: Floor) -> None:
    for n in range(30):
        await floor.receive(f"sms|+{n}", skills={"lang.lv": 3}, due=0)
    await floor.receive("sms|+100", skills={"lang.tr": 1}, due=90_000)

    await floor.arrive("ana", skills={"lang.tr": 2})

    assert (await floor.agent("ana"))["load"] == "1"


async def test_decliners_of_the_head_do_not_hide_the_next(floor: Floor) -> None:
    await floor.arrive("ana")
    first = await floor.receive("sms|+1", due=0)
    second = await floor.receive("sms|+2", due=1)

    await floor.decline("ana", first.subject)

    assert (await floor.conversation(second.subject))["offered_to"] == "ana"


async def test_waiting_work_is_taken_by_due_time_across_requirement_sets(floor: Floor) -> None:
    later = await floor.receive("sms|+1", skills={"lang.en": 1}, due=60_000)
    sooner = await floor.receive("sms|+2", skills={"lang.tr": 1}, due=10_000)

    await floor.arrive("ana", skills={"lang.en": 1, "lang.tr": 1})

    assert (await floor.conversation(sooner.subject))["offered_to"] == "ana"
    assert (await floor.conversation(later.subject))["status"] == "queued"


async def test_an_agent_is_never_above_capacity(floor: Floor) -> None:
    await floor.arrive("ana", capacity=3)

    await together(*(floor.receive(f"sms|+{n}", weight=2 if n % 2 else 1) for n in range(8)))

    assert (await floor.agent("ana"))["load"] == "3"


async def test_the_longest_idle_agent_comes_first(floor: Floor) -> None:
    start = await floor.now()
    for n, agent in enumerate(("ana", "bo", "cy")):
        floor.travel(start + n)
        await floor.arrive(agent)
    floor.travel(start + 10)

    taken = [(await floor.receive(f"sms|+{n}")).subject for n in range(3)]

    assert [(await floor.conversation(name))["offered_to"] for name in taken] == ["ana", "bo", "cy"]


async def test_room_made_by_a_close_is_filled_in_the_same_move(floor: Floor) -> None:
    await floor.arrive("ana")
    held = await floor.owned("ana", "sms|+1")
    waiting = await floor.receive("sms|+2")

    await floor.close("ana", held)

    assert (await floor.conversation(waiting.subject))["offered_to"] == "ana"


async def test_a_transfer_keeps_its_sender_until_accepted_and_returns_with_the_reason(floor: Floor) -> None:
    await floor.arrive("ana", capacity=2)
    await floor.arrive("bo")
    name = await floor.owned("ana", "sms|+1")
    details = orjson.dumps({"sender": "ana", "to_agent": "bo"})

    answer = await moves.transfer_to_agent(
        floor.board, operation=new_id(), agent="ana", conversation=name, to="bo", body=details
    )
    assert answer.ok
    offered = await floor.conversation(name)
    assert (offered["owner"], offered["offered_to"]) == ("ana", "bo")
    assert ((await floor.agent("ana"))["load"], (await floor.agent("bo"))["load"]) == ("1", "1")

    await floor.decline("bo", name)
    back = await floor.conversation(name)
    assert (back["owner"], back["status"], back["reason"]) == ("ana", "active", "busy")
    assert (await floor.agent("bo"))["load"] == "0"

    await moves.transfer_to_agent(
        floor.board, operation=new_id(), agent="ana", conversation=name, to="bo", body=details
    )
    await floor.accept("bo", name)
    assert (await floor.conversation(name))["owner"] == "bo"
    assert ((await floor.agent("ana"))["load"], (await floor.agent("bo"))["load"]) == ("0", "1")


async def test_a_transfer_to_a_queue_releases_at_once_and_does_not_come_straight_back(floor: Floor) -> None:
    await floor.arrive("ana")
    name = await floor.owned("ana", "sms|+1")
    before = await floor.conversation(name)

    answer = await moves.transfer_to_queue(
        floor.board, operation=new_id(), agent="ana", conversation=name, queue="billing",
        requirement="billing|sms|1|", weight=1, limits=before["limits"],
        body=orjson.dumps({"sender": "ana", "to_queue": "billing"}),
    )  # fmt: skip

    assert answer.ok
    after = await floor.conversation(name)
    assert (after["status"], after["owner"], after["queued_at"]) == ("queued", "", before["queued_at"])
    assert (await floor.agent("ana"))["load"] == "0"
    await floor.arrive("bo")
    assert (await floor.conversation(name))["offered_to"] == "bo"


async def test_only_the_owner_replies_and_nobody_to_who_opted_out(floor: Floor) -> None:
    await floor.arrive("ana")
    name = await floor.owned("ana", "sms|+1")

    stranger = await moves.reply(floor.board, operation=new_id(), agent="bo", conversation=name, body=b"{}")
    shard = name.split("-")[0]
    stop = ("prefer", shard, "1", str(next(floor.offsets[int(shard)])), "stop1", "sms|+1", "1",
            '{"thread":"sms|+1","opted_out":true}')  # fmt: skip
    assert (await floor.board.submit(*stop))[0] == b"ok"
    owner = await moves.reply(floor.board, operation=new_id(), agent="ana", conversation=name, body=b"{}")

    assert stranger.code == "not-yours"
    assert owner.code == "opted-out"


async def test_a_customer_who_writes_during_wrap_up_gets_the_agent_back(floor: Floor) -> None:
    await floor.arrive("ana")
    name = await floor.owned("ana", "sms|+1")
    await moves.wrap_up(floor.board, operation=new_id(), agent="ana", conversation=name)

    await floor.receive("sms|+1")

    state = await floor.conversation(name)
    assert (state["status"], state["owner"], state["wrap_until"]) == ("active", "ana", "0")


async def test_a_wrap_up_closes_by_itself_when_its_time_is_over(floor: Floor) -> None:
    start = await floor.now()
    floor.travel(start)
    await floor.arrive("ana")
    name = await floor.owned("ana", "sms|+1")
    await moves.wrap_up(floor.board, operation=new_id(), agent="ana", conversation=name)

    await floor.tick(start + 30_000)

    assert (await floor.conversation(name))["status"] == "closed"
    assert (await floor.agent("ana"))["load"] == "0"


async def test_a_closed_conversation_is_reopened_within_the_queues_time_and_a_new_one_opened_after(
    floor: Floor,
) -> None:
    start = await floor.now()
    floor.travel(start)
    await floor.arrive("ana", lease_ms=10**9)
    name = await floor.owned("ana", "sms|+1")
    await floor.close("ana", name)

    floor.travel(start + 1_000)
    assert (await floor.receive("sms|+1")).subject == name
    await floor.accept("ana", name)
    await floor.close("ana", name)
    floor.travel(start + 1_000 + 86_400_001)
    assert (await floor.receive("sms|+1")).subject != name


async def test_a_message_without_a_decision_is_applied_only_to_an_open_conversation(floor: Floor) -> None:
    item = floor.receiving("sms|+1", decided=False)
    assert (await floor.board.submit(*item))[0] == b"decide"


async def test_a_vanished_device_is_not_offered_work_and_its_offer_is_rescinded(floor: Floor) -> None:
    start = await floor.now()
    floor.travel(start)
    await floor.arrive("ana")
    opened = await floor.receive("sms|+1")
    await floor.arrive("bo")
    await floor.events()
    floor.travel(start + 30_000)
    # The offer (20 s) outlives the lease here: only the lease may end it.
    limits = "90000:60000:30000:86400000:3"
    second = await floor.receive("sms|+2", limits=limits)
    assert (await floor.conversation(second.subject))["offered_to"] == "bo"
    await moves.heartbeat(floor.board, agent="ana", device="d1", lease_ms=90_000)

    await floor.tick(start + 45_001)

    assert (await floor.conversation(second.subject))["offered_to"] != "bo"
    assert "agent.left" in await floor.kinds()
    assert (await floor.conversation(opened.subject))["offered_to"] in {"ana", ""}


async def test_an_old_devices_end_does_not_take_the_agent_off_the_board(floor: Floor) -> None:
    start = await floor.now()
    floor.travel(start)
    await floor.arrive("ana", device="old")
    floor.travel(start + 40_000)
    await floor.arrive("ana", device="new")
    await moves.leave(floor.board, agent="ana", device="old", grace_ms=0)

    await floor.tick(start + 50_000)

    assert (await floor.agent("ana"))["presence"] == "available"
    assert (await moves.heartbeat(floor.board, agent="ana", device="old", lease_ms=1)).code == "arrive"


async def test_a_lost_owners_work_waits_again_with_its_age(floor: Floor) -> None:
    start = await floor.now()
    floor.travel(start)
    await floor.arrive("ana")
    name = await floor.owned("ana", "sms|+1")
    before = await floor.conversation(name)

    await floor.tick(start + 45_001)
    assert (await floor.conversation(name))["owner"] == "ana"
    await floor.tick(start + 45_001 + 120_000)

    after = await floor.conversation(name)
    assert (after["status"], after["owner"], after["reason"]) == ("queued", "", "owner_lost")
    assert after["queued_at"] == before["queued_at"]


async def test_a_returning_owner_keeps_the_work_and_its_weight(floor: Floor) -> None:
    start = await floor.now()
    floor.travel(start)
    await floor.arrive("ana", capacity=2)
    name = await floor.owned("ana", "sms|+1")
    await floor.tick(start + 45_001)
    floor.travel(start + 60_000)

    await floor.arrive("ana", capacity=2)
    await floor.tick(start + 60_001 + 120_000 - 20_000)

    assert (await floor.conversation(name))["owner"] == "ana"
    assert (await floor.agent("ana"))["load"] == "1"


async def test_an_away_agent_gets_nothing_and_what_waits_when_back(floor: Floor) -> None:
    await floor.arrive("ana", presence=Presence.AWAY)
    opened = await floor.receive("sms|+1")
    assert (await floor.conversation(opened.subject))["status"] == "queued"

    await moves.set_presence(floor.board, operation=new_id(), agent="ana", presence=Presence.AVAILABLE)

    assert (await floor.conversation(opened.subject))["offered_to"] == "ana"


async def test_why_an_agent_is_away_is_told_to_each_device_and_kept_through_a_rebuild(floor: Floor) -> None:
    away = Presence.AWAY
    await floor.arrive("ana")
    reason = "at the\tdoctor's"
    await moves.set_presence(floor.board, operation=new_id(), agent="ana", presence=away, reason=reason)

    other = await floor.arrive("ana", device="d2")
    newer = await floor.arrive("ana", device="d3", version=2)
    beat = await moves.heartbeat(floor.board, agent="ana", device="d1", lease_ms=45_000)
    assert [(each.version, each.subject) for each in (other, newer, beat)] == [(away, reason)] * 3

    await floor.board.client.delete(floor.board.keys.generation)
    await floor.open("2-b")  # the board is built anew: the device arrives again, with what it knew
    profile = Profile(agent="ana", name="ana", version=2, capacity=1)
    again = await moves.arrive(
        floor.board, operation=new_id(), profile=profile, device="d1", lease_ms=45_000, presence=away, reason=reason
    )
    assert (again.version, again.subject) == (away, reason)
    assert ((await floor.agent("ana"))["presence"], (await floor.agent("ana"))["reason"]) == (away, reason)


async def test_a_new_profile_moves_the_agent_between_requirement_sets(floor: Floor) -> None:
    await floor.arrive("ana", skills={"lang.en": 1})
    latvian = await floor.receive("sms|+1", skills={"lang.lv": 2})
    assert (await floor.conversation(latvian.subject))["status"] == "queued"

    await floor.arrive("ana", skills={"lang.lv": 2}, version=2)
    assert (await floor.conversation(latvian.subject))["offered_to"] == "ana"
    await floor.arrive("ana", skills={"lang.en": 1}, version=1)
    english = await floor.receive("sms|+2", skills={"lang.en": 1})
    assert (await floor.conversation(english.subject))["status"] == "queued", "an older profile changes nothing"


async def test_a_failed_reply_reaches_the_agent_also_after_close(floor: Floor) -> None:
    await floor.arrive("ana")
    name = await floor.owned("ana", "sms|+1")
    await floor.close("ana", name)
    await floor.events()
    shard = name.split("-")[0]
    body = '{"message":"m","kind":"invalid","text":"no such number"}'

    answer = await floor.board.submit("undeliver", shard, "1", str(next(floor.offsets[int(shard)])), "u1", name, body)

    assert answer[0] == b"ok"
    [entry] = await floor.events()
    assert dict(entry.record.headers)["agents"] == b"ana"


async def test_an_item_that_fails_for_itself_is_refused_in_the_log_and_stops_no_neighbour(floor: Floor) -> None:
    broken = list(floor.receiving("sms|+1"))
    broken[22] = 'no "limits"'
    fine = floor.receiving("sms|+1")

    answers = await together(floor.board.submit(*broken), floor.board.submit(*fine))

    assert [answer[0] for answer in answers] == [b"refused", b"ok"]
    refused, opened = await floor.events()
    event = Envelope.model_validate_json(refused.record.value).read()
    assert isinstance(event, MessageRefused)
    assert event.offset == 0
    assert "limits" in event.reason
    assert dict(opened.record.headers)["type"] == ConversationOpened.type.encode()
    assert not await floor.conversation(answers[0][2].decode())


async def test_the_offer_of_one_conversation_is_never_two_agents(floor: Floor) -> None:
    await together(*(floor.arrive(f"agent{n}") for n in range(8)))
    opened = await floor.receive("sms|+1")
    for _ in range(7):
        offered = [
            entry for entry in await floor.events() if entry.record.headers[0][1].decode() == ConversationOffered.type
        ]
        assert len(offered) == 1
        await floor.decline((await floor.conversation(opened.subject))["offered_to"], opened.subject)


@pytest.mark.parametrize("verb", ["tick", "sweep", "outbox", "spare", "verify"])
async def test_a_lower_term_does_nothing_on_a_shard(floor: Floor, verb: str) -> None:
    assert await raise_term(floor.board, 0, 7) == 7
    assert await raise_term(floor.board, 0, 3) == 7
    answer = await floor.board.submit(verb, "0", "6", "0-1", "500", "")
    assert answer[0] == b"fenced"


async def test_a_generation_that_is_not_in_force_cannot_be_verified(floor: Floor) -> None:
    """It was cleared, or another is being built: a straggler's token must not open anything."""
    info = await floor.board.client.info("replication")
    await floor.board.client.delete(floor.board.keys.generation)

    answer = await floor.board.submit("verify", "0", "1", "0-1", info["master_replid"], "2")

    assert answer[0] == b"stale"
