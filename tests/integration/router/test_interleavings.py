"""Two routers, pauses between any two steps, crashes, lost answers, roll-backs and wipes, at random.

The board is real, the log is in memory so that every step of it can be held up. `TRUNKLINE_TEST_SEED` repeats a run,
`TRUNKLINE_TEST_RUNS` makes more of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.integration.router.rig import SHARDS, Router, World, arrive
from trunkline.board import BoardAway, BoardClosed, moves
from trunkline.board.client import answer_of, hash_of
from trunkline.bus import AppendUnknown
from trunkline.bus import Record as LogRecord
from trunkline.events import (
    ConversationAssigned,
    ConversationQuieted,
    ConversationSnoozed,
    ConversationTakenOver,
    ConversationWidened,
    ConversationWoken,
    Header,
    MessageAdded,
    OfferAccepted,
    OfferAutoAccepted,
    OfferRescinded,
    ReplyFailed,
    Topic,
    asked_of,
)
from trunkline.ids import new_id, shard_of
from trunkline.testing.audit import audit
from trunkline.testing.servers.redis import RedisServer

THREADS = [f"sms-main|tel:+{n}" for n in range(10)]
SILENT = [f"sms-main|tel:+{n}" for n in range(10, 13)]
"""Customers who take their time."""
AGENTS = ("ana", "bo", "cy")
RUN_S = 5.0
_LONGEST_S = 50.0
_PROVED = {
    "snooze", "wake", "assign", "drain", "consult", "take_over", "reorder", "wrap_up", "transfer_to_agent", "shut",
    "unshut",
}  # fmt: skip
_HAPPEN = {ConversationWidened.type, ConversationQuieted.type, OfferAutoAccepted.type, OfferRescinded.type}
_FAULTS = 3
_LATE_MS = 5_000  # a timer waits while the board is rebuilt
_RUNS = int(os.environ.get("TRUNKLINE_TEST_RUNS", "3"))


@dataclass
class Chaos:
    """What goes wrong, and proof that it did."""

    chance: random.Random
    on: bool = True
    happened: Counter[str] = field(default_factory=Counter)

    async def step(self, name: str) -> None:
        """Between any two steps of a router."""
        await asyncio.sleep(0)
        if not self.on:
            return
        luck = self.chance.random()
        if luck < 0.004:
            self.happened["long pause"] += 1
            await asyncio.sleep(self.chance.uniform(0.7, 1.2))  # beyond the session: somebody else takes over
        elif luck < 0.05:
            await asyncio.sleep(self.chance.uniform(0, 0.03))
        if name.startswith(f"append {Topic.ROUTING}") and luck > 0.99:
            self.happened["append lost"] += 1
            raise AppendUnknown("never landed")
        if name.startswith(f"appended {Topic.ROUTING}") and luck > 0.99:
            self.happened["answer lost"] += 1
            raise AppendUnknown("landed, unanswered")


@dataclass
class Said:
    """What was promised to somebody."""

    done: dict[str, str] = field(default_factory=dict)
    """Acknowledged operation → its outbox id, seen in the log."""
    verbs: Counter[str] = field(default_factory=Counter)
    """How often each verb was."""


@pytest.mark.slow
@pytest.mark.timeout(220)  # all of its own limits together, so that it is they who say what did not happen
@pytest.mark.parametrize("run", range(_RUNS))
async def test_whatever_happens_the_story_stays_true(valkey: RedisServer, tmp_path: Path, run: int) -> None:
    seed = int(os.environ.get("TRUNKLINE_TEST_SEED", random.SystemRandom().randrange(2**32))) + run
    chance = random.Random(seed)
    world, chaos, said = World(valkey, tmp_path), Chaos(chance), Said()
    crew = [_Crew(world, name, chaos) for name in ("a", "b")]
    lives = [asyncio.create_task(one.live()) for one in crew]
    parts = [_customers(world, chance), _board_faults(world, chaos), _supervisor(world, chance, said)]
    parts.append(_queues(world, chance, said))
    first = len(parts)  # they end before the agents do
    parts += [_agent(world, name, chance, said) for name in AGENTS]
    others = [asyncio.create_task(part) for part in parts]
    try:
        await asyncio.sleep(RUN_S)
        await _until_proved(world, said, chaos)
        chaos.on = False
        for part in others[:first]:
            part.cancel()
        await asyncio.gather(*others[:first], return_exceptions=True)
        wrote = await _wrote(world)
        await world.until_told({message for messages in wrote.values() for message in messages}, within=30)
        await _settled(world)
        for part in others:
            part.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await _settled(world)
        problems = await _problems(world, said, wrote)
        missing = _HAPPEN - {record.type for record in await world.story()}
    finally:
        for task in (*others, *lives):
            task.cancel()
        ended = await asyncio.gather(*others, *lives, return_exceptions=True)
        unexpected = [error for error in ended if isinstance(error, Exception)]
        print(f"seed {seed}: {dict(chaos.happened)}, {dict(said.verbs)}, unexpected: {unexpected}")
    assert not unexpected, (seed, unexpected)
    assert not problems, (seed, problems[:10])
    assert said.done, "no operation was acknowledged: the run proved nothing"
    assert said.verbs.keys() >= _PROVED, (seed, said.verbs)
    assert not missing, (seed, f"no {missing}: the run proved nothing of them")
    assert sum(chaos.happened.values()) > _FAULTS, "hardly a fault happened: the run proved nothing"


async def _until_proved(world: World, said: Said, chaos: Chaos) -> None:
    """On a slow machine a run goes on until what it is to prove has happened, but not for ever."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LONGEST_S):
            while not (
                said.verbs.keys() >= _PROVED
                and sum(chaos.happened.values()) > _FAULTS
                and {record.type for record in await world.story()} >= _HAPPEN
            ):
                await asyncio.sleep(0.1)


