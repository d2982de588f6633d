"""Presence cannot lie: leases, goodbyes, several windows, and whose word counts."""

from __future__ import annotations

from datetime import UTC, datetime

from services.agents.presence import Attendance, Times
from services.agents.repository import Agent
from services.agents.repository.roster import Role
from tests.integration.board.conftest import Floor
from trunkline.board import moves
from trunkline.events import Presence
from trunkline.ids import new_id

DEVICE = "device-of-ana-0001"


def window(floor: Floor, *, device: str = DEVICE, grace_s: float = 10.0, ramp_up: str = "") -> Attendance:
    """A socket of ana's."""
    now = datetime.now(UTC)
    ana = Agent(
        id="ana", login="ana", name="ana", role=Role.AGENT, version=1, created_at=now, updated_at=now, capacity=9
    )
    return Attendance(floor.board, ana, device, Times(grace_s=grace_s), ramp_up=ramp_up)


async def presence(floor: Floor) -> str:
    return (await floor.agent("ana")).get("presence", "gone")


async def be(floor: Floor, wanted: Presence, reason: str = "") -> None:
    await moves.set_presence(floor.board, operation=new_id(), agent="ana", presence=wanted, reason=reason)


async def test_the_goodbye_of_an_old_socket_ends_nothing_of_the_same_windows_new_one(floor: Floor) -> None:
    """A page is loaded anew: its old socket may be heard of last, by another process."""
    old, new = window(floor, grace_s=0), window(floor)
    await old.arrive()
    await new.arrive()
    await old.leave()

    await floor.tick(at_ms=await floor.now() + 1_000)

    assert await presence(floor) == "available"
    await new.beat()
    await floor.tick(at_ms=await floor.now() + 44_000)
    assert await presence(floor) == "available"


async def test_a_closed_window_has_ten_seconds_to_come_back(floor: Floor) -> None:
    one = window(floor)
    await one.arrive()
    await one.leave()
    left = await floor.now()

    await floor.tick(at_ms=left + 9_000)
    assert await presence(floor) == "available"
    await floor.tick(at_ms=left + 10_100)
    assert await presence(floor) == "gone"


async def test_who_was_not_heard_of_for_45_seconds_is_offered_nothing_and_what_was_offered_goes_on(
    floor: Floor,
) -> None:
    floor.travel(await floor.now())
    await window(floor).arrive()
    offered = await floor.receive("a")
    await floor.events()
    floor.travel(int(floor.board.clock_ms) + 30_000)
    await floor.arrive("berk")
    floor.travel(int(floor.board.clock_ms) + 15_001)

    await floor.tick()

    assert (await floor.conversation(offered.subject))["offered_to"] == "berk"
    assert (await floor.conversation((await floor.receive("b")).subject))["status"] == "queued"


async def test_presence_is_the_agents_and_a_further_window_finds_it(floor: Floor) -> None:
    first, second = window(floor), window(floor, device="device-of-ana-0002")
    await first.arrive()
    await be(floor, Presence.AWAY, "lunch")
    await moves.drain(floor.board, operation=new_id(), agent="ana", draining=True, by="sue")

    await second.arrive()
    await first.beat()

    for one in (first, second):
        assert (one.presence, one.reason, one.draining) == (Presence.AWAY, "lunch", True)
    await first.leave()
    await second.beat()
    await floor.tick(at_ms=await floor.now() + 11_000)
    assert await presence(floor) == "away", "the other window is there"


async def test_who_goes_away_by_their_own_word_is_asked_no_more_and_keeps_their_reason(floor: Floor) -> None:
    floor.travel(await floor.now())
    await floor.arrive("ana", capacity=3, lease_ms=3_600_000)
    for number in range(3):
        offered = await floor.receive(f"a{number}")
        await moves.shown(floor.board, agent="ana", conversation=offered.subject, fence=1)
    await be(floor, Presence.AWAY, "lunch")

    floor.travel(int(floor.board.clock_ms) + 20_000)
    await floor.tick()

    ana = await floor.agent("ana")
    assert (ana["presence"], ana["reason"], ana["missed"]) == ("away", "lunch", "0")


async def test_on_a_rebuilt_board_a_window_says_what_was_and_does_not_ramp_up_again(floor: Floor) -> None:
    one = window(floor, ramp_up="300000:2")
    await one.arrive()
    assert "ramp_until" in await floor.agent("ana")
    await moves.drain(floor.board, operation=new_id(), agent="ana", draining=True, by="sue")
    await one.beat()
    await floor.rebuild()

    await one.arrive()

    ana = await floor.agent("ana")
    assert ana["draining"] == "1"
    assert "ramp_until" not in ana
