"""Records one value of each record class as our own code writes it: `python -m tests.contract.events.record`.

What is on disk is never written again: a recorded value stands for all that old logs hold, and must be read for ever.
A new class needs a line in the story below, and then this command once.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from services.ingest.media import MediaFetcher
from services.ingest.publish import Publisher
from services.notify.delivery import Couriers, Delivery, Reply
from services.notify.outcomes import Outcome, Outcomes
from services.notify.sender import Sender
from services.notify.window import Window
from services.router.checkpoint import Keeper
from services.router.core import Core
from services.router.record import Record as RecordClient
from services.router.relay import Relay
from tests.integration.board.conftest import LIMITS, SHARDS, Floor
from trunkline.blobs import Blobs
from trunkline.board import Board, moves
from trunkline.board.fold import Fold
from trunkline.board.relay import FIRST_ID
from trunkline.bus import Bus, NewRecord, Partition, Record, connect, take_pen
from trunkline.channels.base import (
    Account,
    ChannelEvent,
    ChannelEventKind,
    MessageIn,
    Parsed,
    Problem,
    RawRequest,
    Receipt,
)
from trunkline.channels.registry import load as load_channels
from trunkline.channels.twilio import TwilioSms
from trunkline.config.accounts import Accounts, Configured
from trunkline.config.load import load
from trunkline.config.watch import Watch
from trunkline.events import BY_TYPE, Presence, Profile, ReplyDetails, ReplySent, StepAccepted, TellingDetails, Topic
from trunkline.ids import new_conversation_id, new_id, shard_of
from trunkline.internal import Internal
from trunkline.messages import (
    Address,
    Blob,
    Choice,
    Choices,
    ContactCard,
    DeliveryStatus,
    Location,
    Media,
    OutboundMessage,
    Parts,
    Reaction,
    Template,
    Text,
    Unsupported,
)
from trunkline.requirements import Quiet, Room, requirement_id
from trunkline.route import Route
from trunkline.testing.servers import Valkey

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "tests" / "payloads" / "events"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CUSTOMER = Address(scheme="tel", value="+37126000001", display="Zane")
EVERY_PART: Parts = (
    Text(text="Labdien! Kur ir mana sūtījuma kaste? 📦"),
    Media(
        content_type="image/jpeg", name="box.jpg", source="https://provider.example/media/1",
        blob=Blob(digest="0123456789abcdef" * 4, size=48_213), caption="this one",
    ),
    Media(content_type="audio/ogg", problem="the provider answered 404"),
    Location(latitude=56.9496, longitude=24.1052, name="Riga", address="Rātslaukums 1"),
    ContactCard(name="Zane Bērziņa", phones=("+37126000001",), emails=("zane@example.org",)),
    Choice(title="Yes", payload="yes"),
    Choices(style="buttons", options=(Choice(title="Yes", payload="yes"), Choice(title="No"))),
    Reaction(emoji="👍", target="SM00000000000000000000000000000001"),
    Template(name="order_update", language="lv", variables={"1": "Zane"}),
    Unsupported(reason="a poll", original='{"poll":1}'),
)  # fmt: skip

Found = dict[str, dict[str, Any]]


class _Story:
    """Collects the first record of each type."""

    def __init__(self) -> None:
        self.found: Found = {}

    def saw(self, topic: Topic, records: Iterable[Record | NewRecord]) -> None:
        for record in records:
            headers = {name: value.decode() for name, value in record.headers}
            told = {"topic": topic.value, "key": record.key.decode(), "headers": headers}
            self.found.setdefault(headers["type"], told | {"value": orjson.loads(record.value)})


async def tell(folder: Path) -> Found:
    """Every record class once, by the code that writes it in production."""
    story = _Story()
    async with Valkey() as server:
        async with Board(server.url, deployment="record", shards=SHARDS) as board:
            floor = Floor(board)
            await floor.open()
            await _conversations(floor, story)
        async with connect(server.url, deployment="record", shards=SHARDS) as bus:
            await bus.create_topics()
            await _ingest(bus)
            await _router(bus, board, Blobs(folder))
            await _notify(bus)
            for topic in Topic:
                for number in range(SHARDS):
                    story.saw(topic, await bus.tail(Partition(topic, number), 1_000))
    return story.found


async def _conversations(floor: Floor, story: _Story) -> None:
    start = await floor.now()
    floor.travel(start)
    board = floor.board
    await floor.arrive("ana", skills={"lang.lv": 3}, queues=("support", "sales"), capacity=3)
    await moves.set_profile(
        board, operation=new_id(), profile=Profile(agent="ana", name="Ana", version=2, capacity=3, queues=("*",))
    )
    name = await floor.owned("ana", "sms|+1")
    await floor.receive("sms|+1")
    await moves.reply(
        board, operation=new_id(), agent="ana", conversation=name, body=_reply(name), trace=TRACE
    )  # fmt: skip
    await floor.arrive("bo")
    details = b'{"sender":"ana","to_agent":"bo","to_queue":"","note":"speaks Turkish"}'
    await moves.transfer_to_agent(board, operation=new_id(), agent="ana", conversation=name, to="bo", body=details)
    await floor.decline("bo", name)
    await _put_off(floor, name)
    await _consulted(floor, name)
    await moves.wrap_up(board, operation=new_id(), agent="ana", conversation=name)
    await floor.close("ana", name)
    await _from_inbound(floor, name)
    await _written_to_first(floor)
    await _gone_quiet(floor, start)
    await _given(floor)
    await moves.drain(board, operation=new_id(), agent="bo", draining=True, by="sue")
    await moves.set_presence(board, operation=new_id(), agent="bo", presence=Presence.AWAY, reason="lunch")
    await floor.receive("sms|+1")  # reopened, and offered to ana
    await floor.tick(start + 20_001)  # nobody answers, ana is offered it again
    again = await floor.owned("ana", "sms|+2")
    await floor.tick(start + 40_002)
    strict = requirement_id("support", "sms", 1, {"lang.tr": 5})
    ladder = f"0>{strict} 60000>{requirement_id('support', 'sms', 1, {}, also=['sales'])}"
    waits = (await floor.receive("sms|+6", skills={"lang.tr": 5}, ladder=ladder)).subject  # until less is asked for
    await _without_an_agent(floor)
    details = b'{"by":"sue","front":true,"note":"their flight leaves"}'
    await moves.reorder(board, operation=new_id(), agent="sue", conversation=waits, front=True, body=details)
    await floor.tick(start + 45_001)  # the lease ends: what is offered is rescinded
    await floor.tick(start + 45_001 + 120_000)  # and what is owned waits again
    if (await floor.conversation(again))["owner"]:
        raise RuntimeError("the lost owner kept the work")
    story.saw(Topic.ROUTING, [entry.record for entry in await floor.events()])


async def _gone_quiet(floor: Floor, start: int) -> None:
    """The customer says nothing after our word."""
    light = requirement_id("support", "sms", Room(1, quiet=Quiet(10)), {})
    name = await floor.owned("ana", "sms|+7", requirement=light)
    await moves.reply(floor.board, operation=new_id(), agent="ana", conversation=name, body=_reply(name))
    await floor.tick(start + 10_000)
    await floor.close("ana", name)


async def _put_off(floor: Floor, name: str) -> None:
    """Snoozed, woken, and given back by a supervisor's word."""
    board, soon = floor.board, await floor.now() + 1_000
    await moves.snooze(
        board,
        operation=new_id(),
        agent="ana",
        conversation=name,
        wake_at=soon,
        body=b'{"note":"until the parcel is there"}',
    )
    await moves.wake(board, operation=new_id(), agent="ana", conversation=name)
    details = b'{"by":"sue","to":"ana","note":"you know her"}'
    await moves.assign(board, operation=new_id(), agent="sue", conversation=name, to="ana", body=details)


