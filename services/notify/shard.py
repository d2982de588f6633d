"""One shard of notify: the pen of its `deliveries`, one lane a conversation."""

from __future__ import annotations

import asyncio
from collections import deque

import orjson
import structlog
from pydantic import ValidationError

from services.notify.delivery import Couriers, Delivery, Reply
from services.notify.echo import SAID
from services.notify.outcomes import Outcome, Outcomes
from services.notify.window import Window
from trunkline.bus import Bus, BusError, Partition, Pen, Position, Record, TermFilter, take_pen
from trunkline.bus.pen import term_before
from trunkline.bus.terms import highest_term
from trunkline.events import ConversationTold, Header, Mark, ReplyDetails, ReplyWritten, TellingDetails, Topic
from trunkline.metrics import UNSENT

log = structlog.get_logger()

_PAGE = 1_000
_SENT = frozenset({ReplyWritten.type, ConversationTold.type})
"""Types of the events that hold what is to be sent."""


class Fenced(Exception):
    """Another notify holds this partition's pen now, or we cannot know that none does."""


class NotifyShard:
    """Delivers the replies of one shard, under one pen."""

    def __init__(self, bus: Bus, couriers: Couriers, number: int, member: str) -> None:
        self.number = number
        self.window = Window()
        self._bus = bus
        self._couriers = couriers
        self._member = member
        self._lanes: dict[str, deque[Reply]] = {}
        self._running: dict[asyncio.Task[None], str] = {}
        self._closing = False
        self._polled_at = float("-inf")
        self._fenced = False
        self._doubtful = range(0)
        self._pen: Pen | None = None
        self._outcomes: Outcomes | None = None
        self._delivery: Delivery | None = None
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Fails when this shard cannot go on under its pen."""

    async def take(self) -> dict[Partition, Position]:
        """Take the pen, learn where the last owner stood; the positions to read from."""
        deliveries = Partition(Topic.DELIVERIES, self.number)
        pen = self._pen = await take_pen(self._bus, deliveries, self._member)
        routing = Partition(Topic.ROUTING, self.number)
        bounds = await self._bus.bounds(routing)
        last = await _last_position(self._bus, deliveries, before=pen.offset)
        if last is None:
            self.window = Window(next=bounds.first)
        else:
            self.window, clean = last
            self.window.next = max(self.window.next, bounds.first)
            # Whatever was in the log when we took over may have been tried by an owner who could not say so.
            self._doubtful = range(0) if clean else range(self.window.start, bounds.next)
        start = max(self.window.start, bounds.first)
        self._outcomes = Outcomes(self._bus, pen, self.window)
        self._delivery = Delivery(self._couriers, self._outcomes, self.number, self.check_pen)
        log.info(
            "shard_taken", shard=self.number, term=pen.term, start=start, unfinal=len(self.window.open),
            doubtful=len(self._doubtful),
        )  # fmt: skip
        return {
            routing: Position(start, await term_before(self._bus, routing, start)),
            deliveries: Position(pen.offset + 1, pen.term),
        }

    # --- the pen ------------------------------------------------------------------------------------------

    def polled(self) -> None:
        """The log was read just now, up to its end."""
        self._polled_at = asyncio.get_running_loop().time()

    @property
    def unread_for_s(self) -> float:
        """Seconds since the last proof that what we read is the log's end."""
        return asyncio.get_running_loop().time() - self._polled_at

    def check_pen(self) -> None:
        """Fenced unless we hold the pen by all we have read, and have read lately (DESIGN 3, rule 9)."""
        age = self.unread_for_s
        if self._fenced or age >= self._bus.session_timeout_s:
            raise Fenced(f"shard {self.number}: fenced={self._fenced}, last read {age:.1f} s ago")

    def saw_deliveries(self, records: list[Record]) -> None:
        """Look for another's pen among what was read of our partition of `deliveries`."""
        if self._pen is not None and any((record.term or 0) > self._pen.term for record in records):
            self._fenced = True
            self._fail(Fenced(f"shard {self.number}: a higher term was read"))

    # --- lanes --------------------------------------------------------------------------------------------

    def take_records(self, records: list[Record]) -> None:
        """Queue the replies among these records of `routing-events`; none any more while we stop."""
        if self._closing:
            return
        for record in records:
            if record.type in _SENT:
                self._queue(record)
            elif self._couriers.echo is not None and record.type in SAID:
                self._couriers.echo.saw(record)
            self.window.next = max(self.window.next, record.offset + 1)
        UNSENT.labels(self.number).set(len(self.window.open))

    def _queue(self, record: Record) -> None:
        known = self.window.open.get(record.offset)
        if known is None and record.offset < self.window.next:
            return  # final before we took over
        reply = _reply(record)
        if reply is None:
            return
        reply.done = known or 0
        reply.unknown = record.offset in self._doubtful
        self.window.open[record.offset] = reply.done
        conversation = reply.message.conversation
        lane = self._lanes.get(conversation)
        if lane is not None:
            lane.append(reply)
            return
        self._lanes[conversation] = deque([reply])
        task = asyncio.create_task(self._run_lane(conversation))
        self._running[task] = conversation
        task.add_done_callback(self._lane_ended)

    async def _run_lane(self, conversation: str) -> None:
        """One reply after another: a later one is not sent before an earlier one is final."""
        lane = self._lanes[conversation]
        if self._delivery is None:
            raise RuntimeError("take the pen first")
        while lane and not self._closing:
            await self._delivery.deliver(lane[0])
            lane.popleft()
            UNSENT.labels(self.number).set(len(self.window.open))
        if not lane:
            del self._lanes[conversation]

    def _lane_ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if not self.failure.done():
            self.failure.set_exception(error)

    async def stop(self, *, grace_s: float) -> None:
        """Let lanes finish what is in hand, then leave a position that says nothing is in doubt, if so it is.

        Who only waits for a next attempt is in nobody's hand: the next owner makes that attempt.
        """
        self._closing = True
        fit = grace_s > 0 and not self.failure.done()
        clean = await self._end_lanes(grace_s) and fit and not self.failure.done()
        if self._outcomes is not None:
            if clean:
                await self._mark_clean(self._outcomes)
            await self._outcomes.close()
        if self.failure.done():
            if not self.failure.cancelled():
                self.failure.exception()
        else:
            self.failure.cancel()

    async def _end_lanes(self, grace_s: float) -> bool:
        """End every lane; whether none was broken off with something in hand."""
        idle = [task for task in self._running if not self._in_hand(task)]
        for task in idle:
            task.cancel()
        if busy := set(self._running) - set(idle):
            await asyncio.wait(busy, timeout=grace_s)
        left = list(self._running)
        broken_off = [task for task in left if self._in_hand(task)]
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
        return not broken_off

    def _in_hand(self, task: asyncio.Task[None]) -> bool:
        lane = self._lanes.get(self._running.get(task, ""))
        return bool(lane and lane[0].in_hand)

    async def _mark_clean(self, outcomes: Outcomes) -> None:
        try:
            async with asyncio.timeout(2):
                await outcomes.record(Outcome(event=Mark(outbox="clean"), offset=-1, key=self._member))
        except (BusError, TimeoutError) as error:  # without it the next owner only flags more than it need
            log.warning("clean_mark_unwritten", shard=self.number, error=str(error))


