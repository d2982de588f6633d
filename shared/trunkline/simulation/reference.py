"""The board's policy once more in plain Python: short enough to be read as its definition, and compared with it.

Who satisfies a requirement set and has room is found by looking at every agent, who waits by looking at every line. The
board keeps sorted sets instead; both must decide alike, to the last tie (`tests/integration/simulation`).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Mapping, Sequence
from heapq import nsmallest
from typing import assert_never

from trunkline.events import Profile
from trunkline.index import proficiency, urgency
from trunkline.requirements import prefers_of, skills_of
from trunkline.route import Route
from trunkline.simulation.eligible import satisfies
from trunkline.simulation.moves import BEGIN_MS, Accept, Close, Come, Command, Flex, Kind, Leave, Present, Told, WrapUp
from trunkline.simulation.standing import Agent, Conversation, Timer, policy
from trunkline.widening import rungs_of


class Reference:
    """`Moves` without a board."""

    def __init__(self) -> None:
        self._agents: dict[str, Agent] = {}
        self._eligible: dict[str, list[str]] = {}
        """Requirement set → who satisfies it, in the order of their names."""
        self._lines: dict[str, list[tuple[int, int]]] = {}
        """Requirement set → (due, number) of who waits, most urgent first."""
        self._conversations: dict[int, Conversation] = {}
        self._timers: list[Timer] = []
        self._now = 0
        self._told: list[Told] = []

    @property
    def next_timer_ms(self) -> int | None:
        """When the next of its timers is due."""
        return self._timers[0][0] if self._timers else None

    async def open(self, agents: Sequence[tuple[Profile, bool]]) -> None:
        """At 0 these agents arrive."""
        for profile, available in agents:
            self._agents[profile.agent] = Agent(profile, available)

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
                self._timer(self._now + c.limits.wrap_up, "wrap", c)
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
        c = Conversation(number, route, rungs or [(0, route.requirement)], self._now + route.due_in_ms)
        self._conversations[number] = c
        self._plan_widening(c, self._now)
        self._wait(c)
        self._claim(c)

    def _accept(self, c: Conversation, agent: str, fence: int) -> None:
        if c.status != "offered" or agent not in c.asked or c.fence != fence or c.deadline <= self._now:
            return
        self._untimer("offer", c)
        others = [name for name in c.asked if name != agent]
        for name in others:  # who was not quick enough keeps their place
            del self._agents[name].held[c.number]
        if others:
            self._tell(Kind.RESCINDED, c, agent)
        if c.limits.asks > 1:
            self._agents[agent].move_back(self._now)
        c.status, c.agent, c.asked = "active", agent, ()
        self._tell(Kind.ACCEPTED, c, agent)
        self._pull_each(others)

    def _close(self, c: Conversation) -> None:
        self._untimer("wrap", c)
        self._release(c, c.agent)
        c.status = "closed"
        del self._conversations[c.number]
        self._tell(Kind.CLOSED, c)
        self._pull(c.agent)

    def _leave(self, c: Conversation) -> None:
        if c.status == "offered":
            asked = self._take_back(c)
            self._tell(Kind.RESCINDED, c)
            self._pull_each(asked)
        else:
            self._leave_line(c)
        del self._conversations[c.number]
        self._tell(Kind.CLOSED, c)

    # --- matching -------------------------------------------------------------------------------------------

    def _claim(self, c: Conversation) -> None:
        """The waiting conversation takes the best free agent."""
        if best := self._best(c.requirement, 1):
            self._offer(c, best[0])

    def _best(self, requirement: str, most: int) -> list[str]:
        """Of those with room the best, the best first."""
        free = [name for name in self._eligible[requirement] if self._agents[name].room_for(requirement)]
        return nsmallest(most, free, key=lambda name: (self._agents[name].index(requirement), name))

    def _pull(self, name: str) -> None:
        """The agent takes the most urgent work of all lines, as this agent sees it, while there is room."""
        agent = self._agents[name]
        while heads := [
            (urgency(policy(requirement), line[0][0], skilled), line[0][1])
            for requirement, skilled in agent.serves.items()
            if (line := self._lines[requirement]) and agent.room_for(requirement)
        ]:
            self._offer(self._conversations[min(heads)[1]], name)

    def _pull_each(self, names: Sequence[str]) -> None:
        for name in names:
            self._pull(name)

    def _offer(self, c: Conversation, name: str) -> None:
        """To this agent; to the next best too where the queue asks several, and without asking where it asks nobody."""
        self._leave_line(c)
        asks = c.limits.asks
        beside = [other for other in self._best(c.requirement, asks) if other != name] if asks > 1 else []
        asked = (name, *beside[: asks - 1])
        for each in asked:
            self._agents[each].held[c.number] = c.requirement
        if len(asked) == 1:
            self._agents[name].move_back(self._now)
        if asks == 0:
            c.status, c.agent = "active", name
            self._tell(Kind.GIVEN, c, name)
            return
        c.status, c.asked, c.fence = "offered", asked, c.fence + 1
        c.deadline = self._now + c.limits.offer
        self._timer(c.deadline, "offer", c)
        self._told.append(Told(Kind.OFFERED, c.number, asked, c.fence))

    def _take_back(self, c: Conversation) -> tuple[str, ...]:
        """The offer ends, and room is given back by those who were asked."""
        self._untimer("offer", c)
        asked, c.asked = c.asked, ()
        for name in asked:
            self._release(c, name)
        return asked

    def _withdraw_offers(self, name: str) -> None:
        """Who goes away is asked no more what they have not accepted, in the order in which they were asked."""
        for number in list(self._agents[name].held):
            c = self._conversations[number]
            if c.status != "offered":
                continue
            if others := tuple(other for other in c.asked if other != name):
                c.asked = others
                self._release(c, name)
                self._tell(Kind.RESCINDED, c, *others)
            else:
                self._take_back(c)
                self._wait(c)
                self._tell(Kind.RESCINDED, c)
                self._claim(c)

    def _release(self, c: Conversation, name: str) -> None:
        del self._agents[name].held[c.number]
        self._agents[name].idle_since = BEGIN_MS + self._now

    def _wait(self, c: Conversation) -> None:
        c.status = "queued"
        self._register(c.requirement)
        insort(self._lines[c.requirement], (c.due, c.number))
        if c.widen_at is not None:
            self._timer(c.widen_at, "widen", c)

    def _leave_line(self, c: Conversation) -> None:
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

    def _timer(self, at: int, what: str, c: Conversation) -> None:
        c.timers[what] = (at, what, c.number, c.fence)
        insort(self._timers, c.timers[what])

    def _untimer(self, what: str, c: Conversation) -> None:
        if timer := c.timers.pop(what, None):
            del self._timers[bisect_left(self._timers, timer)]

    def _run_timers(self) -> None:
        for timer in [timer for timer in self._timers if timer[0] <= self._now]:
            c = self._conversations.get(timer[2])
            if c is not None:
                if c.timers.get(timer[1]) == timer:
                    self._untimer(timer[1], c)
                self._ring[timer[1]](self, c, timer[3])

    def _expire(self, c: Conversation, fence: int) -> None:
        if c.status != "offered" or c.fence != fence or c.deadline > self._now:
            return
        asked = self._take_back(c)
        if c.limits.asks > 1:  # who lets the time pass gives up their place
            for name in asked:
                self._agents[name].move_back(self._now)
        self._wait(c)
        self._tell(Kind.EXPIRED, c)
        self._claim(c)
        self._pull_each(asked)

    def _widen(self, c: Conversation, _: int) -> None:
        if c.status != "queued" or c.widen_at is None or c.widen_at > self._now:
            return
        self._leave_line(c)
        planned = c.widen_at
        c.rung += 1
        self._plan_widening(c, planned)
        self._wait(c)
        self._tell(Kind.WIDENED, c)
        self._claim(c)

    def _wrapped_up(self, c: Conversation, _: int) -> None:
        if c.status == "wrapping-up":
            self._close(c)

    _ring: Mapping[str, Callable[[Reference, Conversation, int], None]] = {
        "offer": _expire,
        "widen": _widen,
        "wrap": _wrapped_up,
    }

    def _plan_widening(self, c: Conversation, since: int) -> None:
        further = c.rung + 1 < len(c.rungs)
        c.widen_at = since + c.rungs[c.rung + 1][0] - c.rungs[c.rung][0] if further else None

    def _tell(self, kind: Kind, c: Conversation, *agents: str) -> None:
        self._told.append(Told(kind, c.number, agents))
