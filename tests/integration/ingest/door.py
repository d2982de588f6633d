"""Ingest's own parts behind a real port, with a real log, a provider's simulator before it and the record beside it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
from prometheus_client import REGISTRY

from services.ingest.app import App
from services.ingest.channel_log import ChannelLog
from services.ingest.chat.door import Chat
from services.ingest.chat.files import Files
from services.ingest.chat.limits import Limit
from services.ingest.chat.lines import Lines
from services.ingest.chat.record import Record as ChatRecord
from services.ingest.chat.socket import Sockets
from services.ingest.chat.window import Shared
from services.ingest.given import Given
from services.ingest.media import MediaFetcher
from services.ingest.publish import Publisher
from services.ingest.webhooks import Webhooks
from trunkline.blobs import Blobs
from trunkline.board.signals import Hearing, Signals
from trunkline.bus import Bus, Partition, Record
from trunkline.bus.streams import StreamsBus
from trunkline.channels.registry import load as load_channels
from trunkline.config.accounts import Accounts
from trunkline.config.load import load
from trunkline.config.watch import Watch
from trunkline.events import DeadLetter, Topic, unpack
from trunkline.http import serve
from trunkline.ids import new_id
from trunkline.internal import Internal
from trunkline.testing.ports import free_port
from trunkline.testing.twilio import TwilioSimulator
from trunkline.testing.twilio_calls import sign
from trunkline.testing.twilio_rules import SimAccount

SHARDS = 3
SID = "AC" + "0" * 32
TOKEN = "token-of-the-simulator"
SENDER = "+37120000000"
CUSTOMER = "+37126000001"

_CONFIG = """
default_queue: support
queues:
  support: {{title: Support}}
accounts:
  sms-main:
    channel: twilio-sms
    settings:
      account_sid: {sid}
      auth_token: {token}
      sender: "{sender}"
      api_base: {api}
      media_hosts: [localhost, 127.0.0.1]
  chat-main:
    channel: webchat
    settings:
      origins: [https://shop.example]
      identity_secret: {chat_secret}
      {chat_more}
"""
CHAT_SECRET = "secret-of-the-tests-shop"


@dataclass
class Options:
    """How a door differs from the usual one."""

    public_url: str = ""
    body_s: float = 10.0
    head_s: float = 10.0
    media_s: float = 8.0
    api: str = ""
    agents_url: str = "http://127.0.0.1:1"
    chat_more: str = ""
    bus: type[StreamsBus] = StreamsBus


@dataclass
class Door:
    """Where a provider knocks."""

    url: str
    public_url: str
    bus: Bus
    blobs: Blobs
    provider: TwilioSimulator
    log: ChannelLog
    http: aiohttp.ClientSession
    counted: dict[str, float] = field(default_factory=dict)

    @property
    def webhook(self) -> str:
        """The account's address as the provider signs it."""
        return f"{self.public_url}/webhooks/sms-main"

    async def records(self, topic: Topic) -> list[Record]:
        """Everything in a topic, shard by shard."""
        found: list[Record] = []
        for number in range(SHARDS):
            found += await self.bus.tail(Partition(topic, number), 10_000)
        return found

    async def letter(self) -> DeadLetter:
        """The only dead letter."""
        [record] = await self.records(Topic.DEAD_LETTERS)
        event = unpack(record.value).read()
        assert isinstance(event, DeadLetter)
        return event

    async def knock(
        self, body: bytes, *, signature: str = "", path: str = "/webhooks/sms-main", **headers: str
    ) -> aiohttp.ClientResponse:
        """A POST as the provider makes it, with whatever signature."""
        sent = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature or "none"}
        return await self.http.post(self.url + path, data=body, headers=sent | headers)

    async def signed(self, form: Mapping[str, str], **headers: str) -> aiohttp.ClientResponse:
        """A POST whose signature is right."""
        return await self.knock(
            urlencode(form).encode(), signature=sign(TOKEN, self.webhook, form), path="/webhooks/sms-main", **headers
        )

    def outcome(self, name: str, account: str = "sms-main") -> int:
        """How many requests ended so since this door was built."""
        return int(_received(account, name) - self.counted.get(f"{account}|{name}", 0))


