"""How we connect to Redis, for the board and for the log on streams: redis-py's traps closed once."""

from __future__ import annotations

import asyncio
from typing import Any

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff


class _Heedful(redis.Redis):
    """Heeds cancellation after every command.

    redis-py 8.1 can swallow one that arrives while it takes a connection from its pool (seen: a reader that was asked
    to stop went on for ever). The task still knows that it was asked.
    """

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        answer = await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]  # redis-py's is
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError
        return answer


class _Closing:
    """Of a connection: says of a closed transport what redis-py understands.

    uvloop raises RuntimeError where it writes to a transport that the server closed a moment ago (seen: a board killed
    under load), which nobody would take for an absent server.
    """

    async def _send_packed_command(self, command: Any) -> None:
        try:
            await super()._send_packed_command(command)  # type: ignore[misc]  # of redis-py's connection, beside us
        except RuntimeError as error:
            raise ConnectionResetError(str(error)) from error


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
    pool.connection_class = type("Connection", (_Closing, pool.connection_class), {})
    return _Heedful.from_pool(pool)
