"""Routers in this process: the real code on a real board, over a log in memory that the test steers."""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from redis.asyncio.client import Pipeline

from services.router.core import Core, Rules
from services.router.owner import Owner
from services.router.record import Last, Letters, Record
from services.router.telling import Telling
from services.router.timers import run_timers
from tests.integration.router.reading import Reading
from trunkline.blobs import Blobs
from trunkline.board import Answer, Board, moves
from trunkline.bus import NewRecord, Partition
from trunkline.bus import Record as LogRecord
from trunkline.channels.registry import load as load_channels
from trunkline.config.engine import engine_of
from trunkline.config.load import parse
from trunkline.config.room import QuietWork, Taking
from trunkline.events import Header, MessageReceived, Presence, Profile, Topic, pack
from trunkline.ids import message_id, new_id, shard_of
from trunkline.internal import Internal
from trunkline.messages import Address, InboundMessage, Text
from trunkline.testing.memory import MemoryBus, MemoryLog, Step
from trunkline.testing.servers.redis import RedisServer

SHARDS = 2
_CONFIG = b"""
default_queue: support
queues:
  support:
    title: Support
    target_s: 60
    offer_timeout_s: 30
    widening: [{after_s: 1, lower: {lang.lv: 1}}]
  regulars: {title: Regulars}
  several: {title: Asks several at once, offer_to: 2}
  given: {title: Asks nobody, auto_accept: true}
  night: {title: Night, hours: never, closed: {queue: regulars}}
  promised: {title: Promised, clocks: {hours: always, first_reply_s: 60, resolution_s: 3600}}
calendars:
  always:
    zone: UTC
    week: {mon: ["00:00-24:00"], tue: ["00:00-24:00"], wed: ["00:00-24:00"], thu: ["00:00-24:00"],
           fri: ["00:00-24:00"], sat: ["00:00-24:00"], sun: ["00:00-24:00"]}
  never: {zone: Europe/Riga, week: {mon: []}}
skills:
  lang.lv: {title: Latvian}
language: {of: [en, tr]}
rules:
  - {name: latvian, when: message.text == 'sveiki', requires: {lang.lv: 3}}
  - {name: promised, when: message.text == 'at once', queue: promised}
  - {name: several, when: message.text == 'anybody', queue: several}
  - {name: given, when: message.text == 'now', queue: given}
  - {name: night, when: message.text == 'good night', queue: night}
  - {name: regular, when: history.known, queue: regulars}
"""

_QUIET = Taking(quiet=QuietWork(after_s=1))
"""Of the channel that the messages of these tests come by; no channel of ours is called so."""

_COPY = """
local found = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  found[#found + 1] = { key, redis.call('DUMP', key), redis.call('PTTL', key) }
end
return found
"""


class KnownMessages(Record):
    """The record, as far as a router asks it: what it knows is what the test says."""

    def __init__(self) -> None:
        super().__init__(Internal("http://127.0.0.1:9", "unused"))
        self.known: set[str] = set()
        self.away = False
        self.asked: list[str] = []
        self.threads: dict[str, Last] = {}
        self.heads: Letters | None = None
        self.letters_asked = asyncio.Event()

    async def knows(self, message: str, *, account: str, shard: int, end: int) -> bool | None:
        self.asked.append(message)
        return None if self.away else message in self.known

    async def letters(self, conversation: str) -> Letters | None:
        self.letters_asked.set()
        return self.heads

    async def last(self, threads: list[str]) -> dict[str, Last]:
        return {thread: self.threads[thread] for thread in threads if thread in self.threads}


