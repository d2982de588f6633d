"""A board of two shards, opened as a router opens it, on Valkey and on Redis 7."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest_asyncio

from trunkline.board import Answer, Board, moves
from trunkline.board.client import answer_of
from trunkline.board.fold import Fold, print_of
from trunkline.board.owner import load_scripts, raise_term, swap
from trunkline.board.rebuild import build
from trunkline.board.relay import FIRST_ID, Entry, compose
from trunkline.bus import Partition, Record
from trunkline.events import InboundDetails, Presence, Profile, Topic
from trunkline.ids import message_id, new_conversation_id, new_id, shard_of
from trunkline.messages import Address, InboundMessage, Text
from trunkline.requirements import requirement_id
from trunkline.route import UNDECIDED, Route
from trunkline.testing.servers.redis import RedisServer

SHARDS = 2
LIMITS = "20000:60000:30000:86400000:3"


@dataclass
class Floor:
    """A board with its shards' owner beside it: what tests need to make moves and to look."""

    board: Board
    terms: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(SHARDS), 1))
    relayed: dict[int, str] = field(default_factory=lambda: dict.fromkeys(range(SHARDS), FIRST_ID))
    offsets: dict[int, Any] = field(default_factory=lambda: {shard: count() for shard in range(SHARDS)})
    story: dict[int, list[Entry]] = field(default_factory=lambda: {shard: [] for shard in range(SHARDS)})
    """All that was relayed so far."""

    async def open(self, generation: str = "1-a", folds: dict[int, Fold] | None = None) -> None:
        """Build, swap and verify every shard."""
        await load_scripts(self.board)
        empty = {shard: Fold() for shard in range(SHARDS)}
        await build(self.board, generation, folds or empty, now_ms=await self.now())
        assert await swap(self.board, generation)
        self.board.generation = generation
        info = await self.board.client.info("replication")
        for shard in range(SHARDS):
            await raise_term(self.board, shard, self.terms[shard])
            answer = await self.board.submit(
                "verify", str(shard), str(self.terms[shard]), self.relayed[shard], info["master_replid"], str(SHARDS)
            )
            assert answer[0] == b"ok", answer

    async def folds(self) -> dict[int, Fold]:
        """What the log says so far, shard by shard."""
        folds = {shard: Fold() for shard in range(SHARDS)}
        await self.events()
        for shard, fold in folds.items():
            place = Partition(Topic.ROUTING, shard)
            for offset, entry in enumerate(self.story[shard]):
                one = entry.record
                fold.take(Record(place, offset, entry.at_ms, one.key, one.value, one.headers))
        return folds

    async def rebuild(self, folds: dict[int, Fold] | None = None) -> None:
        """The board in force is found stale, and another is built: from what the log says, or from these."""
        known = await self.folds() if folds is None else folds
        await self.board.client.delete(self.board.keys.generation)
        await self.open(f"{int(self.board.generation.partition('-')[0]) + 1}-b", known)

    async def now(self) -> int:
        """The server's clock, ms."""
        seconds, micros = await self.board.client.time()
        return int(seconds) * 1000 + int(micros) // 1000

    def travel(self, now_ms: int) -> None:
        """Supply the clock, as the simulator does."""
        self.board.clock_ms = str(now_ms)

    async def arrive(
        self, agent: str, *, skills: dict[str, int] | None = None, capacity: int = 1, queues: tuple[str, ...] = ("*",),
        presence: Presence = Presence.AVAILABLE, device: str = "d1", version: int = 1, lease_ms: int = 45_000,
    ) -> Answer:  # fmt: skip
        profile = Profile(
            agent=agent, name=agent, version=version, capacity=capacity, skills=skills or {}, queues=queues
        )
        return await moves.arrive(
            self.board, operation=new_id(), profile=profile, device=device, lease_ms=lease_ms, presence=presence
        )

    def receiving(
        self, thread: str, *, message: str | None = None, word: str = "", decided: bool = True, due: int = 60_000,
        priority: int = 0, skills: dict[str, int] | None = None, weight: int = 1, offset: int | None = None,
        term: int | None = None, limits: str = LIMITS, ladder: str = "", requirement: str = "", rules: str = "",
        language: str = "", firm: str = "", clocks: str = "", say: str = "",
    ) -> tuple[str, ...]:  # fmt: skip
        """The arguments of one `receive`, in the order of the script."""
        shard = shard_of(thread, SHARDS)
        mid = message or message_id("sms", new_id())
        at = next(self.offsets[shard]) if offset is None else offset
        needs = requirement or requirement_id("support", "sms", weight, skills or {})
        decision = Route("support", needs, weight, priority, due, limits, ladder, rules, clocks).arguments()
        return (
            "receive", str(shard), str(self.terms[shard] if term is None else term), str(at), mid,
            thread,
            str(print_of(mid)), word, _inbound(mid, thread), new_conversation_id(shard), "sms-main", "sms", "tel",
            "+371", "", language, firm, *(decision if decided else UNDECIDED), say,
        )  # fmt: skip

    async def receive(self, thread: str, **options: Any) -> Answer:
        return answer_of(await self.board.submit(*self.receiving(thread, **options)))

    async def conversation(self, conversation: str) -> dict[str, str]:
        key = f"{self.board.keys.under(self.board.generation)}c:{conversation}"
        found = await self.board.client.hgetall(key)
        return {name.decode(): value.decode() for name, value in found.items()}

    async def agent(self, agent: str) -> dict[str, str]:
        found = await self.board.client.hgetall(f"{self.board.keys.under(self.board.generation)}a:{agent}")
        return {name.decode(): value.decode() for name, value in found.items()}

    async def rank(self, agent: str, requirement: str) -> float | None:
        """The agent's index among those with room for this requirement set; None: not among them."""
        key = f"{self.board.keys.under(self.board.generation)}f:{requirement}"
        found: float | None = await self.board.client.zscore(key, agent)
        return found

    async def requirements(self) -> list[str]:
        """The requirement sets that are known."""
        found = await self.board.client.zrange(f"{self.board.keys.under(self.board.generation)}requirements", 0, -1)
        return [one.decode() for one in found]

    async def satisfied(self, agent: str) -> list[str]:
        """Those that the agent satisfies."""
        found = await self.board.client.hkeys(f"{self.board.keys.under(self.board.generation)}ap:{agent}")
        return [one.decode() for one in found]

    async def events(self, shard: int | None = None) -> list[Entry]:
        """Relay everything that waits and give it back, composed."""
        found: list[Entry] = []
        for p in range(SHARDS) if shard is None else [shard]:
            while entries := await self._outbox(p):
                self.relayed[p] = entries[-1].id
                self.story[p] += entries
                found += entries
        return found

    async def _outbox(self, p: int) -> list[Entry]:
        raw = await self.board.submit("outbox", str(p), str(self.terms[p]), self.relayed[p], "500", "")
        assert raw[0] == b"ok", raw
        return [compose(Partition(Topic.ROUTING, p), self.terms[p], "1-a", entry) for entry in raw[1]]

    async def kinds(self, shard: int | None = None) -> list[str]:
        """The short types of everything that waits."""
        return [short(entry) for entry in await self.events(shard)]

    async def tick(self, at_ms: int | None = None) -> None:
        """Run the timers due (as if it were `at_ms`)."""
        before = self.board.clock_ms
        if at_ms is not None:
            self.travel(at_ms)
        for shard in range(SHARDS):
            answer = await self.board.call("tick", str(shard), str(self.terms[shard]), "100")
            assert answer[4] == [], answer
        self.board.clock_ms = before

    async def accept(self, agent: str, conversation: str, fence: int | None = None, operation: str = "") -> Answer:
        fence = int((await self.conversation(conversation))["fence"]) if fence is None else fence
        return await moves.accept(
            self.board, operation=operation or new_id(), agent=agent, conversation=conversation, fence=fence
        )

    async def decline(self, agent: str, conversation: str) -> Answer:
        fence = int((await self.conversation(conversation))["fence"])
        return await moves.decline(
            self.board, operation=new_id(), agent=agent, conversation=conversation, fence=fence, reason="busy"
        )

    async def close(self, agent: str, conversation: str) -> Answer:
        return await moves.close(
            self.board, operation=new_id(), agent=agent, conversation=conversation, body=b'{"code":"","note":""}'
        )

    async def owned(self, agent: str, thread: str, **options: Any) -> str:
        """A conversation the agent has been offered and has accepted."""
        opened = await self.receive(thread, **options)
        assert (await self.accept(agent, opened.subject)).ok
        return opened.subject


def _inbound(message: str, thread: str) -> str:
    said = InboundMessage(
        id=message, account="sms-main", channel="sms", thread=thread, contact=Address(scheme="tel", value="+371"),
        provider_id=message, received_at=datetime.now(UTC), parts=(Text(text="hello"),),
    )  # fmt: skip
    return InboundDetails(message=said).model_dump_json()


def short(entry: Entry) -> str:
    """`trunkline.conversation.opened.v1` → `conversation.opened`."""
    return entry.record.headers[0][1].decode().removeprefix("trunkline.").removesuffix(".v1")


async def together(*calls: Any) -> list[Any]:
    """All at once: they share one script call, in this order."""
    return list(await asyncio.gather(*calls))


@pytest_asyncio.fixture
async def floor(board_server: RedisServer) -> AsyncIterator[Floor]:
    """An open, empty board."""
    async with Board(board_server.url, deployment="test", shards=SHARDS) as board:
        it = Floor(board)
        await it.open()
        yield it
