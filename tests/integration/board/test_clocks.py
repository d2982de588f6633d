"""Clocks: what customers were promised, reckoned in open hours, and what that makes of a conversation's place."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from tests.integration.board.conftest import LIMITS, SHARDS, Floor, together
from trunkline.board import Answer, moves
from trunkline.board.fold import with_state
from trunkline.board.hours import tell_hours, with_hours
from trunkline.board.looks import late, waiting
from trunkline.config.calendars import Calendar
from trunkline.events import Presence
from trunkline.ids import new_conversation_id, new_id, shard_of
from trunkline.messages import Address
from trunkline.requirements import requirement_id
from trunkline.route import Route
from trunkline.testing.audit import audit

MINUTE = 60_000
HOUR = 60 * MINUTE
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
RIGA = Calendar.model_validate(
    {
        "zone": "Europe/Riga",
        "week": {day: ["09:00-12:30", "13:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
        | {"sun": ["01:00-05:00"]},  # the clock is changed on a Sunday at this time
        "holidays": ["LV"],
    }
)


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000)


def promise(
    first: int = 0, following: int = 0, resolution: int = 0, window: int = 0, margin: int = 0, calendar: str = ""
) -> str:
    return f"{first}:{following}:{resolution}:{window}:{margin}:{calendar}"


def open_for(calendar: Calendar, since: datetime, duration: timedelta) -> datetime:
    """By walking through its spans, one after another."""
    left = duration
    for begins, ends in calendar.spans_between(since, since + timedelta(days=300)):
        if ends - begins >= left:
            return begins + left
        left -= ends - begins
    raise AssertionError("it is not open so long")


async def check(floor: Floor) -> None:
    prefix = floor.board.keys.under(floor.board.generation)
    assert await audit(floor.board.client, prefix, above_capacity=True) == []


async def at(floor: Floor, now_ms: int) -> None:
    """The clock shows this; the log has taken what was decided before."""
    await floor.events()
    floor.travel(now_ms)


async def ends_of(floor: Floor, name: str) -> dict[str, int]:
    """The clocks that run: when each ends."""
    c = await floor.conversation(name)
    return {
        clock: end
        for clock in ("first_reply", "next_reply", "resolve", "window")
        if (end := int(c.get(f"{clock}_by", 0)))
    }


async def reply(floor: Floor, agent: str, name: str) -> Answer:
    return await moves.reply(floor.board, operation=new_id(), agent=agent, conversation=name, body=b'{"message":{}}')


async def snooze(floor: Floor, agent: str, name: str, at: int) -> Answer:
    return await moves.snooze(
        floor.board, operation=new_id(), agent=agent, conversation=name, wake_at=at, body=b'{"note":""}'
    )


async def to_queue(floor: Floor, agent: str, name: str, clocks: str = "") -> Answer:
    return await moves.transfer_to_queue(
        floor.board, operation=new_id(), agent=agent, conversation=name, queue="sales", weight=1, limits=LIMITS,
        requirement=requirement_id("sales", "sms", 1, {}), body=b"{}", clocks=clocks,
    )  # fmt: skip


async def test_open_hours_are_counted_over_nights_holidays_and_changes_of_the_clock(floor: Floor) -> None:
    lot = random.Random(20260329)
    await tell_hours(floor.board, {"riga": RIGA}, now=datetime(2026, 3, 1, tzinfo=UTC))

    for number in range(150):
        since = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=lot.randrange(80 * 24 * 60))
        lasts = timedelta(minutes=lot.choice([1, 30, 210, 450, lot.randrange(1, 6_000)]))
        await at(floor, ms(since))
        first = promise(lasts // timedelta(milliseconds=1), calendar="riga")
        opened = await floor.receive(f"sms|+{number}", clocks=first)

        assert await ends_of(floor, opened.subject) == {"first_reply": ms(open_for(RIGA, since, lasts))}, (since, lasts)
    await check(floor)


async def test_clocks_begin_stop_and_stand_as_words_go_to_and_fro(floor: Floor) -> None:
    now = ms(MONDAY)
    await at(floor, now)
    await floor.arrive("ana", lease_ms=100 * HOUR)
    name = await floor.owned("ana", "sms|+1", clocks=promise(10 * MINUTE, 5 * MINUTE, HOUR))
    assert await ends_of(floor, name) == {"first_reply": now + 10 * MINUTE, "resolve": now + HOUR}

    await at(floor, now + 10 * MINUTE)
    await reply(floor, "ana", name)
    c = await floor.conversation(name)
    assert (await ends_of(floor, name), c["resolve_left"], c["unanswered_at"]) == ({}, str(50 * MINUTE), "0")
    assert c["judged"] == f"{c['version']} first_reply:met"

    wrote = now + 3 * HOUR
    for moment in (wrote, wrote + MINUTE):
        await at(floor, moment)
        await floor.receive("sms|+1", decided=False)
        assert await ends_of(floor, name) == {"next_reply": wrote + 5 * MINUTE, "resolve": wrote + 50 * MINUTE}
    assert (await floor.conversation(name))["unanswered_at"] == str(wrote)

    await at(floor, wrote + 5 * MINUTE + 1)
    await reply(floor, "ana", name)
    c = await floor.conversation(name)
    assert c["judged"] == f"{c['version']} next_reply:breached"
    await reply(floor, "ana", name)
    assert (await floor.conversation(name))["judged"] == c["judged"], "nothing ended with a second reply"
    await floor.close("ana", name)
    c = await floor.conversation(name)
    assert c["judged"] == f"{c['version']} resolution:met"
    await check(floor)


async def test_a_resolution_that_is_used_up_stays_breached_while_it_stands(floor: Floor) -> None:
    now = ms(MONDAY)
    await at(floor, now)
    await floor.arrive("ana", lease_ms=100 * HOUR)
    name = await floor.owned("ana", "sms|+1", clocks=promise(first=MINUTE, resolution=HOUR))

    await at(floor, now + 2 * HOUR)
    await reply(floor, "ana", name)
    assert (await floor.conversation(name))["resolve_left"] == "0"
    await floor.close("ana", name)

    c = await floor.conversation(name)
    assert c["judged"] == f"{c['version']} resolution:breached"


async def test_what_is_closed_unanswered_owes_nothing_unless_it_was_late(floor: Floor) -> None:
    now = ms(MONDAY)
    await at(floor, now)
    await floor.arrive("ana", capacity=2, lease_ms=100 * HOUR)
    soon = await floor.owned("ana", "sms|+1", clocks=promise(first=HOUR))
    over = await floor.owned("ana", "sms|+2", clocks=promise(first=MINUTE))

    await at(floor, now + 2 * MINUTE)
    for name in (soon, over):
        await floor.close("ana", name)

    states = [await floor.conversation(name) for name in (soon, over)]
    assert [c.get("judged", "") for c in states] == ["", f"{states[1]['version']} first_reply:breached"]
    await check(floor)


async def test_reopened_it_begins_anew(floor: Floor) -> None:
    now = ms(MONDAY)
    await at(floor, now)
    await floor.arrive("ana", lease_ms=100 * HOUR)
    name = await floor.owned("ana", "sms|+1", clocks=promise(MINUTE, MINUTE, HOUR))
    await reply(floor, "ana", name)
    await floor.close("ana", name)

    await at(floor, now + 3 * HOUR)
    again = await floor.receive("sms|+1", clocks=promise(2 * MINUTE, 0, 2 * HOUR))
    assert again.subject == name
    assert await ends_of(floor, name) == {"first_reply": now + 182 * MINUTE, "resolve": now + 5 * HOUR}

    await floor.accept("ana", name)
    await floor.close("ana", name)
    await floor.receive("sms|+1")
    assert await ends_of(floor, name) == {}, "its queue promises nothing any more"
    await check(floor)


async def test_a_snooze_lets_the_resolution_stand_and_waking_lets_it_run(floor: Floor) -> None:
    now = ms(MONDAY)
    await at(floor, now)
    await floor.arrive("ana", lease_ms=100 * HOUR)
    name = await floor.owned("ana", "sms|+1", clocks=promise(first=30 * MINUTE, resolution=HOUR))

    await at(floor, now + 10 * MINUTE)
    await snooze(floor, "ana", name, now + 40 * MINUTE)
    assert await ends_of(floor, name) == {"first_reply": now + 30 * MINUTE}, "the customer waits all the same"
    await check(floor)
    await at(floor, now + 40 * MINUTE)
    await floor.tick()
    assert (await ends_of(floor, name))["resolve"] == now + 90 * MINUTE

    await floor.accept("ana", name)
    await reply(floor, "ana", name)
    await snooze(floor, "ana", name, now + 50 * MINUTE)
    await at(floor, now + 50 * MINUTE)
    await floor.tick()
    assert await ends_of(floor, name) == {}, "the last word is ours"
    await check(floor)


@pytest.mark.parametrize("ends", ["writes", "assigned"])
async def test_a_snooze_that_ends_otherwise_lets_it_run_too(floor: Floor, ends: str) -> None:
    now = ms(MONDAY)
    await at(floor, now)
    await floor.arrive("ana", lease_ms=100 * HOUR)
    name = await floor.owned("ana", "sms|+1", clocks=promise(resolution=HOUR))
    await snooze(floor, "ana", name, now + HOUR)

    await at(floor, now + MINUTE)
    if ends == "writes":
        await floor.receive("sms|+1", decided=False)
    else:
        await moves.assign(floor.board, operation=new_id(), agent="sue", conversation=name, to="ana", body=b"{}")

    assert await ends_of(floor, name) == {"resolve": now + MINUTE + HOUR}
    await check(floor)


async def test_the_soonest_promise_makes_it_due(floor: Floor) -> None:
    now = ms(MONDAY)
    await at(floor, now)
    cases = {
        promise(): now + 10 * MINUTE - 3 * MINUTE,
        promise(first=8 * MINUTE): now + 7 * MINUTE,
        promise(first=5 * MINUTE): now + 5 * MINUTE,
        promise(first=5 * MINUTE, resolution=4 * MINUTE): now + 4 * MINUTE,
        promise(first=5 * MINUTE, window=10 * MINUTE, margin=7 * MINUTE): now + 3 * MINUTE,
    }
    for number, (clocks, due) in enumerate(cases.items()):
        opened = await floor.receive(f"sms|+{number}", due=7 * MINUTE, priority=3, clocks=clocks)
        assert int((await floor.conversation(opened.subject))["due"]) == due, clocks
    line = (await waiting(floor.board))[0]
    assert line.slack_s == 180
    await check(floor)


async def test_words_of_who_waits_already_move_the_window_and_nothing_else(floor: Floor) -> None:
    now = ms(MONDAY)
    await at(floor, now)
    first = await floor.receive("sms|+1", due=24 * HOUR, clocks=promise(first=20 * HOUR, window=2 * HOUR, margin=HOUR))
    assert int((await floor.conversation(first.subject))["due"]) == now + HOUR

    await at(floor, now + 30 * MINUTE)
    await floor.receive("sms|+1", decided=False)

    c = await floor.conversation(first.subject)
    assert (int(c["due"]), int(c["first_reply_by"])) == (now + 90 * MINUTE, now + 20 * HOUR)
    await check(floor)


@pytest.mark.parametrize("way", ["transfer", "owner lost", "woken"])
async def test_the_window_makes_due_what_waits_again(floor: Floor, way: str) -> None:
    now = ms(MONDAY)
    await at(floor, now)
    await floor.arrive("ana", lease_ms=MINUTE)
    window = promise(window=24 * HOUR, margin=10 * MINUTE)
    name = await floor.owned("ana", "sms|+1", due=30 * HOUR, clocks=window)
    await reply(floor, "ana", name)

    match way:
        case "transfer":
            await to_queue(floor, "ana", name, window)
        case "owner lost":
            for later in (MINUTE, 4 * MINUTE):
                await at(floor, now + later)
                await floor.tick()
        case _:
            await snooze(floor, "ana", name, now + 2 * MINUTE)
            await at(floor, now + 2 * MINUTE)
            await floor.tick()

    c = await floor.conversation(name)
    assert (c["status"], int(c["due"])) == ("queued", now + 24 * HOUR - 10 * MINUTE)
    await check(floor)


async def test_a_window_that_has_closed_makes_nothing_due(floor: Floor) -> None:
    now = ms(MONDAY)
    await at(floor, now)
    await floor.arrive("ana", lease_ms=100 * HOUR)
    window = promise(window=2 * HOUR, margin=10 * MINUTE)
    name = await floor.owned("ana", "sms|+1", due=30 * HOUR, clocks=window)

    await at(floor, now + 2 * HOUR)
    await to_queue(floor, "ana", name, window)

    c = await floor.conversation(name)
    assert (int(c["due"]), c["window_by"]) == (now + 30 * HOUR, "0")
    await check(floor)


async def test_another_queue_keeps_what_runs_and_adds_what_it_promises(floor: Floor) -> None:
    now = ms(MONDAY)
    await at(floor, now)
    await floor.arrive("ana", capacity=3, lease_ms=100 * HOUR)
    runs = await floor.owned("ana", "sms|+1", clocks=promise(first=30 * MINUTE))
    plain = await floor.owned("ana", "sms|+2")
    answered = await floor.owned("ana", "sms|+3", clocks=promise(first=30 * MINUTE, resolution=HOUR))
    await reply(floor, "ana", answered)

    later = now + 10 * MINUTE
    await at(floor, later)
    for name in (runs, plain, answered):
        assert (await to_queue(floor, "ana", name, promise(MINUTE, 2 * MINUTE, 20 * MINUTE))).ok

    assert await ends_of(floor, runs) == {"first_reply": now + 30 * MINUTE, "resolve": later + 20 * MINUTE}
    assert await ends_of(floor, plain) == {"first_reply": later + MINUTE, "resolve": later + 20 * MINUTE}
    assert (await ends_of(floor, answered), (await floor.conversation(answered))["resolve_left"]) == ({}, str(HOUR))
    await check(floor)


async def test_a_queue_that_promises_nothing_changes_nothing(floor: Floor) -> None:
    now = ms(MONDAY)
    await at(floor, now)
    await floor.arrive("ana", lease_ms=100 * HOUR)
    name = await floor.owned("ana", "sms|+1", clocks=promise(first=30 * MINUTE))

    await to_queue(floor, "ana", name)

    assert await ends_of(floor, name) == {"first_reply": now + 30 * MINUTE}
    await check(floor)


async def test_where_we_write_first_nothing_runs_until_they_answer(floor: Floor) -> None:
    now = ms(MONDAY)
    await at(floor, now)
    await floor.arrive("ana", lease_ms=100 * HOUR)
    route = Route("support", requirement_id("support", "sms", 1, {}), 1, 0, MINUTE, LIMITS, "")
    begun = await moves.begin(
        floor.board, operation=new_id(), agent="ana", conversation=new_conversation_id(shard_of("sms|+1", SHARDS)),
        thread="sms|+1", account="sms-main", channel="sms", contact=Address(scheme="tel", value="+1"), body=b"{}",
        route=replace(route, clocks=promise(MINUTE, 2 * MINUTE, HOUR)).arguments(), per_minute=9,
    )  # fmt: skip
    name = begun.subject
    await reply(floor, "ana", name)

    await at(floor, now + 5 * HOUR)
    assert await ends_of(floor, name) == {}
    await floor.receive("sms|+1", decided=False)

    assert await ends_of(floor, name) == {"next_reply": now + 5 * HOUR + 2 * MINUTE, "resolve": now + 6 * HOUR}


async def test_a_calendar_the_board_was_not_told_is_asked_for_before_anything_is_written(floor: Floor) -> None:
    await at(floor, ms(MONDAY))
    await floor.arrive("ana", lease_ms=100 * HOUR)
    name = await floor.owned("ana", "sms|+1")
    clocks = promise(first=HOUR, calendar="riga")
    asked = floor.receiving("sms|+9", clocks=clocks)

    assert await floor.board.submit(*asked) == [b"hours"]
    assert (await to_queue(floor, "ana", name, clocks)).code == "hours"
    assert (await floor.conversation(name))["owner"] == "ana"

    answer = await with_hours(floor.board, {"riga": RIGA}, lambda: to_queue(floor, "ana", name, clocks))
    assert answer.ok
    assert (await floor.board.submit(*asked))[0] == b"ok"
    await check(floor)


async def _told(floor: Floor, name: str) -> tuple[str, ...]:
    c = await floor.conversation(name)
    kept = ("clocks", "due", "target_at", "unanswered_at", "resolve_left")
    return (*(c[field] for field in kept), *map(str, (await ends_of(floor, name)).items()))


async def test_a_rebuilt_board_has_every_clock(floor: Floor) -> None:
    now = ms(MONDAY)
    await at(floor, now)
    await floor.arrive("ana", capacity=3, lease_ms=100 * HOUR)
    names = [await floor.owned("ana", f"sms|+{n}", clocks=promise(HOUR, HOUR, 2 * HOUR, 4 * HOUR)) for n in range(3)]
    await reply(floor, "ana", names[0])
    await snooze(floor, "ana", names[1], now + HOUR)
    waits = await floor.receive("sms|+9", priority=2, clocks=promise(MINUTE, window=HOUR, margin=MINUTE))
    names.append(waits.subject)
    before = [await _told(floor, name) for name in names]

    await floor.rebuild()

    assert [await _told(floor, name) for name in names] == before
    running = await floor.board.client.zrange(floor.board.keys.under(floor.board.generation) + "clocks", 0, -1)
    assert sorted(one.decode() for one in running) == sorted(names[1:])


async def test_what_was_queued_before_there_were_clocks_keeps_its_place(floor: Floor) -> None:
    now = ms(MONDAY)
    floor.travel(now)
    name = (await floor.receive("sms|+1", due=7 * MINUTE, priority=3)).subject
    folds = await floor.folds()
    new = {"clocks", "target_at", "unanswered_at", "first_reply_by", "next_reply_by", "resolve_by", "resolve_left"}
    for fold in folds.values():
        fold.tidy(now)
        fold.conversations = {
            state["id"]: with_state({field: value for field, value in state.items() if field not in new})
            for state in fold.states()
        }

    await floor.rebuild(folds)
    await check(floor)
    await floor.receive("sms|+1", decided=False, offset=1)
    await at(floor, now + MINUTE)
    await floor.arrive("ana", lease_ms=100 * HOUR)
    await floor.decline("ana", name)

    c = await floor.conversation(name)
    assert (c["status"], int(c["due"]), int(c["target_at"])) == ("queued", now + 7 * MINUTE, now + 10 * MINUTE)
    await check(floor)


async def test_what_is_late_is_told_by_who_has_it(floor: Floor) -> None:
    now = ms(MONDAY)
    await at(floor, now)
    await floor.arrive("ana", capacity=2, lease_ms=100 * HOUR)
    over = await floor.owned("ana", "sms|+1", clocks=promise(first=MINUTE, resolution=HOUR))
    await floor.owned("ana", "sms|+2", clocks=promise(first=HOUR))

    await at(floor, now + 3 * MINUTE)
    found = await late(floor.board)

    assert [(one.conversation, one.queue, one.owner, one.clock, one.late_s) for one in found.first] == [
        (over, "support", "ana", "first_reply", 120)
    ]
    assert found.count == 1


Deed = Callable[[Floor, str], Coroutine[Any, Any, Any]]
DEEDS: Mapping[str, Deed] = {
    "reply": lambda floor, name: reply(floor, "ana", name),
    "write": lambda floor, _: floor.receive("sms|+1", clocks=promise(HOUR)),
    "snooze": lambda floor, name: snooze(floor, "ana", name, ms(MONDAY) + 3 * HOUR),
    "transfer": lambda floor, name: to_queue(floor, "ana", name, promise(HOUR, MINUTE, HOUR)),
    "close": lambda floor, name: floor.close("ana", name),
    "assign": lambda floor, name: moves.assign(
        floor.board, operation=new_id(), agent="sue", conversation=name, to="berk", body=b"{}"
    ),
    "tick": lambda floor, _: floor.tick(ms(MONDAY) + 2 * HOUR),
}


@pytest.mark.parametrize("state", ["waits", "answered", "snoozed"])
async def test_of_any_two_moves_that_meet_each_leaves_the_clocks_right(floor: Floor, state: str) -> None:
    """One script call makes them one after the other, so the outcome is that of one order; both orders are tried."""
    await at(floor, ms(MONDAY))
    await floor.arrive("ana", capacity=99, lease_ms=100 * HOUR)
    await floor.arrive("berk", capacity=99, lease_ms=100 * HOUR, presence=Presence.AWAY)
    for one, other in permutations(DEEDS, 2):
        name = await floor.owned("ana", "sms|+1", clocks=promise(MINUTE, MINUTE, HOUR, 2 * HOUR, MINUTE))
        if state != "waits":
            await reply(floor, "ana", name)
        if state == "snoozed":
            await snooze(floor, "ana", name, ms(MONDAY) + HOUR)

        await at(floor, ms(MONDAY))
        first, _ = await together(DEEDS[one](floor, name), DEEDS[other](floor, name))

        assert first is None or first.ok or state == "snoozed", (one, other, first)
        await check(floor)
        await moves.assign(floor.board, operation=new_id(), agent="sue", conversation=name, to="ana", body=b"{}")
        await floor.close("ana", name)
        await check(floor)