async def _without_an_agent(floor: Floor) -> None:
    """Told that it waits, while its queue is shut for a moment."""
    board = floor.board
    waiting = (await floor.receive("sms|+8", skills={"lang.tr": 5}, say="queued")).subject
    message = OutboundMessage.model_validate_json(_reply(waiting)[len(b'{"message":') : -1])
    told = TellingDetails(kind="queued", message=message.model_copy(update={"agent": None}))
    shard = shard_of("sms|+8", SHARDS)
    await board.call("say", str(shard), str(floor.terms[shard]), waiting, "queued:1", new_id(), told.model_dump_json())
    who: dict[str, Any] = {"agent": "sue", "queue": "sales"}
    shut = b'{"queue":"sales","by":"sue","until":0,"note":"a drill"}'
    await moves.shut(board, operation=new_id(), until=0, body=shut, **who)
    await moves.unshut(board, operation=new_id(), body=b'{"queue":"sales","by":"sue"}', **who)


async def _consulted(floor: Floor, name: str) -> None:
    """Bo looks on, no longer, and again; takes it over, and it is given back."""
    board = floor.board
    details = b'{"by":"ana","to":"bo","note":"is this covered?"}'
    await moves.consult(board, operation=new_id(), agent="ana", conversation=name, to="bo", body=details)
    await moves.end_consult(board, operation=new_id(), agent="bo", conversation=name, of="bo")
    await moves.consult(board, operation=new_id(), agent="ana", conversation=name, to="bo", body=details)
    await moves.take_over(board, operation=new_id(), agent="bo", conversation=name, supervisor=False)
    details = b'{"by":"sue","to":"ana","note":"you know her"}'
    await moves.assign(board, operation=new_id(), agent="sue", conversation=name, to="ana", body=details)


