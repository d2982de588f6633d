"""The board's policy once more in plain Python: short enough to be read as its definition, and compared with it.

Who satisfies a requirement set and has room is found by looking at every agent, who waits by looking at every line. The
board keeps sorted sets instead; both must decide alike, to the last tie (`tests/integration/simulation`).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import assert_never

from trunkline.events import Profile
from trunkline.index import Candidate, index, proficiency, urgency
from trunkline.requirements import channel_of, policy_of_requirement, prefers_of, room_of, skills_of
from trunkline.route import Route
from trunkline.simulation.eligible import satisfies
from trunkline.simulation.moves import BEGIN_MS, Accept, Close, Come, Command, Flex, Kind, Leave, Present, Told, WrapUp
from trunkline.widening import rungs_of

_Timer = tuple[int, str, int, int]
"""When, what, conversation, fence: in their order."""


_room, _policy = cache(room_of), cache(policy_of_requirement)


@dataclass(slots=True)
class _Agent:
    profile: Profile
    available: bool
    held: dict[int, str] = field(default_factory=dict)
    """What it has or is offered: conversation → the requirement set by which it came."""
    idle_since: int = BEGIN_MS
    assigned_at: int = BEGIN_MS
    flexibility: float = 0.0
    serves: dict[str, float] = field(default_factory=dict)
    """The requirement sets this agent satisfies, with the proficiency in each."""

    @property
    def load(self) -> int:
        return sum(_room(requirement).weight for requirement in self.held.values())

    def room_for(self, requirement: str) -> bool:
        rooms = [_room(held) for held in self.held.values()]
        if not self.available or any(room.exclusive for room in rooms):
            return False
        wanted = _room(requirement)
        taken = sum(room.weight for room in rooms if wanted.interruptible or not room.interruptible)
        if wanted.exclusive:
            return taken == 0
        channel = channel_of(requirement)
        beside = sum(_room(held).weight for held in self.held.values() if channel_of(held) == channel)
        within = not wanted.most or beside + wanted.weight <= wanted.most
        return within and taken + wanted.weight <= self.profile.capacity

    def index(self, requirement: str) -> float:
        standing = Candidate(
            self.load, self.profile.capacity, self.idle_since, self.assigned_at, flexibility=self.flexibility
        )
        return index(_policy(requirement), standing, self.serves[requirement])


@dataclass(slots=True)
class _Conversation:
    number: int
    route: Route
    rungs: list[tuple[int, str]]
    due: int
    widen_at: int | None = None
    rung: int = 0
    status: str = "queued"
    agent: str = ""
    fence: int = 0
    deadline: int = 0
    timers: dict[str, _Timer] = field(default_factory=dict)

    @property
    def requirement(self) -> str:
        return self.rungs[self.rung][1]


class Reference:
    """`Moves` without a board."""

    def __init__(self) -> None:
        self._agents: dict[str, _Agent] = {}
        self._eligible: dict[str, list[str]] = {}
        """Requirement set → who satisfies it, in the order of their names."""
        self._lines: dict[str, list[tuple[int, int]]] = {}
        """Requirement set → (due, number) of who waits, most urgent first."""
        self._conversations: dict[int, _Conversation] = {}
        self._timers: list[_Timer] = []
        self._now = 0
        self._told: list[Told] = []

    @property
    def next_timer_ms(self) -> int | None:
        """When the next of its timers is due."""
        return self._timers[0][0] if self._timers else None

    async def open(self, agents: Sequence[tuple[Profile, bool]]) -> None:
        """At 0 these agents arrive."""
        for profile, available in agents:
            self._agents[profile.agent] = _Agent(profile, available)

    async def step(self, now_ms: int, commands: Sequence[Command]) -> list[Told]:
        """See `Moves`."""
        self._now, self._told = now_ms, []
        for command in commands:
            self._make(command)
        self._run_timers()
        return self._told

    # --- moves ----------------------------------------------------------------------------------------------

    def _make(self, command: Command) -> None:
        match command:
            case Come():
                self._come(command.conversation, command.route)
            case Accept(number, agent, fence):
                self._accept(self._conversations[number], agent, fence)
            case WrapUp(number, _):
                c = self._conversations[number]
                c.status = "wrapping-up"
                self._timer(self._now + _limits(c.route)[2], "wrap", c)
            case Close(number, _):
                self._close(self._conversations[number])
            case Leave(number):
                self._leave(self._conversations[number])
            case Present(name, available):
                self._agents[name].available = available
                if available:
                    self._pull(name)
                else:
                    self._withdraw_offers(name)
            case Flex(agents):
                for name, flexibility in agents.items():
                    self._agents[name].flexibility = flexibility
            case _:
                assert_never(command)

    def _come(self, number: int, route: Route) -> None:
        rungs = [(one.after_ms, one.requirement) for one in rungs_of(route.ladder)]
        c = _Conversation(number, route, rungs or [(0, route.requirement)], self._now + route.due_in_ms)
        self._conversations[number] = c
        self._plan_widening(c, self._now)
        self._wait(c)
        self._claim(c)

    def _accept(self, c: _Conversation, agent: str, fence: int) -> None:
        if c.status != "offered" or c.agent != agent or c.fence != fence or c.deadline <= self._now:
            return
        self._untimer("offer", c)
        c.status = "active"
        self._tell(Kind.ACCEPTED, c)

    def _close(self, c: _Conversation) -> None:
        self._untimer("wrap", c)
        self._release(c)
        c.status = "closed"
        del self._conversations[c.number]
        self._tell(Kind.CLOSED, c)
        self._pull(c.agent)

    def _leave(self, c: _Conversation) -> None:
        if c.status == "offered":
            self._untimer("offer", c)
            self._release(c)
            self._pull(c.agent)
        else:
            self._leave_line(c)
        del self._conversations[c.number]
        self._tell(Kind.CLOSED, c)

    # --- matching -------------------------------------------------------------------------------------------

    def _claim(self, c: _Conversation) -> None:
        """The waiting conversation takes the best free agent."""
        free = [name for name in self._eligible[c.requirement] if self._agents[name].room_for(c.requirement)]
        if free:
            self._offer(c, min(free, key=lambda name: (self._agents[name].index(c.requirement), name)))

    def _pull(self, name: str) -> None:
        """The agent takes the most urgent work of all lines, as this agent sees it, while there is room."""
        agent = self._agents[name]
        while heads := [
            (urgency(_policy(requirement), line[0][0], skilled), line[0][1])
            for requirement, skilled in agent.serves.items()
            if (line := self._lines[requirement]) and agent.room_for(requirement)
        ]:
            self._offer(self._conversations[min(heads)[1]], name)

    def _offer(self, c: _Conversation, name: str) -> None:
        self._leave_line(c)
        agent = self._agents[name]
        agent.held[c.number] = c.requirement
        agent.idle_since = agent.assigned_at = BEGIN_MS + self._now
        c.status, c.agent, c.fence = "offered", name, c.fence + 1
        c.deadline = self._now + _limits(c.route)[0]
        self._timer(c.deadline, "offer", c)
        self._told.append(Told(Kind.OFFERED, c.number, name, c.fence))

    def _withdraw_offers(self, name: str) -> None:
        """Who goes away is asked no more what they have not accepted, in the order in which they were asked."""
        for number in list(self._agents[name].held):
            c = self._conversations[number]
            if c.status == "offered":
                self._untimer("offer", c)
                self._release(c)
                c.status = "queued"
                self._wait(c)
                self._claim(c)

    def _release(self, c: _Conversation) -> None:
        del self._agents[c.agent].held[c.number]
        self._agents[c.agent].idle_since = BEGIN_MS + self._now

    def _wait(self, c: _Conversation) -> None:
        self._register(c.requirement)
        insort(self._lines[c.requirement], (c.due, c.number))
        if c.widen_at is not None:
            self._timer(c.widen_at, "widen", c)

    def _leave_line(self, c: _Conversation) -> None:
        self._lines[c.requirement].remove((c.due, c.number))
        self._untimer("widen", c)

    def _register(self, requirement: str) -> None:
        if requirement in self._lines:
            return
        self._lines[requirement] = []
        able = sorted(name for name, agent in self._agents.items() if satisfies(agent.profile, requirement))
        self._eligible[requirement] = able
        for name in able:
            agent = self._agents[name]
            asked, preferred = skills_of(requirement), prefers_of(requirement)
            agent.serves[requirement] = proficiency(agent.profile.skills, asked, preferred)

    # --- timers ---------------------------------------------------------------------------------------------

    def _timer(self, at: int, what: str, c: _Conversation) -> None:
        c.timers[what] = (at, what, c.number, c.fence)
        insort(self._timers, c.timers[what])

    def _untimer(self, what: str, c: _Conversation) -> None:
        if timer := c.timers.pop(what, None):
            del self._timers[bisect_left(self._timers, timer)]

    def _run_timers(self) -> None:
        for timer in [timer for timer in self._timers if timer[0] <= self._now]:
            c = self._conversations.get(timer[2])
            if c is not None:
                if c.timers.get(timer[1]) == timer:
                    self._untimer(timer[1], c)
                self._ring[timer[1]](self, c, timer[3])

    def _expire(self, c: _Conversation, fence: int) -> None:
        if c.status != "offered" or c.fence != fence or c.deadline > self._now:
            return
        name = c.agent
        self._release(c)
        c.status = "queued"
        self._wait(c)
        self._tell(Kind.EXPIRED, c)
        self._claim(c)
        self._pull(name)

    def _widen(self, c: _Conversation, _: int) -> None:
        if c.status != "queued" or c.widen_at is None or c.widen_at > self._now:
            return
        self._leave_line(c)
        planned = c.widen_at
        c.rung += 1
        self._plan_widening(c, planned)
        self._wait(c)
        self._tell(Kind.WIDENED, c)
        self._claim(c)

    def _wrapped_up(self, c: _Conversation, _: int) -> None:
        if c.status == "wrapping-up":
            self._close(c)

    _ring: Mapping[str, Callable[[Reference, _Conversation, int], None]] = {
        "offer": _expire,
        "widen": _widen,
        "wrap": _wrapped_up,
    }

    def _plan_widening(self, c: _Conversation, since: int) -> None:
        further = c.rung + 1 < len(c.rungs)
        c.widen_at = since + c.rungs[c.rung + 1][0] - c.rungs[c.rung][0] if further else None

    def _tell(self, kind: Kind, c: _Conversation) -> None:
        self._told.append(Told(kind, c.number))


def _limits(route: Route) -> list[int]:
    """Offer, again, wrap-up and reopen in ms, most missed offers."""
    return [int(limit) for limit in route.limits.split(":")]
