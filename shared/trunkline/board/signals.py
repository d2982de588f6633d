"""Signals: what is worth hearing now and nothing later, by pub/sub on the board. Never the truth, never logged.

A signal may be lost and nobody is told; who must not miss something asks for it by number (DESIGN 3, joins). Telling
never waits: what cannot be told at once is told in the next call, and what is too much is dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

import structlog
from redis.exceptions import RedisError

from trunkline.board.keys import Keys
from trunkline.connections import redis_client
from trunkline.metrics import SIGNALS_DROPPED

log = structlog.get_logger()

DESKS = "desks"
"""The topic that every agents service listens to, for what contacts signal."""

LOOKS = "looks"
"""The same, for who has which conversation open."""

_MOST_WAITING = 10_000
_AT_ONCE = 256
_RETRY_S = 0.2
_LISTEN_S = 20.0


class Signals:
    """One process's way to tell signals."""

    def __init__(self, url: str, *, deployment: str) -> None:
        self._client = redis_client(url, timeout_s=5.0, connections=2)
        self._keys = Keys(deployment)
        self._waiting: deque[tuple[str, bytes]] = deque(maxlen=_MOST_WAITING)
        self._more = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    def tell(self, topic: str, payload: bytes) -> None:
        """Let whoever listens to the topic hear this, in the order told; the oldest is dropped when too much waits."""
        if len(self._waiting) == _MOST_WAITING:
            SIGNALS_DROPPED.inc()
        self._waiting.append((topic, payload))
        self._more.set()

    async def run(self) -> None:
        """Tell for ever; run it as a side task. While the board is away, signals are dropped."""
        while True:
            await self._more.wait()
            self._more.clear()
            while self._waiting:
                some = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
                await self._tell(some)

    async def _tell(self, some: list[tuple[str, bytes]]) -> None:
        pipeline = self._client.pipeline(transaction=False)
        for topic, payload in some:
            pipeline.publish(self._keys.signal(topic), payload)
        try:
            await pipeline.execute()
        except (RedisError, OSError, TimeoutError) as error:
            SIGNALS_DROPPED.inc(len(some))
            log.debug("signals_dropped", signals=len(some), error=type(error).__name__)


class Hearing:
    """Listens to topics, which may come and go; one connection for all of them."""

    def __init__(self, url: str, *, deployment: str) -> None:
        self._url = url
        self._keys = Keys(deployment)
        self._topics: set[str] = set()
        self._subscription: Any = None
        self._changed = asyncio.Event()
        self.hearing = asyncio.Event()
        """Set while connected; what was said before that must be asked for."""

    def add(self, topic: str) -> None:
        """Hear this topic too. What is told before the subscription is made is not heard."""
        self._topics.add(topic)
        self._changed.set()

    def drop(self, topic: str) -> None:
        """No longer hear it."""
        self._topics.discard(topic)
        self._changed.set()

    async def heard(self) -> AsyncIterator[tuple[str, bytes]]:
        """Topic and payload of what is told, for ever; a lost connection is made again, silently: it is a hint."""
        while True:
            client = redis_client(self._url, timeout_s=_LISTEN_S + 10, connections=2)
            subscription = client.pubsub(ignore_subscribe_messages=True)
            keeping: asyncio.Task[None] | None = None
            try:
                await subscription.subscribe(self._keys.signal(""))  # with none, a connection cannot listen
                keeping = asyncio.create_task(self._keep(subscription))
                self.hearing.set()
                while not keeping.done():
                    message = await subscription.get_message(timeout=_LISTEN_S)
                    if message is not None:
                        yield self._keys.signalled(message["channel"].decode()), message["data"]
            except (RedisError, OSError, TimeoutError) as error:
                log.debug("hearing_lost", error=type(error).__name__)
            finally:
                self.hearing.clear()
                await _ended(keeping)
                with contextlib.suppress(RedisError, OSError, TimeoutError):
                    await subscription.aclose()
                    await client.aclose()
            await asyncio.sleep(_RETRY_S)

    async def _keep(self, subscription: Any) -> None:
        """Subscribe to what came and unsubscribe from what went, in one command each."""
        now: set[str] = set()
        while True:
            self._changed.clear()
            wanted = set(self._topics)
            try:
                if came := wanted - now:
                    await subscription.subscribe(*(self._keys.signal(topic) for topic in came))
                if went := now - wanted:
                    await subscription.unsubscribe(*(self._keys.signal(topic) for topic in went))
            except (RedisError, OSError, TimeoutError) as error:
                log.debug("hearing_lost", error=type(error).__name__)
                return
            now = wanted
            await self._changed.wait()


async def _ended(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
