"""Ingest's door for mail behind a real port, with a real log, real readers, and the record's answers beside it."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from services.ingest.channel_log import ChannelLog
from services.ingest.mail_index import MailIndex
from services.ingest.mail_intake import MailIntake
from services.ingest.mail_readers import MailReaders
from services.ingest.mail_threads import MailThreads
from services.ingest.mailboxes import Mailboxes
from services.ingest.media import MediaFetcher
from services.ingest.publish import Publisher
from services.ingest.smtp import Limits, SmtpDoor
from trunkline.blobs import Blobs
from trunkline.bus import Bus, Partition, Record
from trunkline.bus.streams import StreamsBus
from trunkline.channels.base import Account
from trunkline.channels.registry import load as load_channels
from trunkline.config.accounts import Accounts
from trunkline.config.load import load
from trunkline.config.watch import Watch
from trunkline.events import DeadLetter, MessageReceived, Topic, unpack
from trunkline.ids import new_id
from trunkline.internal import Internal
from trunkline.messages import InboundMessage, MailHead
from trunkline.testing.mail import Told, hand_in, written
from trunkline.testing.ports import free_port

SHARDS = 3
CUSTOMER = "anna@customers.example"
SUPPORT = "support@shop.example"
SALES = "sales@shop.example"

CONFIG = """
default_queue: support
queues:
  support: {title: Support}
accounts:
  mail-main:
    channel: email
    settings: {addresses: [support@shop.example], reply_secret: a-secret-of-the-tests-only, relay_host: 127.0.0.1,
      relay_security: none}
  mail-sales:
    channel: email
    settings: {addresses: [sales@shop.example], reply_secret: another-secret-of-the-tests, relay_host: 127.0.0.1,
      relay_security: none}
"""


class Recorder:
    """The record's internal API, as far as ingest asks it. Counts, answers what it was told to, or is away."""

    def __init__(self) -> None:
        self.mails: dict[str, dict[str, Any]] = {}
        self.participants: dict[str, list[str]] = {}
        self.away = False
        self.asked: list[dict[str, Any]] = []

    async def answer(self, request: web.Request) -> web.Response:
        """What of the question it knows."""
        asked = await request.json()
        self.asked.append(asked)
        if self.away:
            return web.Response(status=503)
        mails = {one: self.mails[one] for one in asked["mails"] if one in self.mails}
        threads = [*asked["threads"], *(known["thread"] for known in mails.values())]
        known = {one: self.participants[one] for one in threads if one in self.participants}
        return web.json_response({"mails": mails, "participants": known})


@dataclass
class MailDoor:
    """Where mail comes."""

    port: int
    bus: Bus
    blobs: Blobs
    record: Recorder
    accounts: Accounts
    log: ChannelLog
    door: SmtpDoor
    notes: list[tuple[str, str]] = field(default_factory=list)

    async def send(
        self, text: str | bytes = "hello", *, to: Sequence[str] = (SUPPORT,), sender: str = CUSTOMER, **more: Any
    ) -> Told:
        """A mail, with `more` for its header fields; whole, if it is bytes."""
        mail = text if isinstance(text, bytes) else written(sender or "x@y.example", to[0], text, **more)
        return await hand_in(self.port, mail, sender=sender, recipients=to)

    async def records(self, topic: Topic = Topic.INBOUND) -> list[Record]:
        """Everything in a topic."""
        found: list[Record] = []
        for number in range(SHARDS):
            found += await self.bus.tail(Partition(topic, number), 10_000)
        return found

    async def messages(self) -> list[InboundMessage]:
        """Every message in the log, the oldest first."""
        events = [unpack(record.value).read() for record in await self.records()]
        found = [event.message for event in events if isinstance(event, MessageReceived)]
        return sorted(found, key=lambda message: message.received_at)

    async def message(self) -> InboundMessage:
        """The only one."""
        [message] = await self.messages()
        return message

    async def letters(self) -> list[DeadLetter]:
        """What was set aside."""
        events = [unpack(record.value).read() for record in await self.records(Topic.DEAD_LETTERS)]
        return [event for event in events if isinstance(event, DeadLetter)]

    def account(self, name: str = "mail-main") -> Account:
        """An account as it is configured."""
        configured = self.accounts.get(name)
        assert configured is not None
        return configured.account

    def has(self, message: InboundMessage, *participants: str) -> None:
        """Let the record have a message that is in the log."""
        head = message.parts[0]
        assert isinstance(head, MailHead)
        self.record.mails[message.id] = {"thread": message.thread, "digest": head.digest}
        self.record.participants.setdefault(message.thread, []).extend([message.contact.value, *participants])


@asynccontextmanager
async def mail_door(
    log_url: str,
    folder: Path,
    *,
    limits: Limits | None = None,
    tls: ssl.SSLContext | None = None,
    bus: type[StreamsBus] = StreamsBus,
    wall_s: float = 30.0,
    thread_mails: int = 20,
    total_s: float = 60.0,
) -> AsyncIterator[MailDoor]:
    """An open door over the log at `log_url`."""
    async with AsyncExitStack() as stack:
        record = Recorder()
        application = web.Application()
        application.router.add_post("/internal/mail-threads", record.answer)
        runner = web.AppRunner(application)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        record_port = free_port()
        await web.TCPSite(runner, "127.0.0.1", record_port).start()
        config = folder / "trunkline.yaml"
        config.write_text(CONFIG)
        channels = load_channels()
        watch = Watch(config, lambda path: load(path, channels, os.environ, rules=False))
        accounts = Accounts(watch, channels, public_url="http://127.0.0.1:1")
        log = await stack.enter_async_context(bus(log_url, deployment=f"t{new_id()}", shards=SHARDS))
        blobs = Blobs(folder / "blobs")
        media = await stack.enter_async_context(MediaFetcher(blobs))
        channel_log = ChannelLog(Internal("http://127.0.0.1:1", "development-only"))
        readers = await stack.enter_async_context(MailReaders(folder / "blobs", wall_s=wall_s))
        index = MailIndex(await stack.enter_async_context(Internal(f"http://127.0.0.1:{record_port}", "x")))
        publisher = Publisher(log, media, blobs)
        intake = MailIntake(
            blobs, readers, MailThreads(index), publisher, channel_log, thread_mails=thread_mails, total_s=total_s
        )
        port = free_port()
        door = SmtpDoor(intake, Mailboxes(accounts), host="127.0.0.1", port=port, tls=tls, limits=limits)
        await stack.enter_async_context(door)
        yield MailDoor(port, log, blobs, record, accounts, channel_log, door)


async def speak(port: int, *lines: bytes) -> list[bytes]:
    """Say lines one by one; the server's greeting and its reply to each (what it says last, if it hangs up)."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(10):
            told = [await reader.readline()]
            for line in lines:
                writer.write(line + b"\r\n")
                await writer.drain()
                reply = await reader.readline()
                while reply[3:4] == b"-":
                    reply = await reader.readline()
                told.append(reply)
            return told
    finally:
        writer.close()


__all__ = ["CUSTOMER", "SALES", "SUPPORT", "MailDoor", "Recorder", "mail_door", "speak"]
