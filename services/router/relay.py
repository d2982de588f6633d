"""Outbox → `routing-events`: in order, in batches of whole items, one batch in flight, bytes never decoded."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import time
from collections import deque
from datetime import UTC, datetime

import structlog

from services.router.core import Core, Stale, why_not
from services.router.observe import observe
from trunkline.board.relay import Entry, compose, cut
from trunkline.bus import Bus, NewRecord, Partition, Pen, Position, Record
from trunkline.events import DeadLetter, Envelope, Header, MessageRefused, Topic, headers, pack
from trunkline.failpoints import failpoint
from trunkline.metrics import DEAD_LETTERS, UNRELAYED, UNRELAYED_AGE

log = structlog.get_logger()

_READ = 500
_LOOK_AGAIN_S = 1.0
_KEEP_S = 10.0


class Relay:
    """One shard's relay, under one pen."""

    def __init__(self, core: Core, shard: int, pen: Pen, *, last: str, generation: str, wake: asyncio.Event) -> None:
        self._core = core
        self._shard = shard
        self._pen = pen
        self._generation = generation
        self._wake = wake
        self._old: deque[tuple[float, str]] = deque()
        self.last = last
        """Id of the last relayed entry: the witness."""
        self._oldest_ms = 0
        # Asked when it is looked at: while an append hangs, or no relay lives, nobody would set it.
        UNRELAYED_AGE.labels(shard).set_function(self._age_s)
        self.writing = asyncio.Lock()
        """Held around every append with this pen: one batch in flight."""

    async def run(self) -> None:
        """Relay for ever. Fenced, Stale, NotYet or AppendUnknown end it: only the log can then say what was relayed."""
        while True:
            await self._core.bus.turn()  # before it reads: what is decided until then shares the batch
            self._wake.clear()
            entries, more = await self._read()
            batch = cut(entries, more=more)
            if batch:
                await self._write(batch)
            if len(batch) == len(entries) and not more and not self._wake.is_set():
                await self._wait()

    async def _wait(self) -> None:
        UNRELAYED.labels(self._shard).set(0)
        self._oldest_ms = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_AGAIN_S):
                await self._wake.wait()

    async def _read(self) -> tuple[list[Entry], bool]:
        answer = await self._core.board.submit(
            "outbox", str(self._shard), str(self._pen.term), self.last, str(_READ), self._trim_before()
        )
        if answer[0] != b"ok":
            raise why_not(answer[0], shard=self._shard, last=self.last)
        partition, term = self._pen.partition, self._pen.term
        return [compose(partition, term, self._generation, raw) for raw in answer[1]], len(answer[1]) == _READ

    def _age_s(self) -> float:
        """Age of the oldest entry that is read and not in the log yet, in seconds; 0 when there is none."""
        return max(0.0, time.time() - self._oldest_ms / 1_000) if self._oldest_ms else 0.0

    def _trim_before(self) -> str:
        """The newest entry relayed more than ten seconds ago; never the last relayed one, which is the witness."""
        found = ""
        while self._old and self._old[0][0] < time.monotonic() - _KEEP_S:
            found = self._old.popleft()[1]
        return "" if found == self.last else found

    async def _write(self, batch: list[Entry]) -> None:
        for entry in batch:
            if entry.is_refusal:
                await copy_refused(self._core.bus, self._shard, entry)
        UNRELAYED.labels(self._shard).set(len(batch))
        self._oldest_ms = batch[0].at_ms
        failpoint("relay.read")
        async with self.writing:
            await self._core.bus.append(self._pen.partition, [entry.record for entry in batch], paced=True)
        failpoint("relay.appended")
        self.last = batch[-1].id
        self._old.append((time.monotonic(), self.last))
        observe(batch)

    async def append(self, record: NewRecord) -> int:
        """Write a record of the owner's own (a checkpoint, a mark) with this pen."""
        async with self.writing:
            return await self._core.bus.append(self._pen.partition, [record])

    def headers(self, event_type: str, *, applied: int) -> tuple[tuple[str, bytes], ...]:
        """Headers of a record of the owner's own."""
        return headers(
            event_type,
            (Header.TERM, b"%d" % self._pen.term),
            (Header.OUTBOX, self.last.encode()),
            (Header.APPLIED, b"%d" % applied),
            (Header.GENERATION, self._generation.encode()),
        )


async def copy_refused(bus: Bus, shard: int, entry: Entry) -> None:
    """Keep the untouched record and its reason before the log says that it was refused (DESIGN 3, rule 8)."""
    event = Envelope.model_validate_json(entry.record.value).read()
    if not isinstance(event, MessageRefused):
        raise TypeError(f"not a refusal: {event.type}")
    source = await _untouched(bus, Partition(Topic.INBOUND, shard), event.offset)
    letter = DeadLetter(
        source=f"{Topic.INBOUND}/{shard}/{event.offset}",
        reason=event.reason,
        attempts=1,
        record=base64.b64encode(source.value).decode(),
        headers={name: value.decode(errors="replace") for name, value in source.headers},
        failed_at=datetime.now(UTC),
    )
    value = pack(letter, id=letter.source, source="trunkline/router", subject=letter.source, time=letter.failed_at)
    await bus.append(Partition(Topic.DEAD_LETTERS, shard), [NewRecord(source.key, value, headers(letter.type))])
    DEAD_LETTERS.labels(Topic.INBOUND).inc()
    log.warning("message_refused", source=letter.source, reason=event.reason)


async def _untouched(bus: Bus, partition: Partition, offset: int) -> Record:
    async for records in bus.read(partition, Position(offset), end=offset + 1):
        if records:
            return records[0]
    raise Stale(f"{partition.topic}/{partition.number}/{offset} was applied and is not in the log")
