"""What the streams of a deployment are called on their server, and how an entry of one is read.

Keyspace (D = `{deployment}`, a hash tag, so that all lies in one slot):

    D:log:shards              number of partitions, for ever
    D:log:<topic>:<p>         stream; entry id 0-(offset+1), so XADD 0-* keeps offsets dense
    D:log:commits:<group>:<topic>   hash: partition → next offset (for lag only)
    D:log:members:<group>:<topic>   zset: member → ms when its session ends
    D:log:leases:<group>:<topic>    hash: partition → member

An entry's fields are k (key), v (value), t (ms by the server's clock), then the headers as h.<name>.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from redis.exceptions import RedisError, ResponseError

from trunkline.bus.base import Bounds, BusAway, BusError, Partition, Record
from trunkline.connections import redis_client
from trunkline.events import Topic


class StreamsServer:
    """Keys and clients of one deployment's log."""

    def __init__(self, url: str, deployment: str) -> None:
        self._url = url
        self.deployment = deployment
        self._prefix = f"{{{deployment}}}:log"

    def client(self, *, timeout_s: float) -> Any:
        """A client of one's own: a blocked read must not hold up the others.

        Stream replies stay as they come: redis-py would make dicts of them and lose a repeated header.
        """
        client = redis_client(self._url, timeout_s=timeout_s, connections=16)
        for command in ("XRANGE", "XREVRANGE", "XREAD"):
            client.set_response_callback(command, _as_it_came)
        return client

    @property
    def shards_key(self) -> str:
        """Where the number of partitions is kept."""
        return f"{self._prefix}:shards"

    def stream(self, partition: Partition) -> str:
        """The key of a partition's stream."""
        return f"{self._prefix}:{partition.topic}:{partition.number}"

    def group_key(self, what: str, group: str, topic: Topic) -> str:
        """A key of a consumer group."""
        return f"{self._prefix}:{what}:{group}:{topic}"


@contextlib.contextmanager
def log_answers() -> Iterator[None]:
    """What is asked of Redis herein is answered; BusAway otherwise."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise BusAway(f"the log does not answer: {type(error).__name__}") from error


async def bounds_of(client: Any, stream: str) -> Bounds:
    """First and next offset of a stream; BusAway."""
    with log_answers():
        try:
            # One command: between two, the stream's first record could come, and seem to have been trimmed.
            info = await client.xinfo_stream(stream)
        except ResponseError as error:
            if "no such key" in str(error.args):
                return Bounds(0, 0)
            raise
    # The sequence part of the last id ever given, also when all entries are trimmed.
    following = _offset(info["last-generated-id"]) + 1
    first = info["first-entry"]
    return Bounds(_offset(first[0]) if first else following, following)


def record_of(partition: Partition, entry_id: bytes, fields: Sequence[bytes]) -> Record:
    """An entry as a record; BusError if it is none of ours."""
    if [*fields[:5:2]] != [b"t", b"k", b"v"]:
        raise BusError(f"{partition.topic}/{partition.number} {entry_id!r} is no record of ours")
    pairs = zip(fields[6::2], fields[7::2], strict=True)
    headers = tuple((name[2:].decode(), text) for name, text in pairs)
    return Record(partition, _offset(entry_id), int(fields[1]), fields[3], fields[5], headers)


def _offset(entry_id: bytes | str) -> int:
    text = entry_id.decode() if isinstance(entry_id, bytes) else entry_id
    return int(text.partition("-")[2]) - 1


def _as_it_came(reply: Any, **_: Any) -> Any:
    return reply