async def _written_to_first(floor: Floor) -> None:
    """Begun by an agent, and over."""
    route = Route("support", requirement_id("support", "sms", 1, {}), 1, 0, 60_000, LIMITS, ladder="").arguments()
    begun = await moves.begin(
        floor.board,
        operation=new_id(),
        agent="ana",
        conversation=new_conversation_id(shard_of("sms|+5", SHARDS)),
        thread="sms|+5",
        account="sms-main",
        channel="sms",
        contact=Address(scheme="tel", value="+375"),
        per_minute=10,
        route=route,
        body=b'{"by":"ana"}',
    )
    await floor.close("ana", begun.subject)


async def _given(floor: Floor) -> None:
    """Of a queue that asks nobody, and over."""
    given = await floor.receive("sms|+7", limits=f"{LIMITS}:0")
    await floor.close((await floor.conversation(given.subject))["owner"], given.subject)


async def _from_inbound(floor: Floor, name: str) -> None:
    shard = name.partition("-")[0]
    term = str(floor.terms[int(shard)])

    def at() -> str:
        return str(next(floor.offsets[int(shard)]))

    failure = b'{"message":"0123","kind":"unreachable","code":"30003","text":"The phone is off."}'
    await floor.board.submit("undeliver", shard, term, at(), "undeliverable-0123", name, failure)
    body = b'{"thread":"sms|+1","opted_out":false}'
    await floor.board.submit("prefer", shard, term, at(), "preference-0123", "sms|+1", "0", body)
    await floor.board.submit("refuse", shard, term, at(), f"{shard}-9", "KeyError: 'trunkline.unheard-of.v1'")


