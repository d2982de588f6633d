"""Words without an agent, said by real routers: once, whoever dies between, and never to a machine."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.router.record import Letters
from services.router.telling import Telling
from tests.integration.router.rig import SHARDS, Router, World, arrive
from trunkline.board import moves
from trunkline.events import ConversationTold, Envelope, QueueShut, ReplyUndeliverable
from trunkline.ids import new_id, shard_of, shard_of_conversation
from trunkline.messages import MailHead, OutboundMessage, Text
from trunkline.requirements import requirement_id

CONFIG = b"""
default_queue: support
queues:
  support:
    title: Support
    hours: always
    mail: help@shop.example
    tells:
      queued: {en: "Thank you, {queue} will answer.", tr: "Birazdan cevap veriyoruz."}
      overflow: {en: "Or write to {mail}."}
      shut: {en: "We cannot answer now."}
      shut_until: {en: "We are back {until}."}
    widening: [{after_s: 1, tell: overflow}]
  night: {title: Night, hours: rarely, tells: {closed: {en: "Back on {opens}."}}}
calendars:
  rarely: {zone: Europe/Riga, week: {mon: []}, dates: {12-24: [09:00-10:00]}}
  always: {zone: Europe/Riga, week: {mon: [00:00-24:00], tue: [00:00-24:00], wed: [00:00-24:00], thu: [00:00-24:00],
    fri: [00:00-24:00], sat: [00:00-24:00], sun: [00:00-24:00]}}
rules:
  - {name: night, when: message.text == 'good night', queue: night}
