"""Owning a shard: take it, verify it, work on it until something says that it is no longer as we believe."""

from __future__ import annotations

import asyncio

import structlog

from services.router.consumer import Consumer
from services.router.core import Core, Fenced, NotYet, Stale, until_one_fails, why_not
from services.router.inbound import Inbound
from services.router.rebuild import rebuild
from services.router.relay import Relay
from trunkline.board import BoardAway, BoardClosed
from trunkline.board.owner import clear, load_scripts, raise_term, replication_id
from trunkline.board.relay import FIRST_ID
from trunkline.bus import AppendUnknown, BusError, OffsetGone, Pen, take_pen
from trunkline.bus.lookback import Lookback
from trunkline.bus.tail import Tail, last_written
from trunkline.errors import Contradiction
from trunkline.failpoints import afailpoint
from trunkline.metrics import TAKEOVERS, VERIFIED

log = structlog.get_logger()

LEASE_MS = 45_000
_RETRY_S = 0.1


class Shard:
    """One shard, from the moment the bus gave us its partition."""

    def __init__(self, core: Core, number: int, inbound: Inbound) -> None:
        self.number = number
        self.wake = asyncio.Event()
        self.relay: Relay | None = None
        self.consumer: Consumer | None = None
        self.term = 0
        self.waits_for = ""
        """Why it is not verified, as far as we know; '' while it is."""
        self._core = core
        self._inbound = inbound

    @property
    def verified(self) -> bool:
        """Whether it is ours, verified, and at work."""
        return self.relay is not None

    async def run(self) -> None:
        """Own it for ever. Ends by Contradiction only; whatever can be waited out is."""
        why = "assigned"
        try:
            while True:
                why, self.waits_for = await self._try(why)
                await asyncio.sleep(_RETRY_S)
        finally:
            self._stop_working()
            await self._inbound.drop(self.number)

    async def _try(self, why: str) -> tuple[str, str]:
        """Own it until something happens; what happened, and what it waits for now."""
        try:
            await self._own(why)
        except (NotYet, BoardClosed) as error:
            if self.waits_for != str(error):  # each tenth of a second, perhaps for long
                log.info("shard_waits", shard=self.number, reason=str(error))
            return "board", str(error)
        except BoardAway as error:
            log.warning("board_away", shard=self.number, error=str(error))
            return "board", "the board is away"
        except Fenced:
            log.warning("fenced", shard=self.number, term=self.term)
            return "fenced", "fenced"
        except Stale as error:
            log.error("board_stale", shard=self.number, reason=str(error))
            await self._declare_stale()
            return "stale", "the board is stale"
        except OffsetGone as error:
            raise Contradiction(_lost_log(self.number, str(error))) from error
        except (AppendUnknown, BusError) as error:
            log.warning("log_away", shard=self.number, error=str(error))
            return "log", "the log is away"
        finally:
            self._stop_working()
        return "ended", ""

    async def _declare_stale(self) -> None:
        try:
            await clear(self._core.board, self._core.board.generation)
        except BoardAway:
            log.warning("board_away", shard=self.number)

    def _stop_working(self) -> None:
        self.relay = self.consumer = None
        VERIFIED.labels(self.number).set(0)

    async def _own(self, why: str) -> None:
        relay, applied = await self._verify()
        await self._check_inbound(applied)
        buffer = await self._inbound.want(self.number, applied + 1)
        consumer = Consumer(self._core, self.number, self.term, buffer)
        self.relay, self.consumer, self.waits_for = relay, consumer, ""
        VERIFIED.labels(self.number).set(1)
        TAKEOVERS.labels(why).inc()
        log.info("shard_verified", shard=self.number, term=self.term, why=why, applied=applied)
        await until_one_fails(relay.run(), self._consume(consumer))

    async def _consume(self, consumer: Consumer) -> None:
        """Once the board is open: others' shards may still be on the way to being verified."""
        while not await self._core.board.is_open():  # noqa: ASYNC110  other processes open it: there is no event here
            await asyncio.sleep(_RETRY_S)
        await self._core.board.call("spare", str(self.number), str(self.term), str(LEASE_MS))
        await consumer.run()

    # --- take and verify (DESIGN 3, rules 1 to 4) -----------------------------------------------------------

    async def _verify(self) -> tuple[Relay, int]:
        """The relay of a verified shard, and the last offset the board has applied."""
        board = self._core.board
        replication = await replication_id(board)
        generation = await board.read_generation()
        if not generation:
            if self.number != 0:
                raise NotYet("no generation")
            generation = await rebuild(self._core)
        board.generation = generation
        pen, tail = await self._take()
        await afailpoint("verify.taken")
        if tail.generation != generation:
            raise Stale(f"the log was written under {tail.generation or 'no generation'}, the board is {generation}")
        self.term = pen.term
        last = tail.outbox or FIRST_ID
        await load_scripts(board)
        answer = await board.submit("verify", str(self.number), str(pen.term), last, replication, str(board.shards))
        if answer[0] != b"ok":
            raise why_not(answer[0], shard=self.number, last=last)
        return Relay(self._core, self.number, pen, last=last, generation=generation, wake=self.wake), int(answer[2])

    async def _take(self) -> tuple[Pen, Tail]:
        """The pen, and what the log says before it. Our `taken` repeats the newest generation: if a rebuild named
        another between our looking and our writing, take it again. What we wrote ourselves is no news to us: taken
        for somebody else's word it would bring back the old name, and then the new one, for ever."""
        core, partition = self._core, self._core.routing(self.number)
        look = Lookback(core.bus)
        named = (await last_written(look, partition)).generation
        ours: set[int] = set()
        while True:
            pen = await take_pen(
                look, partition, core.member, generation=named,
                announce=lambda term: raise_term(core.board, self.number, term),
            )  # fmt: skip
            tail = await last_written(look, partition, before=pen.offset, ours=ours)
            if tail.generation == named:
                return pen, tail
            named = tail.generation
            ours.add(pen.offset)

    async def _check_inbound(self, applied: int) -> None:
        bounds = await self._core.bus.bounds(self._core.inbound(self.number))
        if bounds.next < applied + 1 or bounds.first > applied + 1:
            raise Contradiction(
                _lost_log(self.number, f"it holds {bounds.first} to {bounds.next - 1}, the board has applied {applied}")
            )


def _lost_log(shard: int, what: str) -> str:
    return (
        f"inbound/{shard} is not the log this board has read: {what}. "
        "If that is accepted, `trunkline board rebuild --accept-log` lists what will be missing."
    )
