"""How we connect to Redis, for the board and for the log on streams: redis-py's traps closed once."""

from __future__ import annotations

from typing import Any

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff


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
    return redis.Redis.from_pool(pool)
