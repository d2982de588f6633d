"""One replication: customers and agents act in virtual time, the board decides, and what becomes of each is noted."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from trunkline.events import Profile
from trunkline.simulation.demand import HOUR_MS, Arrival
from trunkline.simulation.desk import Desk
from trunkline.simulation.flexing import EVERY_MS, Flexing
from trunkline.simulation.moves import Accept, Close, Come, Command, Flex, Kind, Leave, Moves, Present, Told, WrapUp
from trunkline.simulation.roster import AFTER_MS, profile, seats
from trunkline.simulation.scenario import Scenario
from trunkline.simulation.tally import Tally
from trunkline.widening import rungs_of

_GOLDEN, _SILVER = 0.6180339887498949, 0.4142135623730951

_Plan = Command | tuple[int, int]
"""What is to be done, or (conversation, version): its last word, if that telling of its end still holds."""


@dataclass(slots=True)
class _Conversation:
    arrival: Arrival
    requirement: str
    rungs: list[str]
    """What it will ask for next, and after that."""
    asked: tuple[str, ...] = ()
    agent: str = ""
    """Who has it."""


class Play:
    """One floor, one seed, one board."""

    def __init__(self, scenario: Scenario, moves: Moves, tally: Tally, *, seed: int, replication: int) -> None:
        self._scenario = scenario
        self._floor = scenario.floor
        self._moves = moves
        self._tally = tally
        self._groups = dict(seats(self._floor))
        self._desks = {name: Desk(group.pace) for name, group in self._groups.items()}
        self._open: dict[int, _Conversation] = {}
        self._plans: list[tuple[int, int, _Plan]] = []
        self._flexing = Flexing(profile(name, group) for name, group in self._groups.items())
        self._order = count()
        self._numbers = count()
        self._arrivals = scenario.arrivals(seed=seed, replication=replication)
        self._next = next(self._arrivals, None)
        self.moments = 0
        """How often the board was asked."""

    async def run(self, progress: Callable[[float], None] = lambda _: None) -> None:
        """Until all is closed, or a day after the last arrival; `progress` hears the share of hours that are over."""
        await self._moves.open(list(self._roster()))
        if self._scenario.minds_flexibility:
            self._plan(EVERY_MS, Flex({}))
        end = self._floor.hours * HOUR_MS
        while (now := self._soonest()) is not None and now <= end + AFTER_MS:
            commands = self._due(now)
            timer = self._moves.next_timer_ms
            if not commands and (timer is None or timer > now):
                continue  # what was planned for now has come to nothing
            self.moments += 1
            for told in await self._moves.step(now, commands):
                self._hear(told, now)
            progress(min(1.0, now / end))
        for number, c in self._open.items():
            self._tally.unfinished(number, c.arrival)

    # --- what comes next ------------------------------------------------------------------------------------

    def _soonest(self) -> int | None:
        if self._next is None and not self._open:
            return None  # only shifts and idle timers are left
        times = [self._moves.next_timer_ms, self._plans[0][0] if self._plans else None]
        times.append(self._next.at_ms if self._next else None)
        known = [time for time in times if time is not None]
        return min(known) if known else None

    def _due(self, now: int) -> list[Command]:
        """What is done now; at most one thing a conversation, for the second may depend on the first."""
        commands: list[Command] = []
        touched: set[int] = set()
        later = []
        while self._plans and self._plans[0][0] <= now:
            plan = heapq.heappop(self._plans)
            number = _conversation_of(plan[2])
            if number in touched:
                later.append(plan)
            elif command := self._command(plan[2], now):
                commands.append(command)
                if number is not None:
                    touched.add(number)
        for plan in later:
            heapq.heappush(self._plans, plan)
        while self._next is not None and self._next.at_ms <= now:
            commands.append(self._come(self._next))
            self._next = next(self._arrivals, None)
        return commands

    def _command(self, planned: _Plan, now: int) -> Command | None:
        """What was planned, if it still makes sense."""
        if isinstance(planned, tuple):
            return self._last_word(*planned, now)
        if isinstance(planned, Leave):
            c = self._open.get(planned.conversation)
            return planned if c is not None and not c.agent else None
        if isinstance(planned, Accept):
            c = self._open.get(planned.conversation)
            return planned if c is not None and planned.agent in c.asked else None
        if isinstance(planned, Flex):
            self._plan(now + EVERY_MS, planned)
            news = self._flexing.look(c.requirement for c in self._open.values())
            return Flex(news) if news else None
        return planned

    def _come(self, arrival: Arrival) -> Command:
        number = next(self._numbers)
        route = self._scenario.routes[arrival.kind]
        later = [one.requirement for one in rungs_of(route.ladder)[1:]]
        self._open[number] = _Conversation(arrival, route.requirement, later)
        if arrival.patience_ms is not None:
            self._plan(arrival.at_ms + arrival.patience_ms, Leave(number))
        customers = self._floor.classes[arrival.kind]
        return Come(number, customers.channel, route)

    def _last_word(self, number: int, version: int, now: int) -> Command | None:
        c = self._open.get(number)
        if c is None or self._desks[c.agent].version.get(number) != version:
            return None  # it ended at another time, for others came or went meanwhile
        desk = self._desks[c.agent]
        self._plan_ends(c.agent, desk.end(number, now))
        wraps_up = self._scenario.wrap_up_ms(c.arrival.kind) > 0
        return WrapUp(number, c.agent) if wraps_up else Close(number, c.agent)

    def _plan(self, at: int, planned: _Plan) -> None:
        heapq.heappush(self._plans, (at, next(self._order), planned))

    def _plan_ends(self, agent: str, ends: list[tuple[int, int]]) -> None:
        for number, at in ends:
            self._plan(at, (number, self._desks[agent].version[number]))

    # --- what was decided -----------------------------------------------------------------------------------

    def _hear(self, told: Told, now: int) -> None:
        c = self._open[told.conversation]
        match told.kind:
            case Kind.OFFERED | Kind.RESCINDED | Kind.EXPIRED:
                c.asked = told.agents
                self._tally.held(told.conversation, c.arrival, c.asked, now)
                if told.kind is Kind.OFFERED:
                    self._plan_acceptances(told, c, now)
            case Kind.ACCEPTED | Kind.GIVEN:
                [c.agent], c.asked = told.agents, ()
                self._tally.held(told.conversation, c.arrival, told.agents, now)
                self._tally.answered(told.conversation, c.arrival, now)
                desk = self._desks[c.agent]
                self._plan_ends(c.agent, desk.begin(told.conversation, c.arrival.work_ms, self._speed(c), now))
            case Kind.WIDENED:
                c.requirement = c.rungs.pop(0)
                self._tally.widened(c.arrival)
            case Kind.CLOSED:
                del self._open[told.conversation]
                self._tally.closed(told.conversation, c.arrival, now)

    def _plan_acceptances(self, told: Told, c: _Conversation, now: int) -> None:
        """Each of those asked accepts in their own time: the first has it, and the others come too late."""
        for place, agent in enumerate(told.agents):
            accepts = self._groups[agent].accepts
            # Each further offer of it, and each further agent who is asked, is another draw, spread evenly.
            haste = (c.arrival.haste + (told.fence - 1) * _GOLDEN + place * _SILVER) % 1
            delay = round(accepts.at(haste) * 1_000) if accepts else 0
            self._plan(now + delay, Accept(told.conversation, agent, told.fence))

    def _speed(self, c: _Conversation) -> float:
        group = self._groups[c.agent]
        return group.speeds.get(c.arrival.kind, group.speed)

    # --- the agents' day --------------------------------------------------------------------------------------

    def _roster(self) -> Iterator[tuple[Profile, bool]]:
        """Everybody, and whether they are there when the day begins; their coming and going is planned."""
        for name, group in self._groups.items():
            attendance = self._scenario.attendance(name, group)
            for at, available in attendance.changes:
                self._plan(at, Present(name, available))
            yield profile(name, group), attendance.begins


def _conversation_of(planned: _Plan) -> int | None:
    match planned:
        case (number, _):
            return number
        case Accept(number) | Leave(number):
            return number
    return None
