"""Checkpoints: a shard's fold of the log as a blob, so that a rebuild need not read 30 days (DESIGN 3, rule 5)."""

from __future__ import annotations

import asyncio
import time
import zlib
from datetime import UTC, datetime
from gzip import BadGzipFile

import structlog

from services.router.core import Core
from services.router.relay import Relay
from trunkline.blobs import BlobMissing
from trunkline.board.fold import Fold
from trunkline.bus import NewRecord, Position
from trunkline.bus.pen import term_before
from trunkline.events import Checkpoint, Envelope, Mark, pack
from trunkline.failpoints import afailpoint
from trunkline.metrics import CHECKPOINTS
from trunkline.moments import ms_of

log = structlog.get_logger()

EVERY_EVENTS = 50_000
EVERY_S = 600.0
MARK_EVERY_S = 86_400.0
_PAGE = 1_000


async def load_last(core: Core, shard: int, *, before: int) -> Fold:
    """The fold of the newest checkpoint that counts and can be read; an empty one if there is none."""
    partition, end = core.routing(shard), before
    while page := await core.bus.tail(partition, _PAGE, before=end):
        for record in reversed(page):
            if record.type != Checkpoint.type or (record.term or 0) < await term_before(
                core.bus, partition, record.offset
            ):
                continue
            event = Envelope.model_validate_json(record.value).read()
            if isinstance(event, Checkpoint) and (fold := await _load(core, event)) is not None:
                return fold
        end = page[0].offset
    return Fold()


async def _load(core: Core, checkpoint: Checkpoint) -> Fold | None:
    try:
        return await asyncio.to_thread(Fold.load, await core.blobs.get(checkpoint.blob))
    except (BlobMissing, BadGzipFile, EOFError, zlib.error, KeyError, ValueError) as error:
        log.error("checkpoint_unreadable", blob=checkpoint.blob, error=f"{type(error).__name__}: {error}"[:200])
        return None


class Keeper:
    """Writes one shard's checkpoints, and a mark a day when nothing happens.

    Between two checkpoints it holds no fold: with a day of closed conversations in it that would be most of the
    router's memory, for nothing.
    """

    def __init__(self, core: Core, shard: int) -> None:
        self._core = core
        self._shard = shard
        self._last: Checkpoint | None = None
        self._end = -1
        self._written = self._spoke = time.monotonic()

    async def look(self, relay: Relay) -> None:
        """Write what is due."""
        now = time.monotonic()
        end = (await self._core.bus.bounds(self._core.routing(self._shard))).next
        if self._end < 0:
            self._end = (await self._fold(end)).position.offset
        fresh = end - self._end
        if fresh >= EVERY_EVENTS or (fresh > 1 and now - self._written >= EVERY_S):
            await self.write(relay, await self._fold(end), end)
            self._written = self._spoke = now
        elif now - self._spoke >= MARK_EVERY_S:
            await self._mark(relay, await self._fold(end))
            self._spoke = now

    async def _fold(self, end: int) -> Fold:
        """That of the newest checkpoint: our own, or the one that the log names."""
        if self._last is not None and (fold := await _load(self._core, self._last)) is not None:
            return fold
        return await load_last(self._core, self._shard, before=end)

    async def write(self, relay: Relay, fold: Fold, end: int) -> None:
        """Fold what was read back up to `end`, keep it, then say so in the log."""
        partition = self._core.routing(self._shard)
        start = fold.position
        first = (await self._core.bus.bounds(partition)).first
        fold.position = Position(max(start.offset, first), start.term)
        async for records in self._core.bus.read(partition, fold.position, end=end):
            for record in records:
                fold.take(record)
            await asyncio.sleep(0)
        fold.position = Position(end, await term_before(self._core.bus, partition, end))
        blob = await self._core.blobs.put(await asyncio.to_thread(fold.dump, int(time.time() * 1_000)))
        await afailpoint("checkpoint.kept")
        event = Checkpoint(blob=blob.digest, offset=end, term=fold.position.term)
        await relay.append(self._record(relay, event, applied=fold.applied))
        self._last, self._end = event, end
        CHECKPOINTS.inc()
        log.info("checkpoint", shard=self._shard, events=end - start.offset, bytes=blob.size)

    async def _mark(self, relay: Relay, fold: Fold) -> None:
        await relay.append(self._record(relay, Mark(applied=fold.applied, outbox=relay.last), applied=fold.applied))

    def _record(self, relay: Relay, event: Checkpoint | Mark, *, applied: int) -> NewRecord:
        now = datetime.now(UTC)
        name = f"{event.type}-{self._shard}-{ms_of(now)}"
        value = pack(event, id=name, source="trunkline/router", subject=self._core.member, time=now)
        return NewRecord(self._core.member.encode(), value, relay.headers(event.type, applied=applied))