async def _ingest(bus: Bus) -> None:
    settings = {"account_sid": "AC" + "0" * 32, "auth_token": ["0" * 32], "sender": "+37120000000"}
    account = Account(
        name="sms-main", channel="twilio-sms", public_url="https://support.example",
        settings=TwilioSms.manifest.account_schema.model_validate(settings),
    )  # fmt: skip
    parsed = Parsed(
        events=(
            MessageIn(
                provider_id="SM" + "1" * 32, contact=CUSTOMER, parts=EVERY_PART, sent_at=datetime.now(UTC),
                reply_to="SM" + "2" * 32,
            ),
            ChannelEvent(kind=ChannelEventKind.OPT_OUT, contact=CUSTOMER, provider_id="SM" + "3" * 32),
            Receipt(
                provider_id="SM" + "4" * 32, status=DeliveryStatus.FAILED, message=new_id(),
                conversation=new_conversation_id(0), code="30003", text="The phone is off.",
            ),
        ),
        problems=(Problem(kind="unknown", reason="an unknown status", original="MessageStatus=teleported"),),
    )  # fmt: skip
    # Nothing here points at media to be fetched, so the fetcher is never asked.
    blobs = Blobs(FOLDER / "none")
    publisher = Publisher(bus, MediaFetcher(blobs), blobs)
    configured = Configured(account, TwilioSms())
    body, now = b"MessageStatus=teleported", datetime.now(UTC)
    request = RawRequest(method="POST", url=account.webhook_url, headers=(), body=body, received_at=now)
    await publisher.publish(parsed, request, configured, trace=TRACE)


async def _router(bus: Bus, board: Board, blobs: Blobs) -> None:
    core = Core("router-0", board, bus, blobs, RecordClient(Internal("", "")), _nothing)
    pen = await take_pen(bus, core.routing(0), core.member, generation="1-0badcafe")
    relay = Relay(core, 0, pen, last=FIRST_ID, generation="1-0badcafe", wake=asyncio.Event())
    keeper = Keeper(core, 0)
    await keeper._mark(relay, Fold())
    await keeper.write(relay, Fold(), (await bus.bounds(core.routing(0))).next)


async def _notify(bus: Bus) -> None:
    pen = await take_pen(bus, Partition(Topic.DELIVERIES, 0), "notify-0")
    outcomes = Outcomes(bus, pen, Window(next=7))
    conversation = new_conversation_id(0)
    message = _message(conversation)
    ids = ("SM" + "5" * 32,)
    step = StepAccepted(
        conversation=conversation, message=message.id, part=0, parts=2, provider_ids=ids,
        status=DeliveryStatus.ACCEPTED,
    )  # fmt: skip
    sent = ReplySent(
        conversation=conversation, message=message.id, account="sms-main", provider_ids=ids, attempts=2,
        possible_duplicate=True, sent_at=datetime.now(UTC),
    )  # fmt: skip
    for event in (step, sent):
        await outcomes.record(Outcome(event=event, offset=6, agent="ana", key=conversation, trace=TRACE))
    watch = Watch(ROOT / "deploy" / "trunkline.yaml", lambda path: load(path, load_channels(), os.environ, rules=False))
    accounts = Accounts(watch, load_channels(), public_url="https://support.example")
    async with Sender() as sender:
        delivery = Delivery(Couriers(bus, sender, accounts), outcomes, 0, lambda: None)
        gone = message.model_copy(update={"account": "no-longer-configured"})
        await delivery.deliver(Reply(8, gone, "sms-main|+37126000001", trace=TRACE))


def _message(conversation: str) -> OutboundMessage:
    now = datetime.now(UTC)
    return OutboundMessage(
        id=new_id(), account="sms-main", channel="twilio-sms", conversation=conversation, contact=CUSTOMER,
        parts=EVERY_PART, agent="ana", reply_to="SM" + "1" * 32, written_at=now, send_before=now + timedelta(days=1),
    )  # fmt: skip


def _reply(conversation: str) -> bytes:
    return ReplyDetails(message=_message(conversation)).model_dump_json().encode()


def _nothing() -> Any:
    raise RuntimeError("no rules are asked here")


async def main() -> int:
    """Write what is missing; 1 if the story does not tell every class."""
    with tempfile.TemporaryDirectory() as folder:
        found = await tell(Path(folder))
    FOLDER.mkdir(parents=True, exist_ok=True)
    for kind, told in sorted(found.items()):
        path = FOLDER / f"{kind}.json"
        if not path.exists():
            path.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
            sys.stdout.write(f"recorded {path.name}\n")
    untold = sorted(set(BY_TYPE) - set(found))
    if untold:
        sys.stdout.write(f"the story does not tell: {', '.join(untold)}\n")
    return 1 if untold else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