def _reply(record: Record) -> Reply | None:
    try:
        data = orjson.loads(record.value)["data"]
        thread = data["state"]["thread"]
        data["details"]["message"]["number"] = data["state"].get("said") or None
        details = TellingDetails if record.type == ConversationTold.type else ReplyDetails
        message = details.read(data["details"]).message
    except (ValidationError, KeyError, TypeError, ValueError) as error:
        # Our own router wrote it: a bug, or a later version. It stays in the log and is said loudly.
        log.error("reply_unreadable", offset=record.offset, error=str(error)[:300])
        return None
    return Reply(record.offset, message, thread, trace=record.header(Header.TRACE) or "")


async def _last_position(bus: Bus, partition: Partition, *, before: int) -> tuple[Window, bool] | None:
    """The last accepted position before an offset, and whether its owner ended cleanly; None if nobody ever wrote."""
    end, newest = before, 0
    while page := await bus.tail(partition, _PAGE, before=end):
        start = page[0].offset
        newest = max(newest, highest_term(page))
        terms = TermFilter(Position(start, await term_before(bus, partition, start)))
        for record in reversed(terms.keep(page)):
            text = record.header(Header.POSITION)
            if text is not None:
                # Who took the pen after a clean end and wrote no outcome may have made calls all the same.
                return Window.read(text), record.type == Mark.type and newest == record.term
        end = start
    return (Window(), False) if newest else None