@dataclass
class World:
    """One log and one board; routers come and go."""

    server: RedisServer
    folder: Path
    log: MemoryLog = field(default_factory=lambda: MemoryLog(SHARDS))
    record: KnownMessages = field(default_factory=KnownMessages)
    config: bytes = _CONFIG
    _readings: dict[Partition, Reading] = field(default_factory=dict)

    def router(self, member: str, *, step: Step | None = None, session_timeout_s: float = 0.6) -> Router:
        """A router, not started."""
        return Router(self, member, step, session_timeout_s)

    def board(self) -> Board:
        """A connection of one's own."""
        return Board(self.server.url, deployment="rig", shards=SHARDS)

    async def write(self, thread: str, text: str = "hello", *, provider_id: str = "") -> str:
        """A customer's message into `inbound`; its id."""
        provider_id = provider_id or new_id()
        now = datetime.now(UTC)
        message = InboundMessage(
            id=message_id("sms-main", provider_id), account="sms-main", channel="sms", thread=thread,
            contact=Address(scheme="tel", value="+371"), provider_id=provider_id, received_at=now,
            parts=(Text(text=text),),
        )  # fmt: skip
        value = pack(MessageReceived(message=message), id=message.id, source="test", subject=thread, time=now)
        await self.put(thread, value, MessageReceived.type)
        return message.id

    async def put(self, thread: str, value: bytes, event_type: str) -> int:
        """Any bytes into `inbound`."""
        partition = Partition(Topic.INBOUND, shard_of(thread, SHARDS))
        record = NewRecord(thread.encode(), value, ((Header.TYPE, event_type.encode()),))
        return await MemoryBus(self.log).append(partition, [record])

    async def story(self, topic: Topic = Topic.ROUTING) -> list[LogRecord]:
        """Every accepted record of a topic, shard by shard."""
        return [record for reading in self._read(topic) for record in reading.records]

    def _read(self, topic: Topic = Topic.ROUTING) -> list[Reading]:
        places = [Partition(topic, number) for number in range(SHARDS)]
        readings = [self._readings.setdefault(place, Reading(self.log, place)) for place in places]
        for reading in readings:
            reading.on()
        return readings

    def has_told(self, shard: int, outbox: str) -> bool:
        """Whether this very entry of the outbox is in the log."""
        return outbox in self._read()[shard].outbox

    async def folded(self) -> dict[str, dict[str, Any]]:
        """Each conversation's last state, by the log."""
        return {state["id"]: state for reading in self._read() for state in reading.fold.states()}

    def shut(self) -> dict[str, int]:
        """The queues that are shut, and until when, by the log."""
        return {queue: until for reading in self._read() for queue, until in reading.fold.shut.items()}

    async def until_told(self, messages: set[str], *, within: float = 20) -> None:
        """Wait until all these messages are in the log's story."""
        missing = set(messages)
        try:
            async with asyncio.timeout(within):
                while missing := messages - {record.header(Header.MESSAGE) for record in await self.story()}:
                    await asyncio.sleep(0.02)  # the log in memory tells nobody what it took
        except TimeoutError:
            raise AssertionError(f"{len(missing)} of {len(messages)} were never told: {sorted(missing)[:5]}") from None

    async def wipe(self) -> None:
        """The board loses everything, as a server does that starts without its data."""
        async with self.board() as board:
            pipeline = board.client.pipeline(transaction=True)
            pipeline.flushall()
            await _as_restarted(pipeline)

    async def snapshot(self) -> dict[bytes, tuple[bytes, int]]:
        """Every key of the board, with its time to live, all of one moment: a copy of an old replica is never torn."""
        async with self.board() as board:
            found = await board.client.eval(_COPY, 0)
            return {key: (dumped, max(0, left)) for key, dumped, left in found}

    async def restore(self, snapshot: dict[bytes, tuple[bytes, int]]) -> None:
        """The board goes back to an older copy, as by a lost AOF tail or a fail-over to an old replica."""
        async with self.board() as board:
            pipeline = board.client.pipeline(transaction=True)
            pipeline.flushall()
            for key, (dumped, left) in snapshot.items():
                pipeline.restore(key, left, dumped)
            await _as_restarted(pipeline)


class Router:
    """A router that can stop, or die between any two steps."""

    def __init__(self, world: World, member: str, step: Step | None, session_timeout_s: float) -> None:
        self.bus = MemoryBus(world.log, session_timeout_s=session_timeout_s, step=step)
        self.board = world.board()
        channels = load_channels()
        config = parse(world.config, channels, os.environ).model_copy(update={"channels": {"sms": _QUIET}})
        rules = Rules(config, engine_of(config))
        self.core = Core(
            member,
            self.board,
            self.bus,
            Blobs(world.folder),
            world.record,
            lambda: rules,
            {**channels, "sms": channels["twilio-sms"]},  # as the tests' customers write
        )
        self.owner, self.telling = Owner(self.core), Telling(self.core)
        self._tasks: list[asyncio.Task[Any]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(self.owner.run()),
            asyncio.create_task(run_timers(self.core, self.owner.shards, self.telling)),
            asyncio.create_task(self.telling.run()),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.die()

    async def die(self) -> None:
        """Stop between two steps, without another word."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await self.board.__aexit__(None, None, None)

    async def verified(self, *, within: float = 15) -> None:
        """Wait until every shard we hold is verified and the board is open; raise what ended the router."""
        async with asyncio.timeout(within):
            while True:
                for task in self._tasks:
                    if task.done():
                        task.result()
                held = list(self.owner.shards())
                if held and all(shard.verified for shard in held) and await self.board.is_open():
                    return
                await asyncio.sleep(0.01)

    async def ended(self, *, within: float = 15) -> BaseException:
        """What ended the router."""
        async with asyncio.timeout(within):
            done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        with contextlib.suppress(asyncio.CancelledError):
            for task in done:
                if (error := task.exception()) is not None:
                    return error
        raise AssertionError("the router ended without a reason")


async def arrive(board: Board, agent: str, *, capacity: int = 50, skills: dict[str, int] | None = None) -> Answer:
    """An agent with room."""
    profile = Profile(agent=agent, name=agent, version=1, capacity=capacity, queues=("*",), skills=skills or {})
    return await moves.arrive(
        board, operation=new_id(), profile=profile, device="device-of-the-test", lease_ms=600_000,
        presence=Presence.AVAILABLE,
    )  # fmt: skip


async def _as_restarted(pipeline: Pipeline) -> None:
    """With the data, in the same moment, what a restart or a fail-over brings: no scripts, another replication id."""
    pipeline.execute_command("SCRIPT", "FLUSH")
    pipeline.execute_command("DEBUG", "CHANGE-REPL-ID")
    await pipeline.execute()