# --- who takes part -------------------------------------------------------------------------------------------


class _Crew:
    """One router's name, over the lives of its processes."""

    def __init__(self, world: World, name: str, chaos: Chaos) -> None:
        self._world, self._name, self._chaos = world, name, chaos

    async def live(self) -> None:
        while True:
            router = self._world.router(self._name, step=self._chaos.step, session_timeout_s=0.6)
            evaluate = router.board._evaluate

            async def stepped(items: list[Any], evaluate: Any = evaluate) -> list[Any]:
                await self._chaos.step("call")
                answers: list[Any] = await evaluate(items)
                await self._chaos.step("called")
                return answers

            router.board._calls._call = stepped
            async with router:
                await self._until_crash(router)

    async def _until_crash(self, router: Router) -> None:
        while True:
            await asyncio.sleep(self._chaos.chance.uniform(0.5, 3.0))
            if any(task.done() for task in router._tasks):
                for task in router._tasks:
                    if task.done():
                        task.result()
            if self._chaos.on and self._chaos.chance.random() < 0.5:
                self._chaos.happened["crash"] += 1
                return


async def _customers(world: World, chance: random.Random) -> None:
    """Regulars, and now and then a stranger who asks for what nobody has.

    Only a stranger's queue widens, and soon every regular is known.
    """
    strangers = count(100)
    while True:
        if chance.random() < 0.02:
            await world.write(f"sms-main|tel:+{next(strangers)}", "sveiki")
        else:
            thread = chance.choice(SILENT if chance.random() < 0.05 else THREADS)
            await world.write(thread, chance.choice(["hello", "sveiki", "sveiki", "anybody", "now"]))
        await asyncio.sleep(chance.uniform(0, 0.03))


