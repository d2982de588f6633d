"""Notify's own parts over a real log, with a provider's simulator behind them."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import orjson

from services.notify.delivery import Couriers
from services.notify.owner import Owner
from services.notify.sender import Sender
from tests.later import of_a_later_version
from trunkline.blobs import Blobs
from trunkline.bus import NewRecord, Partition, Position
from trunkline.bus.streams import StreamsBus
from trunkline.channels.registry import load as load_channels
from trunkline.config.accounts import Accounts
from trunkline.config.load import load
from trunkline.config.watch import Watch
from trunkline.events import (
    ConversationState,
    ConversationTold,
    Header,
    ReplyDetails,
    ReplySent,
    ReplyUndeliverable,
    ReplyWritten,
    SendFailed,
    Status,
    StepAccepted,
    TellingDetails,
    Topic,
    pack,
    unpack,
)
from trunkline.ids import new_conversation_id, new_id
from trunkline.messages import Address, OutboundMessage, Text
from trunkline.testing.deployment import nursery
from trunkline.testing.ports import free_port
from trunkline.testing.processes import Service
from trunkline.testing.twilio import TwilioSimulator
from trunkline.testing.twilio_rules import SimAccount

SID = "AC" + "0" * 32
TOKEN = "token-of-the-simulator"
SENDER = "+37120000000"
SHARDS = 2
ROOT = Path(__file__).resolve().parents[3]

Event = StepAccepted | ReplySent | SendFailed | ReplyUndeliverable
E = TypeVar("E")

CONFIG = """
default_queue: support
queues:
  support: {{title: Support}}
accounts:
  {name}:
    channel: twilio-sms
    settings:
      account_sid: {sid}
      auth_token: {token}
      sender: "{sender}"
      api_base: {api}
      {more}
