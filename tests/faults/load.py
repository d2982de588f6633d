"""A bounded load from real sockets: customers who write at the provider's door, agents who answer at their desks.

Everything is repeated as its real counterpart would: a webhook without a 2xx with the same sid, an action without an
answer with the same operation id. What was answered is remembered for `checker`.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

import aiohttp

from tests.faults.evidence import Accepted, Action
from trunkline.events import ConversationOffered, MessageAdded, Status, asked_of
from trunkline.ids import message_id, new_id
from trunkline.testing.agent import TestAgent
from trunkline.testing.deployment import ADMIN, Deployment

ACCOUNT = "sms-main"
_AGAIN_S = 0.3
_BEAT_S = 1.0

Frame = dict[str, Any]


class Customer:
    """One number, writing one message after the other, each until it is taken."""

    def __init__(self, system: Deployment, number: str, *, pause_s: float, chance: random.Random) -> None:
        self.number = number
        self.accepted: list[Accepted] = []
        self.attempts = 0
        self._numbers = itertools.count(1)
        self._system = system
        self._pause_s = pause_s
        self._chance = chance

    async def write_until(self, stopping: asyncio.Event) -> None:
        """Write at the load's pace; the last message, too, is repeated until it is taken."""
        while not await _within(stopping, self._chance.uniform(0.2, 1.8) * self._pause_s):
            await self._write(next(self._numbers))

    async def _write(self, number: int) -> None:
        sid = "SM" + new_id()
        while True:
            self.attempts += 1
            answer = await self._system.provider.customer_writes(self.number, f"{self.number} says {number}", sid=sid)
            if answer.accepted:
                self.accepted.append(Accepted(message_id(ACCOUNT, sid), self.number, number))
                return
            await asyncio.sleep(_AGAIN_S)