async def _board_faults(world: World, chaos: Chaos) -> None:
    older: dict[bytes, tuple[bytes, int]] = {}
    while True:
        await asyncio.sleep(chaos.chance.uniform(0.3, 1.2))
        fault = chaos.chance.choice(["wipe", "roll back", "remember", "remember", "flush scripts", "fail over"])
        async with world.board() as board:
            match fault:
                case "wipe":
                    await world.wipe()
                case "roll back" if older:
                    await world.restore(older)
                case "flush scripts":
                    await board.client.function_flush()
                case "fail over":  # to a replica, which has the script
                    await board.client.execute_command("DEBUG", "CHANGE-REPL-ID")
                case _:
                    older = await world.snapshot()
                    continue
        chaos.happened[fault] += 1


async def _agent(world: World, name: str, chance: random.Random, said: Said) -> None:
    """Arrives, accepts or declines, replies, puts off, takes back and closes; holds as done what it saw in the log,
    else repeats it."""
    put_off: list[str] = []
    async with world.board() as board:
        while True:
            await asyncio.sleep(chance.uniform(0.01, 0.05))
            with contextlib.suppress(BoardClosed, BoardAway):
                board.generation = await board.read_generation() or board.generation
                heard = await moves.heartbeat(board, agent=name, device="device-of-the-test", lease_ms=600_000)
                if heard.code == "arrive":
                    await arrive(board, name, capacity=3, skills={"lang.lv": 1})
                held = await board.call("holding", name)
                for flat in held[1]:
                    state = hash_of(flat)
                    if state:
                        await _act(world, board, name, state, chance, said, put_off)
                if put_off and chance.random() < 0.3:
                    await _make(world, board, said, "wake", name, put_off.pop())


async def _act(
    world: World, board: Any, name: str, state: dict[str, str], chance: random.Random, said: Said, put_off: list[str]
) -> None:
    conversation, luck = state["id"], chance.random()
    asked = state["thread"] in SILENT and int(state.get("quiet_at", 0))
    if name in asked_of(state["offered_to"]):
        verb = "accept" if luck < 0.8 else "decline"
        arguments = [state["fence"]] + (["busy"] if verb == "decline" else [])
    elif name in state.get("consulted", "").split(","):
        verb, arguments = ("take_over", [""]) if luck < 0.7 else ("end_consult", [name])
    elif state["owner"] != name or (asked and luck < 0.96) or (state.get("consulted") and chance.random() < 0.6):
        return  # nothing of theirs, or nothing to say before the customer or a colleague has answered
    elif luck < 0.15 and state["thread"] not in SILENT:
        to = chance.choice(AGENTS)
        verb, arguments = "consult", [to, orjson.dumps({"by": name, "to": to, "note": ""}).decode()]
    elif luck < 0.55 or (state["thread"] in SILENT and not asked):
        verb, arguments = "reply", [orjson.dumps({"message": {"id": (operation := new_id())}}).decode()]
        await _make(world, board, said, verb, name, conversation, *arguments, operation=operation)
        return
    elif luck < 0.68:
        wake_at = int(time.time() * 1_000) + chance.randrange(100, 900)
        verb, arguments = "snooze", [str(wake_at), orjson.dumps({"note": "", "wake_at": wake_at}).decode()]
        put_off.append(conversation)
    elif luck < 0.72:
        verb, arguments = "wrap_up", []
    elif luck < 0.85:
        await _pass_on(world, board, name, conversation, chance, said)
        return
    else:
        verb, arguments = "close", ['{"code":"","note":""}']
    await _make(world, board, said, verb, name, conversation, *arguments)


async def _pass_on(world: World, board: Any, name: str, conversation: str, chance: random.Random, said: Said) -> None:
    """To one of the others: who drains or has no room refuses it, and that is most of them most of the time."""
    for to in chance.sample([one for one in AGENTS if one != name], 2):
        body = orjson.dumps({"by": name, "to": to, "note": ""}).decode()
        if await _make(world, board, said, "transfer_to_agent", name, conversation, to, body):
            return


