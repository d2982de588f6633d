"""Building a board under a new generation from the folds of all shards (DESIGN 3, rule 6).

Everything is written under the new generation's prefix, which nobody reads before `swap`.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha1
from operator import itemgetter
from typing import Any

from trunkline.board.client import Board, board_answers
from trunkline.board.fold import DAY_MS, FILTER_DAYS, OPERATIONS_MS, Fold, reopen_ms
from trunkline.board.keys import LAYOUT
from trunkline.due import next_clock, place, promised_ms
from trunkline.events import Status, asked_of
from trunkline.ids import shard_of

_OWNER_LOST_MS = 120_000
_UNOWNED = (Status.QUEUED, Status.OFFERED)
TOLD_MS = 86_400_000
"""How long nothing is told twice without an agent."""

_CHUNK = 500


async def build(board: Board, generation: str, folds: dict[int, Fold], *, now_ms: int) -> int:
    """Write the board of these folds; how many conversations it holds. BoardAway if Redis goes away meanwhile."""
    shut = {queue: until for fold in folds.values() for queue, until in fold.shut.items()}
    writer = _Writer(board, generation, now_ms, shut)
    with board_answers():
        for shard, fold in folds.items():
            await writer.shard(shard, fold)
        await writer.finish()
    return writer.conversations


async def discard_others(board: Board, generation: str) -> None:
    """Throw away what earlier generations left, a little at a time."""
    root = board.keys.root.encode()
    current = board.keys.under(generation).encode()
    pattern = root.replace(b"[", b"\\[") + b"[0-9]*-*:*"
    others: list[bytes] = []
    with board_answers():
        async for key in board.client.scan_iter(match=pattern, count=1_000):
            if not key.startswith(current):
                others.append(key)
            if len(others) >= _CHUNK:
                await board.client.unlink(*others)
                others.clear()
        if others:
            await board.client.unlink(*others)


class _Writer:
    """Plain commands, in pipelines."""

    def __init__(self, board: Board, generation: str, now_ms: int, shut: Mapping[str, int]) -> None:
        self._shards = board.shards
        self._prefix = board.keys.under(generation)
        self._now = now_ms
        self._pipeline = board.client.pipeline(transaction=False)
        self._expected: set[str] = set()
        self._shut = shut
        self.conversations = 0

    async def flush(self, *, at_least: int = 1) -> None:
        if len(self._pipeline) >= at_least:
            await self._pipeline.execute()

    async def finish(self) -> None:
        """Last of all: without its layout nobody takes it for a board."""
        self._pipeline.set(self._prefix + "layout", str(LAYOUT))
        await self.flush()

    async def shard(self, shard: int, fold: Fold) -> None:
        p = self._prefix
        self._pipeline.hset(p + "sequence", str(shard), fold.outbox.partition("-")[0])
        self._pipeline.hset(p + "relayed", str(shard), fold.outbox)
        self._pipeline.hset(p + "applied", str(shard), str(fold.applied))
        self._pipeline.xadd(p + f"o:{shard}", {"@": "seed"}, id=fold.outbox)
        # In the order they were opened: of a thread's conversations the last one written is where it leads.
        for state in sorted(fold.states(), key=itemgetter("opened_at")):
            self._conversation(shard, state)
            await self.flush(at_least=_CHUNK)
        for operation, (at, answer) in fold.operations.items():
            left = at + OPERATIONS_MS - self._now
            if left > 0:
                self._pipeline.set(p + f"op:{operation}", answer, px=left)
                await self.flush(at_least=_CHUNK)
        for thread in fold.opted_out:
            self._pipeline.sadd(p + "opted_out", sha1(thread.encode(), usedforsecurity=False).hexdigest())
        for queue, until in fold.shut.items():
            self._pipeline.hset(p + "shut", queue, str(until))
            if until:
                self._timer(shard, f"open|{queue}", until)
        await self._filters(shard, fold)

    async def _filters(self, shard: int, fold: Fold) -> None:
        for day in fold.seen:
            left = (day + FILTER_DAYS) * DAY_MS - self._now
            for one in fold.prints(day) if left > 0 else ():
                key = self._prefix + f"seen:{shard}:{day}:{one % 1024}"
                self._pipeline.hset(key, str(one), "")
                self._pipeline.pexpire(key, left)
                await self.flush(at_least=_CHUNK)

    def _conversation(self, shard: int, state: dict[str, Any]) -> None:
        p, name, status = self._prefix, state["id"], state["status"]
        closed_for = self._now - state["closed_at"]
        if status == Status.CLOSED and closed_for > reopen_ms(state):
            return
        self.conversations += 1
        if status == Status.OFFERED:
            state = self._offered(shard, name, state)
        state = self._to_say(shard, name, state)
        self._pipeline.hset(p + "c:" + name, mapping={key: str(value) for key, value in state.items()})
        self._pipeline.set(p + "t:" + state["thread"], name)
        self._pipeline.zadd(p + "requirements", {state["requirement"]: self._now})
        if status != Status.CLOSED and (clock := next_clock(state)):
            self._pipeline.zadd(p + "clocks", {name: clock[1]})
        if status == Status.QUEUED:
            self._in_line(shard, name, state)
        if status == Status.CLOSED:
            left = reopen_ms(state) - closed_for + 60_000
            self._pipeline.pexpire(p + "c:" + name, left)
            self._pipeline.pexpire(p + "t:" + state["thread"], left)
        self._waits_for_time(shard, name, state)
        if state["owner"]:
            self._owned(name, state["owner"])
        for agent in asked_of(state.get("consulted", "")):
            self._pipeline.sadd(p + "cs:" + agent, name)
            self._expect(agent)

    def _offered(self, shard: int, name: str, state: dict[str, Any]) -> dict[str, Any]:
        """The offer cannot be accepted any more; the first tick says that it is rescinded."""
        for agent in asked_of(state["offered_to"]):
            self._pipeline.sadd(self._prefix + "ac:" + agent, name)
        self._timer(shard, f"rescind|{name}|{state['fence']}", self._now)
        return state | {"deadline": 1}

    def _waits_for_time(self, shard: int, name: str, state: dict[str, Any]) -> None:
        if state["status"] == Status.WRAPPING_UP:
            self._timer(shard, f"wrap|{name}", state["wrap_until"])
        if state["status"] == Status.SNOOZED:
            self._timer(shard, f"wake|{name}", state["wake_at"])
        if state.get("quiet_at") and not state.get("relief"):
            self._timer(shard, f"quiet|{name}", state["quiet_at"])

    def _to_say(self, shard: int, name: str, state: dict[str, Any]) -> dict[str, Any]:
        """What it was told within a day is not told again; what it is still to be told is asked for, that its queue is
        shut too."""
        for one in state.get("told", "").split():
            kind, _, at = one.rpartition(":")
            left = int(at) + TOLD_MS - self._now
            if left > 0:
                address = f"{state['account']}|{state['scheme']}:{state['contact']}"
                key = self._prefix + f"told:{sha1(address.encode(), usedforsecurity=False).hexdigest()}"
                self._pipeline.hset(key, f"{kind}|{state['thread']}", at)
                self._pipeline.pexpire(key, left)
        words = state.get("to_say", "")
        if state["status"] in _UNOWNED and state["queue"] in self._shut:
            words = words if words.startswith("shut:") else f"shut:{state['version']}"
        if not words or state["status"] not in _UNOWNED:
            return state
        self._timer(shard, f"say|{name}", self._now)
        return state | {"to_say": words}

    def _in_line(self, shard: int, name: str, state: dict[str, Any]) -> None:
        p, requirement = self._prefix, state["requirement"]
        self._pipeline.zadd(p + "w:" + requirement, {name: place(state)})
        self._pipeline.zadd(p + "since:" + requirement, {name: state["queued_at"]})
        self._pipeline.zadd(p + "target:" + requirement, {name: promised_ms(state)})
        if state.get("widen_at"):  # a state from before there was any has none
            self._timer(shard, f"widen|{name}", state["widen_at"])

    def _owned(self, conversation: str, owner: str) -> None:
        self._pipeline.sadd(self._prefix + "ac:" + owner, conversation)
        self._expect(owner)

    def _expect(self, agent: str) -> None:
        """Whoever does not arrive in time has lost what is theirs."""
        if agent not in self._expected:
            self._expected.add(agent)
            self._timer(shard_of(agent, self._shards), f"owner|{agent}", self._now + _OWNER_LOST_MS)

    def _timer(self, shard: int, name: str, at: int) -> None:
        self._pipeline.zadd(self._prefix + f"timers:{shard}", {name: at})
