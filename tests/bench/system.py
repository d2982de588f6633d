"""The system under test, whole, as `make run` has it, and the bench's own processes around it.

Its configuration is deploy/trunkline.yaml and its shard count the default of one machine; the log is a real Kafka or
the embedded Valkey. Agents are put into the record directly: signing in is no row.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from services.agents.cookies import PLAIN
from services.agents.repository import NewAgent, Repository
from tests.bench.backlog import Backlog
from tests.bench.cpu import CpuMeter, MemorySampler, Used
from tests.bench.door import Door
from tests.bench.samples import Window
from tests.bench.tally import Tally
from tests.bench.worker import ROOT, Worker
from trunkline.bus import Partition, connect
from trunkline.events import Topic
from trunkline.testing.deployment import SENDER, SID, TOKEN, Deployment
from trunkline.testing.processes import Service
from trunkline.testing.servers import Kafka

SHARDS = 6
SHOP_ACCOUNT, SHOP_SECRET = "chat-shop", "secret-of-the-benchs-shop"
_DEPLOYMENT = "bench"
_CONNECTIONS = 256
_RECORDED = (Topic.ROUTING, Topic.DELIVERIES)


@dataclass(frozen=True, slots=True)
class Size:
    """How large the floor is, and how many conversations are open at a time."""

    agents: int = 30
    capacity: int = 14
    places: int = 300


@dataclass(frozen=True, slots=True)
class Run:
    """One stretch of load: what was sent, what it cost, and what became of it."""

    first: int
    end: int
    began: float
    ended: float
    opened: int
    failed: dict[str, int]
    answer: dict[str, float]
    used: Used
    bench: Used
    backlog: list[Backlog]
    late: int = 0
    through: int = 0

    @property
    def messages(self) -> int:
        """How many were sent."""
        return self.end - self.first

    def window(self, *, skip: float = 0.0) -> Window:
        """From when to when it was under load."""
        return (self.began + skip, self.ended)


class System:
    """Everything, as an async context manager; `load`, `floor` and `provider` are workers to ask."""

    def __init__(self, *, kafka: bool, size: Size) -> None:
        self._size = size
        self._stack = AsyncExitStack()
        self.kafka = Kafka() if kafka else None
        self._hired = 0

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        enter = self._stack.enter_async_context
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="trunkline-bench-")))
        log_url = ""
        if self.kafka is not None:
            log_url = f"kafka://{(await enter(self.kafka)).address}"
        through = self.folder / "through"
        self.through = Tally(through)
        self.provider = await enter(Worker("tests.bench.provider", str(through)))
        self.deployment = await enter(
            Deployment(
                self.folder, log_url=log_url, deployment=_DEPLOYMENT, shards=SHARDS, fresh=True,
                config=(ROOT / "deploy" / "trunkline.yaml").read_text(),
                environment={
                    "TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_SENDER": SENDER,
                    "TRUNKLINE_VAR_CHAT_SECRET": SHOP_SECRET,
                    "TWILIO_API_BASE": await self.provider.ask("url"),
                },
            )
        )  # fmt: skip
        self._bus = await enter(connect(self.deployment.log_url, deployment=_DEPLOYMENT, shards=SHARDS))
        self._record = await enter(Repository(f"sqlite+aiosqlite:///{self.folder / 'record.db'}"))
        self.memory = MemorySampler(self.service_pids)
        sampling = asyncio.create_task(self.memory.run())
        self._stack.callback(sampling.cancel)
        self.floor = await enter(Worker("tests.bench.floor"))
        self.load = await enter(Worker("tests.bench.load"))
        await self.seat(self._size.agents)
        door = Door(f"{self.deployment.public_url}/webhooks/sms-main", SID, TOKEN, SENDER)
        await self.load.ask("connect", door=asdict(door), connections=_CONNECTIONS, places=self._size.places)

    async def seat(self, count: int) -> None:
        """So many more agents who speak English come to desks of the floor."""
        cookies = []
        for number in range(self._hired, self._hired + count):
            new = NewAgent(
                login=f"agent-{number:03d}", name=f"Agent {number}", capacity=self._size.capacity, queues=("*",),
                skills={"lang.en": 3},
            )  # fmt: skip
            cookies.append(await self.hire(new))
        self._hired += count
        url = self.deployment.desk_url.replace("http", "ws", 1) + "/api/v1/desk"
        await self.floor.ask("sit_down", url=url, cookies=cookies)

    async def hire(self, new: NewAgent) -> str:
        """An agent on the roster, with a session; its cookie."""
        now, token = datetime.now(UTC), secrets.token_urlsafe(32)
        agent = await self._record.roster.create(new, password_hash="!", now=now)
        await self._record.sessions.create(
            token_hash=sha256(token.encode()).hexdigest(), agent=agent.id, now=now, expires_at=now + timedelta(hours=1)
        )
        return f"{PLAIN}={token}"

    # --- processes ----------------------------------------------------------------------------------------

    def service_pids(self) -> dict[str, int]:
        """The four services that run now."""
        services: dict[str, Service] = self.deployment.services
        return {name: service.pid for name, service in services.items() if service.running}

    def pids(self) -> dict[str, int]:
        """All that is the system: services, board, log."""
        servers = {"board": self.deployment.board, "log": self.deployment.log, "kafka": self.kafka}
        running = {name: one.child.pid for name, one in servers.items() if one is not None and one.child is not None}
        return self.service_pids() | running

    def bench_pids(self) -> dict[str, int]:
        """All that is not."""
        workers = {"load": self.load, "floor": self.floor, "provider": self.provider}
        return {name: worker.pid for name, worker in workers.items()} | {"bench": os.getpid()}

    # --- load ---------------------------------------------------------------------------------------------

    async def open_loop(self, rate: float, seconds: float, *, watch: bool = False) -> Run:
        """Load at a rate; then what was on its way has 10 s to arrive. `watch` counts the backlog once a second.

        Watching asks the log and the record 24 questions a second: not where they would be counted or felt.
        """
        meters = CpuMeter(self.pids), CpuMeter(self.bench_pids)
        before, began = self.through.value, time.time()
        asking = asyncio.create_task(
            self.load.ask("open_loop", within=seconds + 40, rate=rate, seconds=seconds)
        )  # fmt: skip
        backlog: list[Backlog] = []
        try:
            while time.time() < began + seconds and not asking.done():
                await asyncio.wait([asking], timeout=min(1.0, max(0.0, began + seconds - time.time())))
                if watch:
                    due = min(seconds, time.time() - began) * rate
                    backlog.append(await self._backlog(due - (self.through.value - before)))
            used, bench = (meter.used() for meter in meters)
            told = await asking
        finally:
            asking.cancel()
        await self.drained(before + told["end"] - told["first"])
        return Run(**told, used=used, bench=bench, backlog=backlog)

    async def closed_loop(self, window: int, seconds: float) -> Run:
        """As many messages on their way as the window holds, all the time."""
        meters = CpuMeter(self.pids), CpuMeter(self.bench_pids)
        before = self.through.value
        told = await self.load.ask(
            "closed_loop", within=seconds + 40, window=window, seconds=seconds, through=str(self.folder / "through")
        )
        used, bench = (meter.used() for meter in meters)
        await self.drained(before + told["end"] - told["first"])
        return Run(**told, used=used, bench=bench, backlog=[])

    async def drained(self, count: int, *, within: float = 10.0) -> bool:
        """Whether the provider comes to have answers to so many messages, and the record all of the log, in time."""
        deadline = time.time() + within
        while time.time() < deadline:
            if self.through.value >= count and (await self._backlog(0)).records == 0:
                return True
            await asyncio.sleep(0.05)
        return False

    async def calm(self, *, within: float = 30.0) -> bool:
        """Whether nothing is under way any more, in time: after a run that was too much."""
        deadline = time.time() + within
        while time.time() < deadline:
            before = self.through.value
            await asyncio.sleep(0.5)
            if self.through.value == before and await self.drained(0, within=0.5):
                return True
        return False

    async def _backlog(self, messages: float) -> Backlog:
        """With the records of the log that are not in the record yet."""
        ends = await asyncio.gather(
            *(self._bus.bounds(Partition(topic, number)) for topic in _RECORDED for number in range(SHARDS))
        )
        stored = [await self._record.projection.positions(topic) for topic in _RECORDED]
        known = sum(position.offset for positions in stored for position in positions.values())
        return Backlog(max(0.0, messages), max(0, sum(bounds.next for bounds in ends) - known))

    async def trouble(self) -> dict[str, Any]:
        """All that went wrong on the floor and at the provider so far."""
        state, accounted = await self.floor.ask("state"), await self.provider.ask("accounted", first=0, end=0)
        found: dict[str, Any] = state["trouble"] | accounted["refused"]
        return found | ({"repeated at the provider": accounted["repeated"]} if accounted["repeated"] else {})

    async def lost(self, run: Run) -> list[int]:
        """The first few messages of a run that nobody answered."""
        missing: list[int] = (await self.provider.ask("accounted", first=run.first, end=run.end))["missing"]
        return missing
