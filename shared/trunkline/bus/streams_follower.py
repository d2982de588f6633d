"""Following partitions of Redis Streams without a group."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import structlog
from redis.exceptions import RedisError

from trunkline.bus.base import BusAway, OffsetGone, Partition, Position, Record
from trunkline.bus.streams_server import StreamsServer, bounds_of, record_of
from trunkline.bus.terms import TermFilter

log = structlog.get_logger()

_BLOCK_MS = 1_000
_RETRY_S = 0.25
_READ = 500


class StreamsFollower:
    """`Follower` on one blocking connection."""

    def __init__(self, server: StreamsServer, positions: Mapping[Partition, Position], *, rest_s: float) -> None:
        self._server = server
        self._rest_s = rest_s
        self._resting = False
        self._terms = {partition: TermFilter(position) for partition, position in positions.items()}
        self._client = server.client(timeout_s=_BLOCK_MS / 1_000 + 5)
        self._reading: asyncio.Task[Any] | None = None
        self._unchecked = set(self._terms)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._interrupt()
        await self._client.aclose()

    async def set(self, positions: Mapping[Partition, Position]) -> None:
        self._terms = {
            partition: self._terms.get(partition) or TermFilter(position) for partition, position in positions.items()
        }
        self._unchecked = set(self._terms)
        await self._interrupt()

    def position(self, partition: Partition) -> Position:
        return self._terms[partition].position

    async def next(self) -> dict[Partition, list[Record]]:
        if not self._terms:
            await asyncio.sleep(_RETRY_S)
            return {}
        if self._resting and self._rest_s:
            await asyncio.sleep(self._rest_s)
        terms = dict(self._terms)
        try:
            await self._check_bounds(terms)
            self._reading = asyncio.create_task(self._read(terms))
            replies = await asyncio.shield(self._reading)
        except (RedisError, OSError, TimeoutError, BusAway) as error:
            log.warning("log_away", error=type(error).__name__)
            await asyncio.sleep(_RETRY_S)
            self._unchecked = set(self._terms)
            return {}
        except asyncio.CancelledError:
            if self._reading is not None and self._reading.cancelled() and not _cancelled_from_outside():
                return {}
            await self._interrupt()
            raise
        by_stream = {self._server.stream(partition).encode(): partition for partition in terms}
        found: dict[Partition, list[Record]] = {}
        for stream, entries in replies or []:
            partition = by_stream[stream]
            if self._terms.get(partition) is not terms[partition]:
                continue
            kept = terms[partition].keep(record_of(partition, *entry) for entry in entries)
            if kept:
                found[partition] = kept
        self._resting = bool(replies) and all(len(entries) < _READ for _, entries in replies)
        return found

    async def _read(self, terms: Mapping[Partition, TermFilter]) -> Any:
        wanted = {self._server.stream(partition): f"0-{judge.offset}" for partition, judge in terms.items()}
        return await self._client.xread(wanted, count=_READ, block=_BLOCK_MS)

    async def _check_bounds(self, terms: Mapping[Partition, TermFilter]) -> None:
        for partition in list(self._unchecked):
            if partition in terms:
                bounds = await bounds_of(self._client, self._server.stream(partition))
                offset = terms[partition].offset
                if not bounds.first <= offset <= bounds.next:
                    raise OffsetGone(
                        f"{partition.topic}/{partition.number} holds {bounds.first} to {bounds.next}, not {offset}"
                    )
            self._unchecked.discard(partition)

    async def _interrupt(self) -> None:
        reading = self._reading
        if reading is not None and not reading.done():
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError, RedisError, OSError):
                await reading


def _cancelled_from_outside() -> bool:
    current = asyncio.current_task()
    return current is not None and current.cancelling() > 0