"""


class Longest(random.Random):
    """Chance that always makes the longest pause."""

    def uniform(self, a: float, b: float) -> float:
        """The upper end."""
        return b


class Shortest(random.Random):
    """Chance that never makes a pause longer than it must be."""

    def uniform(self, a: float, b: float) -> float:
        """The lower end."""
        return a


@dataclass
class Post:
    """A log into which replies are written, and what became of them."""

    bus: StreamsBus
    config: Path
    api: str
    written: list[OutboundMessage] = field(default_factory=list)

    def configure(self, *, name: str = "sms-main", more: str = "") -> None:
        """Write trunkline.yaml with one account of this name."""
        self.config.write_text(CONFIG.format(sid=SID, token=TOKEN, sender=SENDER, api=self.api, name=name, more=more))

    async def write(
        self, *texts: str, conversation: str = "", shard: int = 0, to: str = "+37126000001", left_s: float = 3_600.0,
        later: bool = False,
    ) -> list[OutboundMessage]:  # fmt: skip
        """Replies of one conversation, as the router (or a later version of it) relays them, in one batch."""
        conversation = conversation or new_conversation_id(shard)
        now = datetime.now(UTC)
        messages = [
            OutboundMessage(
                id=new_id(), account="sms-main", channel="twilio-sms", conversation=conversation,
                contact=Address(scheme="tel", value=to), parts=(Text(text=text),), agent="ana", written_at=now,
                send_before=now + timedelta(seconds=left_s),
            )
            for text in texts
        ]  # fmt: skip
        place = Partition(Topic.ROUTING, int(conversation.partition("-")[0]))
        await self.bus.append(place, [_record(message, later=later) for message in messages])
        self.written += messages
        return messages

    async def events(self, kind: type[E], shard: int = 0) -> list[E]:
        """Everything of a kind, accepted by the rule of terms, in `deliveries` or `inbound`."""
        topic = Topic.INBOUND if kind is ReplyUndeliverable else Topic.DELIVERIES
        place = Partition(topic, shard)
        found: list[E] = []
        end = (await self.bus.bounds(place)).next
        async for page in self.bus.read(place, Position(0), end=end):
            read = [unpack(record.value).read() for record in page]
            found += [event for event in read if isinstance(event, kind)]
        return found

    async def outcome(self, message: OutboundMessage, *, within: float = 20) -> ReplySent | SendFailed:
        """What became of a reply at last."""
        place = Partition(Topic.DELIVERIES, int(message.conversation.partition("-")[0]))
        async with asyncio.timeout(within), self.bus.follower({place: Position(0)}) as follower:
            while True:
                for record in (await follower.next()).get(place, []):
                    event = unpack(record.value).read()
                    if isinstance(event, ReplySent | SendFailed) and event.message == message.id:
                        return event

    async def outcomes(self, messages: Sequence[OutboundMessage]) -> list[ReplySent | SendFailed]:
        """What became of each."""
        return [await self.outcome(message) for message in messages]


def _record(message: OutboundMessage, *, later: bool, told: str = "") -> NewRecord:
    thread = f"{message.account}|tel:{message.contact.value}"
    state = ConversationState(
        id=message.conversation, thread=thread, account=message.account, channel=message.channel, scheme="tel",
        contact=message.contact.value, status=Status.ACTIVE, queue="support", requirement="support|twilio-sms|1|",
        weight=1, version=3, opened_at=0, owner="ana",
    )  # fmt: skip
    if told:
        details = TellingDetails(kind=told, message=message)
        event: ConversationTold | ReplyWritten = ConversationTold(
            version=3, operation=message.id, state=state, details=details
        )
    else:
        event = ReplyWritten(version=3, operation=message.id, state=state, details=ReplyDetails(message=message))
    value = pack(event, id=new_id(), source="trunkline/router", subject=message.conversation, time=datetime.now(UTC))
    if later:
        value = orjson.dumps(of_a_later_version(orjson.loads(value))[0])
    headers = ((Header.TYPE, event.type.encode()), (Header.TERM, b"1"), (Header.AGENTS, b"ana"))
    return NewRecord(message.conversation.encode(), value, headers)


def simulator(**options: object) -> TwilioSimulator:
    """A provider that knows our account; its callbacks go nowhere."""
    account = SimAccount(sid=SID, token=TOKEN, webhook_url="http://127.0.0.1:1/webhooks/sms-main", senders=(SENDER,))
    return TwilioSimulator([account], **({"callbacks": False} | options))  # type: ignore[arg-type]  # its own keywords


@asynccontextmanager
async def post(log_url: str, folder: Path, api: str, *, session_s: float = 6.0) -> AsyncIterator[Post]:
    """An empty log and a configuration that names the provider at `api`."""
    async with StreamsBus(log_url, deployment=f"t{new_id()}", shards=SHARDS, session_timeout_s=session_s) as bus:
        await bus.create_topics()
        it = Post(bus, folder / "trunkline.yaml", api)
        it.configure()
        yield it


@dataclass
class Notify:
    """A notify in this process."""

    owner: Owner
    watch: Watch
    couriers: Couriers
    stopping: asyncio.Event
    life: asyncio.Task[None]

    async def stop(self) -> None:
        """As SIGTERM does."""
        self.stopping.set()
        async with asyncio.timeout(10):
            await self.life


@asynccontextmanager
async def notify(it: Post, member: str = "notify-0", *, chance: random.Random | None = None) -> AsyncIterator[Notify]:
    """Notify, as its `__main__` builds it; ended without ceremony unless it was stopped."""
    channels = load_channels()
    async with AsyncExitStack() as stack:
        sender = await stack.enter_async_context(Sender(Blobs(it.config.parent / "blobs")))
        watch = Watch(it.config, lambda path: load(path, channels, os.environ, rules=False))
        couriers = Couriers(it.bus, sender, Accounts(watch, channels, public_url="http://127.0.0.1:1"), chance=chance)
        stopping = asyncio.Event()
        owner = Owner(it.bus, couriers, member, stopping)
        life = asyncio.create_task(owner.run())
        stack.push_async_callback(_end, life)
        yield Notify(owner, watch, couriers, stopping, life)


async def _end(life: asyncio.Task[None]) -> None:
    life.cancel()
    await asyncio.gather(life, return_exceptions=True)


def process(it: Post, log_url: str, folder: Path, *, failpoints: str = "", ops: int = 0) -> Service:
    """services.notify as a process, not started; `ops` is its port for health."""
    ops = ops or free_port()
    environment = {
        "PYTHONPATH": f"{ROOT / 'shared'}:{ROOT}",
        "TRUNKLINE_DEPLOYMENT": it.bus._server.deployment,
        "TRUNKLINE_SHARDS": str(SHARDS),
        "TRUNKLINE_LOG_URL": log_url,
        "TRUNKLINE_DATA_DIR": str(folder),
        "TRUNKLINE_CONFIG_FILE": str(it.config),
        "TRUNKLINE_OPS_PORT": str(ops),
        "TRUNKLINE_FAILPOINTS": failpoints,
    }
    return Service(
        "services.notify", env=environment, log=folder / "notify.log", ready_url=f"http://127.0.0.1:{ops}/readyz",
        cwd=ROOT, nursery=nursery(),
    )  # fmt: skip


async def until_async(true: Callable[[], Awaitable[bool]], *, within: float = 10) -> None:
    """Wait for something of another process that one must ask it for."""
    async with asyncio.timeout(within):
        while not await true():
            await asyncio.sleep(0.05)


async def until(true: Callable[[], bool], *, within: float = 10) -> None:
    """Wait for something of this process that tells nobody when it comes about."""
    async with asyncio.timeout(within):
        while not true():
            await asyncio.sleep(0.005)
