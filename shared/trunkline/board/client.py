"""Making moves: many in one call, one call in flight, by FCALL only.

A missing function, a closed gate and another generation all mean the same to a caller: the board may not be what the
log says, wait until its shards are verified (DESIGN 3, rules 3, 4, 6). Nothing here ever loads the script: that is part
of verifying a shard.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self

import structlog
from redis.exceptions import RedisError, ResponseError

from trunkline.board.keys import LAYOUT, Keys
from trunkline.board.script import composed
from trunkline.connections import redis_client
from trunkline.gather import Gather
from trunkline.ids import random_bits

log = structlog.get_logger()

_RETRY_S = 0.05
_MISSING = "Function not found"
_SAFE = re.compile(r"[A-Za-z0-9_.:@+-]{1,128}")


class BoardAway(Exception):
    """Redis does not answer. What was asked may or may not have happened: repeat with the same operation id."""


class BoardClosed(Exception):
    """Not every shard of the board is verified yet: nothing was done, wait."""


class MoveBroken(Exception):
    """The script failed on this move: a bug of ours, or a board somebody else wrote to."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a move did.

    `code` is `ok` or why not; `shard` and `outbox` name the event to wait for in the log ('' = it made none);
    `repeated` is true when the operation had been made before and this is its first answer again; `also` is what the
    move says more.
    """

    code: str
    shard: int = -1
    outbox: str = ""
    version: str = ""
    subject: str = ""
    repeated: bool = False
    also: str = ""

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.code == "ok"

    @property
    def detail(self) -> str:
        """For a refusal: what stood in the way."""
        return self.version


def safe(name: str) -> str:
    """`name`, if it may become part of a key; ValueError otherwise."""
    if not _SAFE.fullmatch(name):  # `$` lets a line feed through, which would part the fields of an outbox entry
        raise ValueError(f"not an id: {name[:80]!r}")
    return name


@contextlib.contextmanager
def board_answers() -> Iterator[None]:
    """What is asked of Redis herein is answered; BoardAway otherwise."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise BoardAway(f"the board does not answer: {type(error).__name__}") from error


class Board:
    """One process's connection to the board."""

    def __init__(self, url: str, *, deployment: str, shards: int, clock_ms: str = "") -> None:
        self.keys = Keys(deployment)
        self.shards = shards
        self.generation = ""
        self.clock_ms = clock_ms
        self.client = redis_client(url, timeout_s=5.0)
        self._url = url
        self._calls: Gather[tuple[str | int | bytes, ...], Any] = Gather(self._evaluate, limit=64)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._calls.close()
        await self.client.aclose()

    # --- calls --------------------------------------------------------------------------------------------

    async def _evaluate(self, moves: list[tuple[str | int | bytes, ...]]) -> list[Any]:
        arguments: list[str | int | bytes] = [self.generation or "none", random_bits(48), self.clock_ms]
        for move in moves:
            arguments.append(len(move))
            arguments += move
        with board_answers():
            try:
                answers = await self.client.fcall(composed().name, 1, self.keys.root, *arguments)
            except ResponseError as error:
                if _MISSING in str(error):
                    return [[b"closed"]] * len(moves)
                log.exception("board_call_failed", error=str(error.args)[:300])
                raise
        if answers[0] == b"stale":
            await self._learn_generation()
        return list(answers[1:])

    async def _learn_generation(self) -> None:
        known = await self.read_generation()
        if known:
            self.generation = known

    async def call(self, verb: str, *arguments: str | int | bytes) -> list[Any]:
        """One verb's raw answer. BoardClosed when the gate is shut, BoardAway when Redis is, MoveBroken on an error."""
        answer: list[Any] = await self._calls.submit((verb, *arguments))
        code = answer[0]
        if code in (b"closed", b"stale"):
            raise BoardClosed(code.decode())
        if code == b"error":
            raise MoveBroken(f"{verb}: {answer[1].decode(errors='replace')[:500]}")
        return answer

    def submit(self, *move: str | int | bytes) -> asyncio.Future[Any]:
        """One verb and its arguments, its raw answer later; calls are made in the order of submitting."""
        return self._calls.submit(move)

    async def move(self, verb: str, operation: str, *arguments: str | int | bytes, patience_s: float = 5.0) -> Answer:
        """Make a move that has an operation id, waiting out a shut gate or an absent Redis for so long.

        A repeat after an unknown outcome is safe: the operation id makes it one. BoardClosed or BoardAway after
        `patience_s`.
        """
        deadline = asyncio.get_running_loop().time() + patience_s
        while True:
            try:
                return answer_of(await self.call(verb, operation, *arguments))
            except (BoardClosed, BoardAway):
                if asyncio.get_running_loop().time() >= deadline:
                    raise
                await asyncio.sleep(_RETRY_S)

    # --- what needs no script -----------------------------------------------------------------------------

    async def read_generation(self) -> str:
        """The generation in force, '' while there is none."""
        with board_answers():
            text = await self.client.get(self.keys.generation)
        return text.decode() if text else ""

    async def is_open(self) -> bool:
        """Whether every shard is verified (for readiness; a move checks for itself)."""
        try:
            gate, info = await self.client.get(self.keys.gate), await self.client.info("replication")
        except (RedisError, OSError, TimeoutError):
            return False
        return bool(gate) and gate.decode().endswith(f"|{LAYOUT}|{info['master_replid']}")

    async def wakes(self) -> AsyncIterator[list[int]]:
        """Shards whose outbox grew, for ever, on a connection of its own.

        A hint only: pub/sub loses messages and says nothing, so who listens also looks by itself now and then.
        """
        while True:
            client = redis_client(self._url, timeout_s=30.0, connections=2)
            subscription = client.pubsub(ignore_subscribe_messages=True)
            try:
                await subscription.subscribe(self.keys.wake)
                while True:
                    message = await subscription.get_message(timeout=20.0)
                    if message is not None:
                        yield [int(shard) for shard in message["data"].split(b",")]
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("wakes_lost", error=type(error).__name__)
            finally:
                with contextlib.suppress(RedisError, OSError, TimeoutError):
                    await subscription.aclose()
                    await client.aclose()
            await asyncio.sleep(_RETRY_S)


def hash_of(flat: Sequence[bytes]) -> dict[str, str]:
    """A hash as a verb gives it, `[name, value, name, value, …]`."""
    return {name.decode(): value.decode() for name, value in zip(flat[::2], flat[1::2], strict=True)}


def answer_of(raw: list[Any]) -> Answer:
    """An `Answer` from a move's raw one."""
    if raw[0] == b"again":
        first = _answer([part.decode() for part in raw[1].split(b"\t")])
        return replace(first, repeated=True)
    return _answer([part.decode() if isinstance(part, bytes) else str(part) for part in raw])


def _answer(parts: list[str]) -> Answer:
    if parts[0] == "no":
        return Answer(parts[1], version=parts[2] if len(parts) > 2 else "")
    if parts[0] != "ok":
        return Answer(parts[0], version=parts[1] if len(parts) > 1 else "")
    shard, outbox, version, subject, also = (parts[1:] + [""] * 5)[:5]
    return Answer("ok", int(shard) if shard else -1, outbox, version, subject, also=also)
