"""Room: several caps at once, work that gives way, work that wants the agent alone."""

from __future__ import annotations

from tests.integration.board.conftest import Floor
from trunkline.board import moves
from trunkline.events import Profile
from trunkline.ids import new_id
from trunkline.requirements import Room, requirement_id, room_of

CHAT = requirement_id("support", "webchat", Room(1), {})
FEW_CHATS = requirement_id("support", "webchat", Room(1, most=2), {})
MAIL = requirement_id("support", "mail", Room(1, interruptible=True), {})
CALL = requirement_id("support", "voice", Room(1, exclusive=True), {})


async def offered_to(floor: Floor, thread: str, requirement: str) -> str:
    """Who is offered it; '' while it waits."""
    opened = await floor.receive(thread, requirement=requirement)
    return (await floor.conversation(opened.subject))["offered_to"]


async def test_mail_gives_way_to_chat_but_chat_not_to_mail(floor: Floor) -> None:
    await floor.arrive("ana", capacity=2)

    mails = [await offered_to(floor, f"mail{n}", MAIL) for n in range(3)]
    chats = [await offered_to(floor, f"chat{n}", CHAT) for n in range(3)]

    assert mails == ["ana", "ana", ""], "mail fills the capacity"
    assert chats == ["ana", "ana", ""], "and so does chat, as if there were no mail"


async def test_beside_chats_there_is_no_room_for_mail(floor: Floor) -> None:
    await floor.arrive("ana", capacity=2)
    await offered_to(floor, "chat1", CHAT)
    await offered_to(floor, "chat2", CHAT)

    assert await offered_to(floor, "mail", MAIL) == ""


async def test_of_one_channel_an_agent_has_no_more_than_its_cap(floor: Floor) -> None:
    await floor.arrive("ana", capacity=5)

    chats = [await offered_to(floor, f"chat{n}", FEW_CHATS) for n in range(3)]

    assert chats == ["ana", "ana", ""]
    assert await offered_to(floor, "sms", requirement_id("support", "sms", 1, {})) == "ana", "other channels go on"


async def test_a_closed_chat_makes_room_for_the_one_that_waited_for_the_cap(floor: Floor) -> None:
    await floor.arrive("ana", capacity=5)
    first = await floor.owned("ana", "chat1", requirement=FEW_CHATS)
    await floor.owned("ana", "chat2", requirement=FEW_CHATS)
    waiting = await floor.receive("chat3", requirement=FEW_CHATS)

    await floor.close("ana", first)

    assert (await floor.conversation(waiting.subject))["offered_to"] == "ana"


async def test_a_call_wants_the_agent_alone(floor: Floor) -> None:
    await floor.arrive("ana", capacity=5)
    chat = await floor.owned("ana", "chat", requirement=CHAT)
    call = await floor.receive("call", requirement=CALL)
    assert (await floor.conversation(call.subject))["status"] == "queued"

    await floor.close("ana", chat)

    assert (await floor.conversation(call.subject))["offered_to"] == "ana"
    assert await offered_to(floor, "chat2", CHAT) == "", "nothing beside a call"
    assert await offered_to(floor, "mail", MAIL) == ""


async def test_a_call_comes_to_who_has_mail_only(floor: Floor) -> None:
    await floor.arrive("ana", capacity=1)
    await floor.owned("ana", "mail", requirement=MAIL)

    assert await offered_to(floor, "call", CALL) == "ana"


async def test_who_comes_back_has_what_they_hold_counted_by_its_kind(floor: Floor) -> None:
    await floor.arrive("ana", capacity=1)
    await floor.owned("ana", "mail", requirement=MAIL)
    await floor.tick(at_ms=await floor.now() + 46_000)
    assert (await floor.agent("ana"))["presence"] == "offline"

    await floor.arrive("ana", capacity=1, version=2)

    kept = await floor.agent("ana")
    assert (kept["load"], kept["soft"], kept["in:mail"]) == ("1", "1", "1")
    assert await offered_to(floor, "chat", CHAT) == "ana"


async def test_a_transfer_to_somebody_on_a_call_finds_no_room(floor: Floor) -> None:
    await floor.arrive("ana", capacity=3)
    chat = await floor.owned("ana", "chat", requirement=CHAT)
    await floor.arrive("berk", capacity=3)
    await floor.owned("berk", "call", requirement=CALL)

    answer = await moves.transfer_to_agent(
        floor.board, operation=new_id(), agent="ana", conversation=chat, to="berk", body=b"{}"
    )

    assert answer.code == "no-room"


async def test_less_capacity_takes_nothing_away_and_gives_nothing_more(floor: Floor) -> None:
    await floor.arrive("ana", capacity=3)
    held = [await floor.owned("ana", f"chat{n}", requirement=CHAT) for n in range(3)]
    less = Profile(agent="ana", name="ana", version=2, capacity=1, skills={}, queues=("*",))
    await moves.set_profile(floor.board, operation=new_id(), profile=less)

    await floor.close("ana", held[0])

    assert (await floor.agent("ana"))["load"] == "2"
    assert await offered_to(floor, "chat4", CHAT) == ""


def test_a_requirement_set_says_its_room() -> None:
    for room in (
        Room(3),
        Room(1, interruptible=True),
        Room(2, exclusive=True),
        Room(1, most=4),
        Room(1, True, False, 9),
    ):
        assert room_of(requirement_id("support", "sms", room, {"vip": 2})) == room
