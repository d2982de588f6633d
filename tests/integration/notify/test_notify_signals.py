"""Replies of web chat and echoes of what visitors wrote: told on the board's pub/sub, with the number the log gave."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.notify.delivery import Couriers
from services.notify.echo import Echo
from services.notify.owner import Owner
from services.notify.sender import Sender
from trunkline.board.signals import Hearing, Signals
from trunkline.bus import NewRecord, Partition
from trunkline.bus.streams import StreamsBus
from trunkline.channels.registry import load as load_channels
from trunkline.config.accounts import Accounts
from trunkline.config.load import load
from trunkline.config.watch import Watch
from trunkline.events import (
    ConversationState,
    Header,
    InboundDetails,
    MessageAdded,
    ReplyDetails,
    ReplySent,
    ReplyWritten,
    Status,
    Topic,
    pack,
    unpack,
)
from trunkline.ids import message_id, new_id
from trunkline.messages import Address, InboundMessage, OutboundMessage, Text
from trunkline.testing.servers import Valkey

ACCOUNT, CONVERSATION = "site", "0-" + "a" * 32
VISITOR = Address(scheme="visitor", value="0" * 32)
THREAD = f"{ACCOUNT}|visitor:{'0' * 32}"
CONFIG = """
default_queue: support
queues: {support: {title: Support}}
accounts:
  site:
    channel: webchat
    settings: {origins: [https://shop.example], identity_secret: secret-of-the-tests-shop}
"""


@dataclass
class Chat:
    """A log into which a router writes, and what a visitor's window hears."""

    bus: StreamsBus
    signals: Signals
    heard: list[dict[str, Any]] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def log(self, event: Any) -> None:
        value = pack(event, id=new_id(), source="test", subject=CONVERSATION, time=datetime.now(UTC))
        record = NewRecord(CONVERSATION.encode(), value, ((Header.TYPE, event.type.encode()), (Header.TERM, b"1")))
        await self.bus.append(Partition(Topic.ROUTING, 0), [record])

    async def listening(self) -> None:
        """Return once what is told is heard; before the subscription is made it is not."""
        async with asyncio.timeout(15):
            while not self.heard:
                self.signals.tell(THREAD, b'{"type":"typing"}')
                await asyncio.sleep(0.02)
            before = -1
            while before != len(self.heard):
                before = len(self.heard)
                await asyncio.sleep(0.1)
        self.heard.clear()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(15), self.news:
            await self.news.wait_for(lambda: len(self.heard) >= count)


def state(said: int, *, channel: str = "webchat") -> ConversationState:
    return ConversationState(
        id=CONVERSATION, thread=THREAD, account=ACCOUNT, channel=channel, scheme="visitor", contact=VISITOR.value,
        status=Status.ACTIVE, queue="support", requirement="support", weight=1, version=said, opened_at=1, said=said,
    )  # fmt: skip


def wrote(words: str, said: int) -> MessageAdded:
    provider = f"visitor:{VISITOR.value}:client-{said:04}"
    message = InboundMessage(
        id=message_id(ACCOUNT, provider), account=ACCOUNT, channel="webchat", thread=THREAD, contact=VISITOR,
        provider_id=provider, received_at=datetime.now(UTC), parts=(Text(text=words),),
    )  # fmt: skip
    return MessageAdded(state=state(said), details=InboundDetails(message=message))


def answered(words: str, said: int) -> ReplyWritten:
    now = datetime.now(UTC)
    message = OutboundMessage(
        id=new_id(), account=ACCOUNT, channel="webchat", conversation=CONVERSATION, contact=VISITOR,
        parts=(Text(text=words),), agent="ana", written_at=now, send_before=now + timedelta(hours=1),
    )  # fmt: skip
    return ReplyWritten(state=state(said), details=ReplyDetails(message=message))


@asynccontextmanager
async def chat(log: Valkey, board_url: str, folder: Path) -> AsyncIterator[Chat]:
    (folder / "trunkline.yaml").write_text(CONFIG)
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(StreamsBus(log.url, deployment="t", shards=1))
        signals = await stack.enter_async_context(Signals(board_url, deployment="t"))
        sender = await stack.enter_async_context(Sender(tell=signals.tell))
        channels = load_channels()
        watch = Watch(folder / "trunkline.yaml", lambda path: load(path, channels, os.environ, rules=False))
        accounts = Accounts(watch, channels, public_url="http://127.0.0.1:1")
        couriers = Couriers(bus, sender, accounts, echo=Echo(channels, accounts, signals.tell))
        it, hearing = Chat(bus, signals), Hearing(board_url, deployment="t")
        hearing.add(THREAD)

        async def hear() -> None:
            async for topic, payload in hearing.heard():
                assert topic == THREAD
                it.heard.append(orjson.loads(payload))
                async with it.news:
                    it.news.notify_all()

        running = [
            asyncio.create_task(part)
            for part in (signals.run(), hear(), Owner(bus, couriers, "notify-0", asyncio.Event()).run())
        ]
        yield it
        for part in running:
            part.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def sent(bus: StreamsBus) -> list[ReplySent]:
    records = await bus.tail(Partition(Topic.DELIVERIES, 0), 100)
    events = [unpack(record.value).read() for record in records]
    return [event for event in events if isinstance(event, ReplySent)]


async def test_replies_and_echoes_are_heard_with_the_numbers_of_the_log(valkey: Valkey, tmp_path: Path) -> None:
    async with chat(valkey, valkey.url, tmp_path) as it:
        await it.listening()
        await it.log(wrote("Where is my parcel?", 1))
        await it.log(answered("It left today.", 2))
        await it.until(2)

        told = sorted(it.heard, key=lambda one: int(one["number"]))
        assert [(one["number"], one["direction"], one["parts"][0]["text"]) for one in told] == [
            (1, "inbound", "Where is my parcel?"),
            (2, "outbound", "It left today."),
        ]
        assert told[0]["client"] == "client-0001"
        assert told[0]["conversation"] == told[1]["conversation"] == CONVERSATION
        assert "agent" not in told[1], "who answers is nobody's business but ours"
        async with asyncio.timeout(10):
            while not (records := await sent(it.bus)):
                await asyncio.sleep(0.05)
        assert [(one.message, one.provider_ids) for one in records] == [(told[1]["id"], (told[1]["id"],))]


async def test_a_reply_is_sent_while_the_board_is_away_for_the_visitor_will_ask(valkey: Valkey, tmp_path: Path) -> None:
    async with Valkey() as board:
        await board.kill()
        async with chat(valkey, board.url, tmp_path) as it:
            await it.log(answered("It left today.", 1))
            async with asyncio.timeout(20):
                while not await sent(it.bus):
                    await asyncio.sleep(0.05)
            assert it.heard == []


@pytest.mark.parametrize("broken", ["of another channel", "without its number"])
async def test_what_cannot_be_echoed_stops_nothing(valkey: Valkey, tmp_path: Path, broken: str) -> None:
    async with chat(valkey, valkey.url, tmp_path) as it:
        await it.listening()
        event = wrote("first", 1)
        if broken == "of another channel":
            message = event.details.message.model_copy(update={"channel": "twilio-sms", "account": "nobody"})
            event = event.model_copy(update={"details": InboundDetails(message=message)})
        else:
            event = event.model_copy(update={"state": state(0)})
        await it.log(event)
        await it.log(wrote("second", 2))
        await it.until(1)
        assert [one["parts"][0]["text"] for one in it.heard] == ["second"]