async def _supervisor(world: World, chance: random.Random, said: Said) -> None:
    """Gives whatever is open to somebody, also what is snoozed or offered to another; drains, and ends it."""
    async with world.board() as board:
        while True:
            await asyncio.sleep(chance.uniform(0.05, 0.2))
            states = (await world.folded()).values()
            found = sorted(state["id"] for state in states if state["status"] != "closed")
            with contextlib.suppress(BoardClosed, BoardAway):
                board.generation = await board.read_generation() or board.generation
                if waits := sorted(state["id"] for state in states if state["status"] == "queued"):
                    front = chance.random() < 0.7
                    body = orjson.dumps({"by": "sue", "front": front, "note": ""}).decode()
                    where = "front" if front else "back"
                    await _make(world, board, said, "reorder", "sue", chance.choice(waits), where, body)
                if found:
                    to = chance.choice(AGENTS)
                    body = orjson.dumps({"by": "sue", "to": to, "note": ""}).decode()
                    await _make(world, board, said, "assign", "sue", chance.choice(found), to, body)
                drains = "1" if chance.random() < 0.3 else "0"
                await _make(world, board, said, "drain", chance.choice(AGENTS), drains, '{"by":"sue"}')


async def _queues(world: World, chance: random.Random, said: Said) -> None:
    """Shuts a queue, until a time that soon comes or until somebody opens it; and opens it."""
    async with world.board() as board:
        while True:
            await asyncio.sleep(chance.uniform(0.05, 0.2))
            queue, luck = chance.choice(("support", "several")), chance.random()
            place, said_so = f"{shard_of(queue, SHARDS)}-{queue}", {"queue": queue, "by": "sue"}
            with contextlib.suppress(BoardClosed, BoardAway):
                board.generation = await board.read_generation() or board.generation
                if luck < 0.3:
                    until = int(time.time() * 1_000) + chance.randrange(100, 900) if luck < 0.15 else 0
                    body = orjson.dumps(said_so | {"until": until, "note": ""}).decode()
                    await _make(world, board, said, "shut", "sue", place, str(until), body)
                else:
                    await _make(world, board, said, "unshut", "sue", place, orjson.dumps(said_so).decode())


async def _make(
    world: World, board: Any, said: Said, verb: str, agent: str, conversation: str, *arguments: str, operation: str = ""
) -> bool:
    """Make the move until it is refused or its event is in the log; whether it is there."""
    operation = operation or new_id()
    for _ in range(6):
        answer = answer_of(await board.call(verb, operation, agent, conversation, *arguments))
        if not answer.ok:
            return False
        if await _seen(world, answer.shard, answer.outbox):
            said.done[operation] = answer.outbox
            said.verbs[verb] += 1
            return True
    return False


async def _seen(world: World, shard: int, outbox: str) -> bool:
    """Whether this very entry is in the log within a second."""
    for _ in range(20):
        if world.has_told(shard, outbox):
            return True
        await asyncio.sleep(0.05)
    return False


# --- the end --------------------------------------------------------------------------------------------------


async def _settled(world: World) -> None:
    """Wait until the log has not grown for a second. While agents are at it, each conversation goes on until chance
    closes it: on a busy machine that is a while."""
    size = -1
    try:
        async with asyncio.timeout(60):
            while size != (size := len(await world.story())):
                await asyncio.sleep(1.0)  # the second in which it must not grow
    except TimeoutError:
        last = [record.type for record in (await world.story())[-10:]]
        raise AssertionError(f"the log still grows, {size} records, the last {last}") from None


async def _wrote(world: World) -> dict[str, list[str]]:
    """Each thread's messages in the order in which `inbound` took them. Asked of the log: who wrote one may have been
    cut off between its landing and the answer."""
    wrote: defaultdict[str, list[str]] = defaultdict(list)
    for record in await world.story(Topic.INBOUND):
        wrote[record.key.decode()].append(orjson.loads(record.value)["id"])
    return wrote


