"""The board as a state machine: moves at random, repeated, answered late, made together; after each all is audited."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import orjson
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.integration.board.conftest import LIMITS, Floor, together
from tests.integration.board.outcomes import Outcomes
from tests.integration.board.test_telling import say as telling_of
from trunkline.board import Answer, Board, moves
from trunkline.board.hours import tell_hours
from trunkline.events import Presence, Profile, QueueOpened, QueueShut, asked_of
from trunkline.hours import Hours
from trunkline.ids import new_id
from trunkline.index import PRESETS
from trunkline.requirements import Quiet, Room, requirement_id
from trunkline.testing.audit import audit
from trunkline.testing.servers.redis import RedisServer

BEGAN = datetime.fromtimestamp(1_767_268_800, UTC)
AGENTS = ("ana", "berk", "cem", "dace")
THREADS = tuple(f"sms-main|tel:+{n}" for n in range(7))
VERBS = ("reply", "wrap_up", "close", "close", "snooze", "wake", "to_agent", "to_queue", "end_consult", "take_over")
_NUMBERS = count()

agents = st.sampled_from(AGENTS)
levels = st.dictionaries(st.sampled_from(["lang.tr", "vip"]), st.integers(1, 9), max_size=2)
wanted = st.sampled_from([{}, {}, {"vip": 3}, {"lang.tr": 2}, {"lang.tr": 4, "vip": 2}])
rooms = st.builds(
    Room, st.integers(1, 2), st.just(False), st.just(False), st.sampled_from([0, 0, 2]),
    st.sampled_from([None, Quiet(20), Quiet(20, 1)]),
) | st.sampled_from(
    [Room(1, interruptible=True), Room(1, exclusive=True), Room(2, interruptible=True, quiet=Quiet(20, 1))]
)  # fmt: skip
ramps = st.sampled_from(["", "", "60000:3"])
policies = st.sampled_from(sorted(PRESETS))
promises = st.sampled_from(
    ["", "", "30000:20000:90000:0:0:", "10000:0:200000:120000:30000:shop", "0:40000:0:60000:5000:"]
)
"""Clocks: first reply, next reply, resolution, window, margin (ms), calendar."""


class EveryOther(Hours):
    """Open every other minute, so that clocks stand and run within a test."""

    def spans_between(self, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        first = BEGAN - timedelta(hours=1)
        return [(first + timedelta(minutes=2 * n), first + timedelta(minutes=2 * n + 1)) for n in range(120)]


SHOP = EveryOther(zone="UTC", week={"mon": ("00:00-24:00",)})
asking = st.sampled_from([LIMITS, LIMITS, f"{LIMITS}:0", f"{LIMITS}:2", f"{LIMITS}:3"])
"""Of one agent, of nobody, of several at once."""


class Moves(RuleBasedStateMachine):
    """Two shards, four agents, seven customers, and the clock."""

    server: RedisServer

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.board = Board(self.server.url, deployment=f"model{next(_NUMBERS)}", shards=2)
        self.floor = Floor(self.board)
        self.now = 1_767_268_800_000
        self.outcomes = Outcomes()
        self.loads: dict[tuple[str, str], int] = {}
        self.beyond = False
        self.profiles = count(1)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize()
    def open(self) -> None:
        self.run(self.floor.open())
        self.run(tell_hours(self.board, {"shop": SHOP}))
        self.floor.travel(self.now)
        for agent in AGENTS[:2]:
            self.arrive(agent, {"vip": 5, "lang.tr": 5}, 2, "*")

    def teardown(self) -> None:
        self.run(self.board.client.aclose())
        self.loop.close()

    # --- who is there --------------------------------------------------------------------------------------

    @rule(agent=agents, skills=levels, capacity=st.integers(1, 4), queue=st.sampled_from(["*", "support", "sales"]))
    def arrive(self, agent: str, skills: dict[str, int], capacity: int, queue: str) -> None:
        self.run(
            self.floor.arrive(
                agent, skills=skills, capacity=capacity, queues=(queue,), version=next(self.profiles), lease_ms=45_000
            )
        )

    @rule(agent=agents, presence=st.sampled_from([Presence.AVAILABLE, Presence.AWAY]), ramp_up=ramps)
    def set_presence(self, agent: str, presence: Presence, ramp_up: str) -> None:
        self.run(moves.set_presence(self.board, operation=new_id(), agent=agent, presence=presence, ramp_up=ramp_up))

    @rule(agent=agents, draining=st.booleans())
    def drain(self, agent: str, draining: bool) -> None:
        self.run(moves.drain(self.board, operation=new_id(), agent=agent, draining=draining, by="sue"))

    @rule(agent=agents, skills=levels, capacity=st.integers(1, 4))
    def change_profile(self, agent: str, skills: dict[str, int], capacity: int) -> None:
        profile = Profile(
            agent=agent, name=agent, version=next(self.profiles), capacity=capacity, skills=skills, queues=("*",)
        )
        self.run(moves.set_profile(self.board, operation=new_id(), profile=profile))

    @rule(agent=agents, value=st.floats(0, 3))
    def flex(self, agent: str, value: float) -> None:
        self.run(self.board.call("flex", agent, f"{value:.4f}"))

    # --- customers -----------------------------------------------------------------------------------------

    @rule(thread=st.sampled_from(THREADS), skills=wanted, policy=policies, room=rooms,
          priority=st.integers(0, 3), widens=st.booleans(), clocks=promises, limits=asking)  # fmt: skip
    def receive(
        self,
        thread: str,
        skills: dict[str, int],
        policy: str,
        room: Room,
        priority: int,
        widens: bool,
        clocks: str,
        limits: str,
    ) -> None:
        first = requirement_id("support", "sms", room, skills, policy=PRESETS[policy])
        wider = requirement_id("support", "sms", room, {}, also=["sales"], policy=PRESETS[policy])
        ladder = f"0>{first} 20000>{wider} 40000>{wider}>overflow" if widens and first != wider else ""
        self.beyond |= any(int(c.get("relief", 0)) for c in self.conversations() if c["thread"] == thread)
        self.run(
            self.floor.receive(
                thread,
                requirement=first,
                ladder=ladder,
                weight=room.weight,
                priority=priority,
                due=60_000,
                clocks=clocks,
                say="queued" if widens else "",
                limits=limits,
            )
        )  # fmt: skip

    # --- work ----------------------------------------------------------------------------------------------

    def conversations(self, *statuses: str) -> list[dict[str, str]]:
        async def look() -> list[dict[str, str]]:
            prefix = self.board.keys.under(self.board.generation) + "c:"
            names = sorted([key.decode() async for key in self.board.client.scan_iter(match=prefix + "*")])
            found = [await self.floor.conversation(name.removeprefix(prefix)) for name in names]
            return [one for one in found if not statuses or one.get("status") in statuses]

        found: list[dict[str, str]] = self.run(look())
        return found

    @rule(data=st.data(), verbs=st.lists(st.sampled_from(["accept", "decline", "close"]), min_size=1, max_size=3))
    def answer(self, data: st.DataObject, verbs: list[str]) -> None:
        """Several answers to one offer, in one call: one of each agent's is taken, and only one acceptance of all."""
        if offered := self.conversations("offered"):
            c = data.draw(st.sampled_from(offered))
            what: dict[str, Any] = {"conversation": c["id"], "fence": int(c["fence"])}

            def answer(verb: str, by: str) -> Coroutine[Any, Any, Answer]:
                if verb == "accept":
                    return moves.accept(self.board, operation=new_id(), agent=by, **what)
                if verb == "decline":
                    return moves.decline(self.board, operation=new_id(), reason="busy", agent=by, **what)
                return self.floor.close(c["keeps"] or "nobody", c["id"])

            made = [(verb, data.draw(st.sampled_from(asked_of(c["offered_to"])))) for verb in verbs]
            answers: list[Answer] = self.run(together(*(answer(verb, by) for verb, by in made)))
            done = [one for one, answer in zip(made, answers, strict=True) if answer.ok]
            assert len({by for _, by in done}) == len(done), (made, answers)
            assert sum(verb != "decline" for verb, _ in done) <= 1, (made, answers)

    @rule()
    def accept_all(self) -> None:
        for c in self.conversations("offered"):
            assert self.run(self.floor.accept(asked_of(c["offered_to"])[-1], c["id"])).code in ("ok", "late")

    @rule(data=st.data(), verb=st.sampled_from(VERBS))
    def work(self, data: st.DataObject, verb: str) -> None:
        if owned := self.conversations("active", "wrapping-up", "snoozed", "offered"):
            c = data.draw(st.sampled_from(owned))
            agent = c["owner"] or c["last_agent"] or "ana"
            if verb in ("end_consult", "take_over"):
                agent = c.get("consulted", "").partition(",")[0] or agent
            who: dict[str, Any] = {"agent": agent, "conversation": c["id"]}
            operation = new_id()
            first = self.run(self._work(verb, operation, who, data))
            version = self.run(self.floor.conversation(c["id"])).get("version")
            again = self.run(self._work(verb, operation, who, data))
            if first.ok:  # a refusal is not kept where the state may change
                assert (again.version, again.outbox, again.repeated) == (first.version, first.outbox, True)
                assert self.run(self.floor.conversation(c["id"])).get("version") == version

    def _work(self, verb: str, operation: str, who: dict[str, Any], data: st.DataObject) -> Any:
        match verb:
            case "reply":
                body = orjson.dumps({"message": {"id": operation}})
                return moves.reply(self.board, operation=operation, body=body, **who)
            case "snooze":
                return moves.snooze(
                    self.board, operation=operation, wake_at=self.now + 30_000, body=b'{"note":""}', **who
                )
            case "to_agent":
                to = "berk" if who["agent"] == "ana" else "ana"
                return moves.transfer_to_agent(self.board, operation=operation, to=to, body=b"{}", **who)
            case "to_queue":
                needs = requirement_id("sales", "sms", 1, {"vip": 2})
                return moves.transfer_to_queue(
                    self.board, operation=operation, queue="sales", requirement=needs, weight=1,
                    limits=data.draw(asking), body=b"{}", clocks=data.draw(promises), **who,
                )  # fmt: skip
            case "close":
                return moves.close(self.board, operation=operation, body=b'{"code":"","note":""}', **who)
            case "end_consult":
                return moves.end_consult(self.board, operation=operation, of=who["agent"], **who)
            case "take_over":
                return moves.take_over(self.board, operation=operation, supervisor=False, **who)
            case _:
                return getattr(moves, verb)(self.board, operation=operation, **who)

    @rule(data=st.data(), to=agents)
    def assign(self, data: st.DataObject, to: str) -> None:
        if found := self.conversations("queued", "offered", "active", "wrapping-up", "snoozed"):
            c = data.draw(st.sampled_from(found))
            self.run(moves.assign(self.board, operation=new_id(), agent="sue", conversation=c["id"], to=to, body=b"{}"))
            self.beyond = True

    @rule(shut=st.booleans(), queue=st.sampled_from(["support", "sales"]), seconds=st.sampled_from([0, 10, 50]))
    def shut_or_open(self, shut: bool, queue: str, seconds: int) -> None:
        who: dict[str, Any] = {"operation": new_id(), "agent": "sue", "queue": queue}
        if shut:
            until = self.now + seconds * 1_000 if seconds else 0
            body = QueueShut(queue=queue, by="sue", until=until).model_dump_json(exclude={"version", "operation"})
            self.run(moves.shut(self.board, until=until, body=body.encode(), **who))
        else:
            body = QueueOpened(queue=queue, by="sue").model_dump_json(exclude={"version", "operation"})
            self.run(moves.unshut(self.board, body=body.encode(), **who))

    @rule(data=st.data(), written=st.booleans())
    def say(self, data: st.DataObject, written: bool) -> None:
        """What is asked for is said, or there is nothing to say any more; said again, it is gone."""
        if waiting := [one for one in self.conversations("queued") if one.get("to_say")]:
            c = data.draw(st.sampled_from(waiting))
            words = c["to_say"].split()[0]
            first, again = self.run(
                together(*(telling_of(self.floor, c["id"], words, body=b"{}" if written else b"") for _ in range(2)))
            )
            assert first.code in ("ok", "unsaid"), first
            assert again.code == "gone", again

    @rule(data=st.data(), to=agents)
    def consult(self, data: st.DataObject, to: str) -> None:
        """Asked twice, it is one; and nobody else of those asked may take it over after one of them has."""
        if owned := self.conversations("active", "wrapping-up", "offered"):
            c = data.draw(st.sampled_from(owned))
            who: dict[str, Any] = {"agent": c["owner"] or "ana", "conversation": c["id"]}
            operation = new_id()
            answers = [
                self.run(moves.consult(self.board, operation=operation, to=to, body=b"{}", **who)) for _ in range(2)
            ]
            assert answers[0].ok == answers[1].repeated or answers[0].code == answers[1].code

    @rule(data=st.data(), verbs=st.lists(st.sampled_from(["take_over", "end", "close"]), min_size=1, max_size=4))
    def end_consultations(self, data: st.DataObject, verbs: list[str]) -> None:
        """Several at once: whatever ends it first, the others learn that it is gone."""
        consulted = [c for c in self.conversations("active", "wrapping-up") if c.get("consulted")]
        if consulted:
            c = data.draw(st.sampled_from(consulted))
            one = data.draw(st.sampled_from(c["consulted"].split(",")))
            who = {"agent": one, "conversation": c["id"]}
            calls = {
                "take_over": lambda: moves.take_over(self.board, operation=new_id(), supervisor=False, **who),
                "end": lambda: moves.end_consult(self.board, operation=new_id(), of=one, **who),
                "close": lambda: self.floor.close(c["owner"], c["id"]),
            }
            answers: list[Answer] = self.run(together(*(calls[verb]() for verb in verbs)))
            assert sum(answer.ok for answer, verb in zip(answers, verbs, strict=True) if verb != "close") <= 1

    @rule(data=st.data(), front=st.booleans())
    def reorder(self, data: st.DataObject, front: bool) -> None:
        if waiting := self.conversations("queued", "offered"):
            c = data.draw(st.sampled_from(waiting))
            answer = self.run(
                moves.reorder(
                    self.board, operation=new_id(), agent="sue", conversation=c["id"], front=front, body=b"{}"
                )
            )
            assert answer.ok == (c["status"] == "queued" and (front or c.get("front", "0") != "0"))

    # --- the clock, and what is lost -----------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 5, 21, 46, 61, 125]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds * 1_000
        self.floor.travel(self.now)
        for _ in range(2):
            self.run(self.floor.tick())

    @rule()
    def recount(self) -> None:
        _, _, found = self.run(self.board.call("recount", "0", str(self.floor.terms[0]), "0"))
        assert not found, "no move leaves a counter wrong"

    @rule()
    def sweep(self) -> None:
        answer = self.run(self.board.call("sweep", "0", str(self.floor.terms[0])))
        assert int(answer[1]) == 0, "the sweep found what a move had left"

    @rule()
    def show_an_offer(self) -> None:
        for c in self.conversations("offered"):
            for agent in asked_of(c["offered_to"])[:2]:
                self.run(moves.shown(self.board, agent=agent, conversation=c["id"], fence=int(c["fence"])))

    # --- what must always be so ----------------------------------------------------------------------------

    @invariant()
    def everything_adds_up(self) -> None:
        if self.board.generation:
            prefix = self.board.keys.under(self.board.generation)
            problems = self.run(audit(self.board.client, prefix, above_capacity=True))
            assert not problems, problems

    @invariant()
    def nobody_is_given_more_than_there_is_room_for(self) -> None:
        """Above capacity comes who is given work by a supervisor's word, whose quiet customer writes again, or who has
        less capacity now; nobody else.

        What gives way counts for itself: it may fill the capacity, and other work may fill it once more.
        """
        for name in AGENTS if self.board.generation else ():
            kept = self.run(self.floor.agent(name))
            soft = int(kept.get("soft", 0))
            for kind, load in {"soft": soft, "other": int(kept.get("load", 0)) - soft}.items():
                before = self.loads.get((name, kind), 0)
                assert load <= int(kept.get("capacity", 0)) or load <= before or self.beyond, (name, kept, kind, before)
                self.loads[name, kind] = load
        self.beyond = False

    @invariant()
    def versions_are_dense_and_an_offer_ends_once(self) -> None:
        if not self.board.generation:
            return
        self.outcomes.fold(self.run(self.floor.events()))
        assert not self.outcomes.problems, self.outcomes.problems


def test_whatever_is_done_the_board_adds_up(board_server: RedisServer) -> None:
    machine = type("Machine", (Moves,), {"server": board_server})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25, stateful_step_count=50, deadline=None, print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
