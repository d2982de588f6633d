"""What a router does besides moves: builds the board, verifies its shards, and reads their streams to the end."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.soak.floor import SHARDS, TERM
from tests.soak.journal import Told
from tests.soak.made import moves_of, never
from tests.soak.story import State, Story
from trunkline.board import Board
from trunkline.board.fold import Fold
from trunkline.board.owner import load_scripts, raise_term, replication_id, swap
from trunkline.board.rebuild import build
from trunkline.board.relay import FIRST_ID
from trunkline.testing.audit import audit

_GENERATION = "1-soak"
_MOST = 500
_NOT_IN_EVENTS = {"shown", "shown_to", "opted_out", "deadline", "to_say"}
"""Kept beside the state, or changed without an event: the latest may not know of them yet."""


class Keeper:
    """The board's one reader, and the judge of what it reads."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.story = Story(SHARDS)
        self.operations = 0
        self.made: Counter[str] = Counter()
        self._last = dict.fromkeys(range(SHARDS), FIRST_ID)

    async def open(self) -> None:
        """Build an empty board and let everybody in."""
        seconds, _ = await self.board.client.time()
        await build(self.board, _GENERATION, {shard: Fold() for shard in range(SHARDS)}, now_ms=int(seconds) * 1_000)
        await swap(self.board, _GENERATION)
        self.board.generation = _GENERATION
        for shard in range(SHARDS):
            await raise_term(self.board, shard, int(TERM))
        await self.verify()

    async def verify(self) -> None:
        """After each start of the server: it must be the board whose entries we have read (DESIGN 3, rules 3, 4)."""
        await load_scripts(self.board)
        identity = await replication_id(self.board)
        for shard in range(SHARDS):
            answer = await self.board.submit("verify", str(shard), TERM, self._last[shard], identity, str(SHARDS))
            if answer[0] != b"ok":
                self.story.wrong.append(f"shard {shard} is not the one that was read: {answer!r:.200}")

    async def read(self) -> int:
        """Read what the streams have now; how many entries."""
        before = self.story.entries
        asked = [self.board.submit("outbox", str(p), TERM, last, str(_MOST), last) for p, last in self._last.items()]
        for shard, answer in enumerate(asked):
            code, entries, _ = await answer
            if code != b"ok":
                raise RuntimeError(f"the outbox of shard {shard} cannot be read: {code!r}")
            for entry in entries:
                self.story.take(shard, entry)
            if entries:
                self._last[shard] = entries[-1][0].decode()
        return self.story.entries - before

    def never(self) -> list[str]:
        """What was not seen made or happening so far."""
        return never(self.made, self.story.kinds)

    # --- while everybody is held --------------------------------------------------------------------------

    async def judge(self, journals: list[Told]) -> list[str]:
        """All that is wrong, now that nobody makes a move: in the streams, in what movers were told, on the board."""
        while await self.read():
            pass
        self.story.settle()
        found = self.story.wrong + [wrong for told in journals for wrong in told.wrong]
        for told in journals:
            found += self._kept(told)
            self.operations += len(told.answered)
            self.made += moves_of(told)
        found += await self._same_as_told()
        found += await audit(self.board.client, self.board.keys.under(self.board.generation), above_capacity=True)
        self.story.forget()
        return found

    def _kept(self, told: Told) -> list[str]:
        """What was answered is in the streams, at that very entry; what was refused is not."""
        wrong = [f"{name} was never answered" for name in told.unanswered]
        for name, (code, shard, outbox) in told.answered.items():
            made = self.story.operations.get(name.partition("@")[0])
            if code in {"ok", "refused"} and outbox and made != (shard, outbox):
                wrong.append(f"{name} was made at {shard} {outbox} and was lost: the streams have {made}")
            elif code == "applied" and made is None and not told.asked[name][1]["again"]:
                wrong.append(f"{name} was applied and was lost")
            elif code not in {"ok", "refused", "applied", "duplicate"} and made is not None:
                wrong.append(f"{name} was refused ({code}) and made at {made}")
        return wrong

    async def _same_as_told(self) -> list[str]:
        """Each open conversation is on the board as its last event says."""
        prefix = self.board.keys.under(self.board.generation) + "c:"
        states = [state for state in self.story.states.values() if state["status"] != "closed"]
        pipeline = self.board.client.pipeline(transaction=False)
        for state in states:
            pipeline.hgetall(prefix + state["id"])
        kept = await pipeline.execute() if states else []
        return [text for state, flat in zip(states, kept, strict=True) if (text := _differs(state, flat))]


def _differs(state: State, flat: dict[bytes, bytes]) -> str:
    if not flat:
        return f"{state['id']} is {state['status']} and was lost: the board does not have it"
    kept: dict[str, Any] = {name.decode(): text.decode() for name, text in flat.items()}
    fields = {name for name in state if name not in _NOT_IN_EVENTS and str(state[name]) != kept.get(name)}
    return f"{state['id']}: board and stream differ in {sorted(fields)}" if fields else ""