async def _problems(world: World, said: Said, wrote: dict[str, list[str]]) -> list[str]:
    story = await world.story()
    return [
        *_messages_once_and_in_order(story, wrote),
        *_versions_dense(story),
        *_nothing_twice(story),
        *_promises_kept(story, said),
        *_one_owner(story),
        *_put_off_until_its_time(story),
        *_widened_in_its_time(story),
        *await _board_is_the_log(world),
    ]


def _messages_once_and_in_order(story: list[LogRecord], wrote: dict[str, list[str]]) -> list[str]:
    told: defaultdict[str, list[str]] = defaultdict(list)
    for record in story:
        if message := record.header(Header.MESSAGE):
            told[orjson.loads(record.value)["data"]["state"]["thread"]].append(message)
    counts = Counter(message for messages in told.values() for message in messages)
    every = [message for messages in wrote.values() for message in messages]
    problems = [f"message {one} is there {counts[one]} times" for one in every if counts[one] != 1]
    return problems + [
        f"thread {thread} is out of order: {told[thread]} instead of {wrote[thread]}"
        for thread in wrote
        if told[thread] != wrote[thread]
    ]


def _versions_dense(story: list[LogRecord]) -> list[str]:
    versions: defaultdict[bytes, list[int]] = defaultdict(list)
    for record in story:
        if version := record.header(Header.VERSION):
            versions[record.key].append(int(version))
    return [f"{key!r} has versions {had}" for key, had in versions.items() if had != list(range(1, len(had) + 1))]


def _nothing_twice(story: list[LogRecord]) -> list[str]:
    counts = Counter((record.partition.number, record.header(Header.OUTBOX)) for record in story if _is_entry(record))
    return [f"outbox entry {entry} is in the log {count} times" for entry, count in counts.items() if count > 1]


def _is_entry(record: LogRecord) -> bool:
    return record.header(Header.OUTBOX) is not None and not record.type.startswith("trunkline.board.")


def _promises_kept(story: list[LogRecord], said: Said) -> list[str]:
    made = Counter(record.header(Header.OPERATION) for record in story if record.header(Header.OPERATION))
    return [f"operation {one} is there {made[one]} times" for one in said.done if made[one] != 1]


def _one_owner(story: list[LogRecord]) -> list[str]:
    """Nobody takes what another has, but by a supervisor's word, and then who was named has it; or being consulted; or
    being passed it."""
    owners: dict[bytes, str] = {}
    kept: dict[bytes, str] = {}
    problems = []
    for record in story:
        if record.header(Header.VERSION):
            data = orjson.loads(record.value)["data"]
            before, owner = owners.get(record.key, ""), data["state"]["owner"]
            if record.type == ConversationAssigned.type:
                if owner != data["details"]["to"] or data["state"]["status"] != "active":
                    problems.append(f"{record.key!r} was given to {data['details']['to']} and is {owner}'s")
            elif record.type == ConversationTakenOver.type:
                if (before, owner) != (data["details"]["sender"], data["details"]["by"]):
                    problems.append(f"{record.key!r} was taken over from {before}, and is {owner}'s")
            elif (
                before and owner and owner != before and (record.type, kept[record.key]) != (OfferAccepted.type, before)
            ):
                problems.append(f"{record.key!r} went from {before} to {owner} at once")
            owners[record.key], kept[record.key] = owner, data["state"]["keeps"]
    return problems


_STAYS_PUT = {ConversationSnoozed.type, ReplyFailed.type}
_STIRS = {ConversationWoken.type, MessageAdded.type, ConversationAssigned.type}