def message(**more: str) -> dict[str, str]:
    """The form of a customer's message."""
    sid = f"SM{new_id()}"
    form = {"AccountSid": SID, "MessageSid": sid, "From": CUSTOMER, "To": SENDER, "Body": "Hello", "NumMedia": "0"}
    return form | more


def _received(account: str, outcome: str) -> float:
    labels = {"account": account, "outcome": outcome}
    return REGISTRY.get_sample_value("trunkline_ingest_requests_total", labels) or 0.0


def _counted() -> dict[str, float]:
    for metric in REGISTRY.collect():
        if metric.name == "trunkline_ingest_requests":
            return {
                f"{one.labels['account']}|{one.labels['outcome']}": one.value
                for one in metric.samples
                if one.name.endswith("_total")
            }
    return {}


def _configuration(it: Options, api: str) -> str:
    return _CONFIG.format(
        sid=SID, token=TOKEN, sender=SENDER, api=api, chat_secret=CHAT_SECRET, chat_more=it.chat_more
    )  # fmt: skip


@asynccontextmanager
async def _chat(
    board_url: str, it: Options, accounts: Accounts, publisher: Publisher, blobs: Blobs
) -> AsyncIterator[Chat]:
    """Visitors' side of the door; signals go over the log's own server."""
    async with (
        Internal(it.agents_url, "development-only") as internal,
        Signals(board_url, deployment="chat") as signals,
    ):
        lines, limit = Lines(Hearing(board_url, deployment="chat"), ChatRecord(internal), every_s=0.2), Limit()
        running = [asyncio.create_task(part) for part in (signals.run(), lines.hear(), lines.compare())]
        shared = Shared(publisher=publisher, record=ChatRecord(internal), tell=signals.tell, limit=limit)
        yield Chat(accounts, Sockets(shared, lines), Files(blobs, limit))
        for part in running:
            part.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@asynccontextmanager
async def door(log_url: str, folder: Path, options: Options | None = None) -> AsyncIterator[Door]:
    """An open door over the log at `log_url`."""
    it = options or Options()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    public = it.public_url or url
    async with AsyncExitStack() as stack:
        account = SimAccount(
            sid=SID, token=TOKEN, webhook_url=f"{public}/webhooks/sms-main", senders=(SENDER,),
            connect_to=url if it.public_url else None,
        )  # fmt: skip
        provider = await stack.enter_async_context(TwilioSimulator([account], callbacks=False))
        config = folder / "trunkline.yaml"
        config.write_text(_configuration(it, it.api or provider.url))
        channels = load_channels()
        watch = Watch(config, lambda path: load(path, channels, os.environ, rules=False))
        bus = await stack.enter_async_context(it.bus(log_url, deployment=f"t{new_id()}", shards=SHARDS))
        blobs = Blobs(folder / "blobs")
        media = await stack.enter_async_context(MediaFetcher(blobs, total_s=it.media_s))
        log = ChannelLog(await stack.enter_async_context(Internal(it.agents_url, "development-only")), every_s=0.01)
        bringing = asyncio.create_task(log.run())
        accounts, publisher = Accounts(watch, channels, public_url=public), Publisher(bus, media, blobs)
        webhooks = Webhooks(accounts, publisher, log, body_s=it.body_s)
        chat = await stack.enter_async_context(_chat(log_url, it, accounts, publisher, blobs))
        app = App(webhooks, chat, Given(accounts, blobs))
        await stack.enter_async_context(serve(app, "127.0.0.1", port, variable="-", head_s=it.head_s))
        http = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)))
        stack.callback(bringing.cancel)
        yield Door(url, public, bus, blobs, provider, log, http, _counted())
