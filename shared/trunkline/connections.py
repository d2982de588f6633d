"""How we connect to Redis, for the board and for the log on streams: redis-py's traps closed once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff


class _Sound:
    """How a connection of ours writes a command, in the place of redis-py's way.

    redis-py 8.1 does it by `asyncio.wait_for`, which before Python 3.12 swallows a cancellation that arrives as the
    write ends (cpython#86296; seen: readers that were asked to stop and went on for ever), and which makes a task of
    each command. And uvloop raises RuntimeError where it writes to a transport that the server closed a moment ago
    (seen: a board killed under load), which nobody would take for an absent server.
    """

    async def send_packed_command(self: Any, command: str | bytes | Iterable[bytes], check_health: bool = True) -> None:
        if not self.is_connected:
            await self.connect_check_health(check_health=False)
        if check_health:
            await self.check_health()
        if isinstance(command, str):
            command = command.encode()
        try:
            self._writer.writelines([command] if isinstance(command, bytes) else command)
            async with asyncio.timeout(self.socket_timeout):
                await self._writer.drain()
        except BaseException as error:  # a cancellation too: half a command may be on its way, so nobody may write here
            await self.disconnect(nowait=True)
            match error:
                case TimeoutError():
                    raise redis.TimeoutError("the server takes nothing") from None
                case OSError() | RuntimeError():
                    raise redis.ConnectionError(f"writing to the server: {error}") from error
                case _:
                    raise


def redis_client(url: str, *, timeout_s: float, connections: int = 8) -> Any:  # redis-py's types say str for bytes
    """A client that never repeats a command by itself: a lost answer is an unknown outcome, for the caller to judge.

    redis-py's defaults would run a script again up to ten times, raise when 100 connections are in use instead of
    waiting, and take about a minute to notice an absent server.
    """
    pool = redis.BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=timeout_s,
        socket_timeout=timeout_s,
        socket_connect_timeout=2.0,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )
    pool.connection_class = type("Connection", (_Sound, pool.connection_class), {})
    return redis.Redis.from_pool(pool)