def _put_off_until_its_time(story: list[LogRecord]) -> list[str]:
    """What is snoozed is nobody's and offered to nobody, until it wakes for its agent, at its time or by their word,
    or its customer writes, or a supervisor gives it away."""
    sleeping: dict[bytes, dict[str, Any]] = {}
    problems = []
    for record in story:
        if not record.header(Header.VERSION):
            continue
        envelope = orjson.loads(record.value)
        state, asleep = envelope["data"]["state"], sleeping.pop(record.key, None)
        if state["status"] == "snoozed":
            if state["owner"] or state["offered_to"] or record.type not in _STAYS_PUT:
                problems.append(f"{record.key!r} is snoozed and {state['owner']}'s or {state['offered_to']}'s")
            sleeping[record.key] = state
        if asleep is not None and state["status"] != "snoozed" and record.type not in _STIRS:
            problems.append(f"{record.key!r} was stirred by {record.type}")
        if record.type == ConversationWoken.type:
            problems += _woken_wrongly(record, envelope, asleep)
    late = [key for key, state in sleeping.items() if state["wake_at"] < time.time() * 1_000 - _LATE_MS]
    return problems + [f"{key!r} never woke" for key in late]


def _woken_wrongly(record: LogRecord, envelope: dict[str, Any], asleep: dict[str, Any] | None) -> list[str]:
    if asleep is None:
        return [f"{record.key!r} woke and had not slept"]
    problems, agent = [], asleep["last_agent"]
    if envelope["data"]["state"]["last_agent"] != agent or agent not in (record.header(Header.AGENTS) or "").split(","):
        problems.append(f"{record.key!r} did not wake for {agent}, who snoozed it")
    at = datetime.fromisoformat(envelope["time"]).timestamp() * 1_000
    if not record.header(Header.OPERATION) and at < asleep["wake_at"]:
        problems.append(f"{record.key!r} woke {asleep['wake_at'] - at:.0f} ms before its time")
    return problems


def _widened_in_its_time(story: list[LogRecord]) -> list[str]:
    """What widens waits, has waited its time, and goes one rung up its ladder; what is due does not stay below."""
    last: dict[bytes, dict[str, Any]] = {}
    problems = []
    for record in story:
        if not record.header(Header.VERSION):
            continue
        envelope = orjson.loads(record.value)
        state, before = envelope["data"]["state"], last.get(record.key, {})
        last[record.key] = state
        if record.type == ConversationWidened.type:
            rung = state["ladder"].split(" ")[state["rung"]].partition(">")[2]
            at = datetime.fromisoformat(envelope["time"]).timestamp() * 1_000
            waits = state["status"] == before["status"] == "queued"
            if not waits or state["rung"] != before["rung"] + 1 or state["requirement"] != rung:
                problems.append(f"{record.key!r} went from {before['requirement']} to {state['requirement']}")
            if at < before["widen_at"]:
                problems.append(f"{record.key!r} widened {before['widen_at'] - at:.0f} ms before its time")
    late = time.time() * 1_000 - _LATE_MS
    return problems + [
        f"{key!r} was not widened"
        for key, state in last.items()
        if state["status"] == "queued" and 0 < state["widen_at"] < late
    ]


_UNTOLD = {"shown", "shown_to", "deadline", "to_say"}
"""What changes without an event; `to_say` where a queue is shut, or where there is nothing to say."""


async def _board_is_the_log(world: World) -> list[str]:
    problems = []
    async with world.board() as board:
        prefix = board.keys.under(await board.read_generation())
        for name, state in (await world.folded()).items():
            kept = {
                key.decode(): text.decode() for key, text in (await board.client.hgetall(f"{prefix}c:{name}")).items()
            }
            differs = {key for key in state.keys() - _UNTOLD if str(state[key]) != kept.get(key)}
            if differs:
                problems.append(
                    f"{name}: log and board differ in {sorted(differs)}: {state['version']}/{kept.get('version')}"
                )
        told, kept_shut = world.shut(), await board.client.hgetall(f"{prefix}shut")
        if told != {queue.decode(): int(until) for queue, until in kept_shut.items()}:
            problems.append(f"shut is {told} by the log, {kept_shut} by the board")
        return problems + await audit(board.client, prefix, above_capacity=True)