"""
THREAD = "sms-main|tel:+1"


@pytest.fixture
def talking(world: World) -> World:
    """A world whose queues say something."""
    world.config = CONFIG
    return world


async def told(world: World) -> list[ConversationTold]:
    """What the log says was told."""
    found = [Envelope.model_validate_json(one.value).read() for one in await world.story() if b".told." in one.value]
    return [event for event in found if isinstance(event, ConversationTold)]


async def until_told(world: World, count: int, *, within: float = 15) -> list[ConversationTold]:
    """The first so many things told."""
    async with asyncio.timeout(within):
        while len(found := await told(world)) < count:
            await asyncio.sleep(0.02)
    return found


def words(message: OutboundMessage) -> str:
    return next(part.text for part in message.parts if isinstance(part, Text))


async def test_who_waits_is_told_and_later_another_way(talking: World) -> None:
    async with talking.router("a") as router:
        await router.verified()
        await talking.write(THREAD)
        first, second = await until_told(talking, 2)
    assert (first.details.kind, words(first.details.message)) == ("queued", "Thank you, Support will answer.")
    assert (second.details.kind, words(second.details.message)) == ("overflow.1", "Or write to help@shop.example.")
    assert (first.details.message.agent, first.state.owner, first.state.replied_at) == (None, "", 0)
    assert first.operation == first.details.message.id


async def test_a_router_that_dies_before_it_says_it_leaves_it_to_the_next_and_it_is_said_once(talking: World) -> None:
    composed = asyncio.Event()

    async def never(self: Telling, *asked: Any) -> None:
        composed.set()
        await asyncio.Event().wait()

    first = talking.router("a")
    first.telling._message = never.__get__(first.telling)  # type: ignore[method-assign]  # it never comes to say it
    async with first:
        await first.verified()
        await talking.write(THREAD)
        await asyncio.wait_for(composed.wait(), 10)
    async with talking.router("b") as second:
        await second.verified()
        await until_told(talking, 2)
        kinds = [event.details.kind for event in await told(talking)]
        assert sorted(kinds) == ["overflow.1", "queued"]


async def test_a_wiped_board_says_what_was_not_said_and_nothing_twice(talking: World) -> None:
    async with talking.router("a") as router:
        await router.verified()
        await talking.write(THREAD)
        await until_told(talking, 2)
    await talking.wipe()
    async with talking.router("b") as router:
        await router.verified()
        await talking.write("sms-main|tel:+2")
        found = await until_told(talking, 4)
        assert len({event.state.id for event in found}) == 2
        assert len(await told(talking)) == 4


async def test_a_closed_queue_says_when_it_opens_and_an_agent_who_is_there_is_offered_it(talking: World) -> None:
    async with talking.router("a") as router:
        await router.verified()
        await talking.write(THREAD, "good night")
        [event] = await until_told(talking, 1)
        assert (event.details.kind, words(event.details.message)[-7:]) == ("closed", " 09:00.")
        assert "24 December" in words(event.details.message)
        await arrive(router.board, "ana")
        async with asyncio.timeout(10):
            while (await talking.folded())[event.state.id]["status"] != "offered":
                await asyncio.sleep(0.02)


async def test_a_shut_queue_says_so_and_until_when(talking: World) -> None:
    async with talking.router("a") as router:
        await router.verified()
        until = 4_102_437_600_000  # 2099-12-31 22:00 UTC
        body = QueueShut(queue="support", by="sue", until=until).model_dump_json(exclude={"version", "operation"})
        answer = await moves.shut(
            router.board, operation=new_id(), agent="sue", queue="support", until=until, body=body.encode()
        )
        assert answer.ok
        await talking.write(THREAD)
        [event] = await until_told(talking, 1)
    assert (event.details.kind, words(event.details.message)) == ("shut", "We are back Friday 1 January, 00:00.")


MAIL = "mail-main|<1@customers.example>"
HEAD = MailHead(
    subject="Parcel", message_id="1@customers.example", sender="anna@customers.example", cc=("b@c.example",)
)


async def mail_waits(world: World, router: Router) -> str:
    """A mail's conversation in line; its id."""
    shard = shard_of(MAIL, SHARDS)
    term = next(one.term for one in router.owner.shards() if one.number == shard)
    name = f"{shard}-{new_id()}"
    bounds = await router.bus.bounds(router.core.inbound(shard))
    await world.put(MAIL, b"{}", ReplyUndeliverable.type)  # its place in the log, which the router refuses to read
    async with asyncio.timeout(10):
        while not (answer := await router.board.submit(
            "receive", str(shard), str(term), str(bounds.next + 1), new_id(), MAIL, "1", "", b"{}", name, "mail-main",
            "email", "mailto", "anna@customers.example", "Anna", "", "", "support",
            requirement_id("support", "email", 1, {}), "1", "0", "60000", "20000:60000:30000:0:3", "", "", "", "queued",
        ))[0].startswith(b"ok"):  # fmt: skip
            await asyncio.sleep(0.02)
    return str(answer[4].decode())


async def test_a_mail_is_answered_once_the_record_has_it_beneath_its_own_head_to_its_writer_alone(
    talking: World,
) -> None:
    async with talking.router("a") as router:
        await router.verified()
        name = await mail_waits(talking, router)
        talking.record.heads = Letters(0, [])
        await asyncio.wait_for(talking.record.letters_asked.wait(), 10)
        assert await told(talking) == []
        talking.record.heads = Letters(1, [HEAD])
        [event] = await until_told(talking, 1)
    head = next(part for part in event.details.message.parts if isinstance(part, MailHead))
    assert (event.state.id, head.subject, head.references) == (name, "Re: Parcel", ("1@customers.example",))
    assert (head.cc, head.author) == ((), None)
    assert shard_of_conversation(name) == shard_of(MAIL, SHARDS)


async def test_a_machines_mail_is_never_answered(talking: World) -> None:
    talking.record.heads = Letters(1, [HEAD.model_copy(update={"automatic": "Auto-Submitted: auto-replied"})])
    async with talking.router("a") as router:
        await router.verified()
        name = await mail_waits(talking, router)
        async with asyncio.timeout(10):
            while await router.board.client.hget(
                f"{router.board.keys.under(router.board.generation)}c:{name}", "to_say"
            ):
                await asyncio.sleep(0.02)
        assert await told(talking) == []
