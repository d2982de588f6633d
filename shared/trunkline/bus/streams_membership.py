"""A share of a topic's partitions, by leases on the server of Redis Streams."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import structlog
from redis.exceptions import RedisError

from trunkline.bus import scripts
from trunkline.bus.ownership import Ownership
from trunkline.bus.streams_server import StreamsServer
from trunkline.events import Topic

log = structlog.get_logger()


class StreamsMembership(Ownership):
    """`Membership` by leases on the log's server, by its clock: a name keeps its leases until its session ends."""

    def __init__(
        self,
        server: StreamsServer,
        topic: Topic,
        group: str,
        member: str,
        *,
        shards: int,
        session_timeout_s: float,
    ) -> None:
        super().__init__()
        self._server = server
        self._topic = topic
        self._group = group
        self._member = member
        self._shards = shards
        self._session_timeout_s = session_timeout_s
        self._client = server.client(timeout_s=2.0)
        self._beat: asyncio.Task[None] | None = None
        self._alive_until = 0.0

    async def __aenter__(self) -> Self:
        self._beat = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._beat is not None:
            self._beat.cancel()
            await asyncio.wait([self._beat])
        await self._client.aclose()

    async def commit(self, offsets: Mapping[int, int]) -> None:
        if not offsets:
            return
        try:
            key = self._server.group_key("commits", self._group, self._topic)
            await self._client.hset(key, mapping={str(number): offset for number, offset in offsets.items()})
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("commit_failed", group=self._group, error=type(error).__name__)

    async def _run(self) -> None:
        """Heartbeat six times a session; without an answer for a whole session we own nothing."""
        loop = asyncio.get_running_loop()
        keys = [self._server.group_key(what, self._group, self._topic) for what in ("members", "leases")]
        arguments = [self._member, int(self._session_timeout_s * 1_000), self._shards]
        while True:
            asked = loop.time()
            try:
                held = await scripts.run(self._client, scripts.HEARTBEAT, keys, arguments)
                self._alive_until = asked + self._session_timeout_s
                self.own(frozenset(int(number) for number in held))
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("heartbeat_failed", group=self._group, error=type(error).__name__)
                if loop.time() > self._alive_until:
                    self.own(frozenset())
            await asyncio.sleep(self._session_timeout_s / 6)