class Robot(TestAgent):
    """An agent who accepts everything, answers each customer's message once, and now and then closes."""

    def __init__(self, system: Deployment, login: str, password: str, *, closes: float, chance: random.Random) -> None:
        super().__init__(system.desk_url, login, password)
        self.acknowledged: list[Action] = []
        self.refused: list[Action] = []
        self.repeated = 0
        """Actions that had been made before they were answered: their first answer was lost."""
        self._closes = closes
        self._chance = chance
        self._answered: set[tuple[str, int]] = set()

    @property
    def busy(self) -> bool:
        """Whether an action is under way."""
        return bool(self._reacting)

    @property
    def failure(self) -> BaseException | None:
        """What ended its socket's life, if anything did."""
        if self._life is None or not self._life.done() or self._life.cancelled():
            return None
        return self._life.exception()

    async def _beat(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Quicker than a desk, so that a wiped board knows the agent again in a second."""
        with contextlib.suppress(aiohttp.ClientError, ConnectionError):
            while True:
                await asyncio.sleep(_BEAT_S)
                await socket.send_json({"type": "heartbeat"})

    async def _take(self, frame: Frame) -> None:
        await super()._take(frame)
        if frame.get("type") == "welcome":
            # What the last socket was asked will not be answered on this one: repeat it.
            for waiting in self._answers.values():
                if not waiting.done():
                    waiting.set_result({"status": "pending"})
            for shown in (frame["snapshot"] or {}).get("conversations", ()):
                self._look(shown["conversation"], fresh=bool(shown["messages"]) and _unanswered(shown["messages"]))
        elif "event" in frame and "status" in (state := frame["event"]["data"].get("state", {})):
            kind = frame["event"]["type"]
            if kind in (ConversationOffered.type, MessageAdded.type):
                self._look(state, fresh=kind == MessageAdded.type)

    def _look(self, state: Frame, *, fresh: bool) -> None:
        """Do what this state asks of us; `fresh` says that the customer spoke last."""
        me, name = self.me["id"], state["id"]
        if state["status"] == Status.OFFERED and me in asked_of(state["offered_to"]):
            self._do(self._accept(name, state["fence"]))
        elif fresh and state["owner"] == me and (name, state["version"]) not in self._answered:
            self._answered.add((name, state["version"]))
            self._do(self._reply(name))

    def _do(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(doing)
        self._reacting.add(task)
        task.add_done_callback(self._reacting.discard)

    async def _accept(self, conversation: str, fence: int) -> None:
        if await self._done("accept", conversation, fence=fence):
            await self._reply(conversation)

    async def _reply(self, conversation: str) -> None:
        await self._done("reply", conversation, text=f"answer {new_id()}")
        if self._chance.random() < self._closes:
            if self._chance.random() < 0.5:
                await self._done("wrap-up", conversation)
            await self._done("close", conversation, code="solved")

    async def _done(self, verb: str, conversation: str, **fields: Any) -> bool:
        operation = new_id()
        answer = await self.act(verb, conversation, operation=operation, within=90, **fields)
        told = Action(operation, verb, self.me["id"], conversation, str(fields.get("text", "")))
        self.repeated += bool(answer.get("repeated"))
        done = bool(answer["status"] == "done")
        (self.acknowledged if done else self.refused).append(told)
        return done


class Load:
    """Customers and agents of one deployment. The agents are there from `async with` on; customers write from `begin`
    to `stop`, as often as one likes: what was accepted and done adds up."""

    def __init__(
        self,
        system: Deployment,
        *,
        customers: int = 12,
        agents: Sequence[int] = (3, 5, 7, 10),
        rate: float = 15.0,
        closes: float = 0.2,
        seed: int = 1,
    ) -> None:
        """`agents` are their capacities, `rate` messages a second of all customers together."""
        chance = random.Random(seed)
        self.system = system
        self.customers = [
            Customer(system, f"+3712600{n:04}", pause_s=customers / rate, chance=random.Random(chance.random()))
            for n in range(customers)
        ]
        self.robots: list[Robot] = []
        self._capacities = agents
        self._closes = closes
        self._chance = chance
        self._stack = AsyncExitStack()
        self._writing: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()

    @property
    def accepted(self) -> list[Accepted]:
        """Every message that was answered 200."""
        return [one for customer in self.customers for one in customer.accepted]

    @property
    def acknowledged(self) -> list[Action]:
        """Every action that was answered `done`."""
        return [one for robot in self.robots for one in robot.acknowledged]

    @property
    def refused(self) -> list[Action]:
        """Every action that was refused."""
        return [one for robot in self.robots for one in robot.refused]

    @property
    def repeated(self) -> int:
        """How many actions were answered only when they were repeated."""
        return sum(robot.repeated for robot in self.robots)

    async def __aenter__(self) -> Self:
        hired = await _hire(self.system.desk_url, self._capacities)
        for login, password in hired:
            robot = Robot(
                self.system, login, password, closes=self._closes, chance=random.Random(self._chance.random())
            )
            self.robots.append(await self._stack.enter_async_context(robot))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._writing:
            task.cancel()
        await asyncio.gather(*self._writing, return_exceptions=True)
        for task in [task for robot in self.robots for task in robot._reacting]:
            task.cancel()
        await self._stack.aclose()

    def begin(self) -> None:
        """Customers write."""
        if any(not task.done() for task in self._writing):
            raise RuntimeError("the load runs already: stop it first")
        self._stopping.clear()
        self._writing = [asyncio.create_task(one.write_until(self._stopping)) for one in self.customers]

    async def go_on(self, messages: int, *, within: float = 20) -> None:
        """Wait until so many more messages were accepted and half as many more actions done: it flows.

        TimeoutError if it does not in time.
        """
        told, done = len(self.accepted) + messages, len(self.acknowledged) + messages // 2
        async with asyncio.timeout(within):
            while len(self.accepted) < told or len(self.acknowledged) < done:
                await asyncio.sleep(0.02)

    async def stop(self, *, within: float = 30) -> None:
        """Write no more, and wait until everything written was taken and no agent has anything in hand."""
        self._stopping.set()
        async with asyncio.timeout(within):
            await asyncio.gather(*self._writing)
            while any(robot.busy for robot in self.robots):
                await asyncio.sleep(0.02)
        if broken := [robot.failure for robot in self.robots if robot.failure is not None]:
            raise AssertionError(f"an agent's socket broke: {broken!r}")


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


def _unanswered(messages: Sequence[Frame]) -> bool:
    return bool(messages[-1]["direction"] == "inbound")


async def _hire(url: str, capacities: Sequence[int]) -> list[tuple[str, str]]:
    """Put agents on the roster, as the administrator, who has no desk open; their sign-in names and passwords."""
    people = [(f"robot-{number}", f"password-of-robot-{number}") for number in range(len(capacities))]
    name, word = ADMIN
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(url, cookie_jar=jar, headers={"X-Trunkline": "1"}) as session:
        async with session.post("/api/v1/session", json={"login": name, "password": word}) as response:
            assert response.status == 200, await response.text()

        async def hire(login: str, password: str, capacity: int) -> None:
            body = {"login": login, "name": login, "password": password, "queues": ["*"], "capacity": capacity}
            async with session.post("/api/v1/agents", json=body) as response:
                assert response.status == 201, await response.text()

        await asyncio.gather(*(hire(*person, capacity) for person, capacity in zip(people, capacities, strict=True)))
    return people
