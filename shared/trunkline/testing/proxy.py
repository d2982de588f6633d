"""A TCP proxy that is as unkind as a network: slow, silent, refusing, resetting, cutting, losing just the answer.

`drop_reply` is the only way to make an *unknown outcome* on demand: the request reaches the server and takes effect,
the answer does not arrive. The proxy counts what it did, and a test asserts that it did something.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import socket
import struct
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

from trunkline.testing.ports import HOST, free_port
from trunkline.testing.replies import HttpReplies, Replies, RespReplies

_CHUNK = 65_536
_QUEUED = 256
"""Chunks under way in one direction; then the sender is held back."""


@dataclass(slots=True)
class Rules:
    """What befalls the bytes of one direction, from now on, on all connections."""

    latency_s: float = 0.0
    jitter_s: float = 0.0
    """Uniform, added to the latency. Order is kept."""
    blackhole: bool = False
    """Swallow everything; connections stay open."""
    cut_after: int | None = None
    """Let so many bytes through (counted from when it is set, over all connections), then reset the connection."""


@dataclass(slots=True)
class Counts:
    """What the proxy did since it was made (or since a test put a fresh one here)."""

    accepted: int = 0
    reset: int = 0
    cut: int = 0
    swallowed_bytes: int = 0
    dropped_replies: int = 0
    to_server_bytes: int = 0
    to_client_bytes: int = 0


@dataclass(slots=True)
class _Drop:
    match: re.Pattern[bytes]
    left: int
    protocol: Literal["resp", "http"]
    then: Literal["reset", "hang"]


@dataclass(slots=True, eq=False)
class _Connection:
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    replies: Replies | None = None
    hung: bool = False
    requests: asyncio.Queue[tuple[float, bytes]] = field(default_factory=lambda: asyncio.Queue(_QUEUED))
    answers: asyncio.Queue[tuple[float, bytes]] = field(default_factory=lambda: asyncio.Queue(_QUEUED))
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


class FaultProxy:
    """Stands between clients and one server. `async with` it, and give clients `port` instead of the server's."""

    def __init__(self, port: int, *, host: str = HOST) -> None:
        self._upstream = (host, port)
        self.port = free_port()
        self.to_server = Rules()
        self.to_client = Rules()
        self.counts = Counts()
        self._listener: asyncio.Server | None = None
        self._resetting = False
        self._connections: set[_Connection] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._drop: _Drop | None = None

    async def __aenter__(self) -> Self:
        await self.accept()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.refuse()
        for task in list(self._serving):
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving)

    # --- faults -------------------------------------------------------------------------------------------

    async def accept(self) -> None:
        """Take connections (again) and pass them on."""
        self._resetting = False
        if self._listener is None:
            self._listener = await asyncio.start_server(self._enter, HOST, self.port)

    async def refuse(self) -> None:
        """Reset all connections, and refuse new ones as a closed port does."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        self.reset()

    def rst(self) -> None:
        """Reset all connections, and every new one as soon as it is accepted, until `accept`."""
        self._resetting = True
        self.reset()

    def reset(self) -> None:
        """Reset the connections there are; new ones pass."""
        for connection in list(self._connections):
            self._reset(connection)

    def blackhole(self, on: bool = True) -> None:
        """Swallow both directions, or stop doing so; connections stay open and new ones are accepted."""
        self.to_server.blackhole = self.to_client.blackhole = on

    def drop_reply(
        self,
        match: bytes,
        count: int = 1,
        *,
        protocol: Literal["resp", "http"] = "resp",
        then: Literal["reset", "hang"] = "reset",
    ) -> None:
        """Lose the answers to the next `count` requests that match a regular expression.

        The request reaches the server; when its answer comes, it is swallowed and the connection is reset, or hangs
        (no answer passes any more), for no TCP connection loses bytes in its middle. RESP: searched in each whole
        command, answers before it pass. HTTP/1.1: searched in each request's head, request by request (no
        pipelining). A connection with requests under way at this call may be judged one answer off.
        """
        self._drop = _Drop(re.compile(match, re.DOTALL), count, protocol, then)

    # --- connections --------------------------------------------------------------------------------------

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.counts.accepted += 1
        task = asyncio.current_task()
        if task is not None:
            self._serving.add(task)
        try:
            if self._resetting:
                self.counts.reset += 1
                _abort(writer)
                return
            await self._serve(reader, writer)
        except asyncio.CancelledError:
            # Only `__aexit__` cancels; start_server's own callback would log a cancelled task as an error.
            _abort(writer)
        finally:
            if task is not None:
                self._serving.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server_reader, server_writer = await asyncio.open_connection(*self._upstream)
        except OSError:
            self.counts.reset += 1
            _abort(writer)
            return
        connection = _Connection(writer, server_writer)
        self._connections.add(connection)
        try:
            async with asyncio.TaskGroup() as group:
                connection.tasks = [
                    group.create_task(self._take_requests(connection, reader)),
                    group.create_task(self._take_answers(connection, server_reader)),
                    group.create_task(self._pass_on(connection, connection.requests, self.to_server, server_writer)),
                    group.create_task(self._pass_on(connection, connection.answers, self.to_client, writer)),
                ]
        finally:
            self._connections.discard(connection)
            for end in (writer, server_writer):
                if not end.is_closing():
                    _abort(end)

    async def _take_requests(self, connection: _Connection, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(_CHUNK):
                self._watch(connection, data)
                await connection.requests.put((self._due(self.to_server), data))
            await connection.requests.put((0.0, b""))
            if not connection.hung:
                return
        self._reset(connection)

    async def _take_answers(self, connection: _Connection, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(_CHUNK):
                if passing := self._without_lost(connection, data):
                    await connection.answers.put((self._due(self.to_client), passing))
            if not connection.hung:
                await connection.answers.put((0.0, b""))
            return
        self._reset(connection)

    @staticmethod
    def _due(rules: Rules) -> float:
        """When these bytes may pass; latency delays, it does not narrow the line."""
        wait = rules.latency_s + random.random() * rules.jitter_s  # noqa: S311 - no secret
        return asyncio.get_running_loop().time() + wait

    async def _pass_on(
        self, connection: _Connection, line: asyncio.Queue[tuple[float, bytes]], rules: Rules, out: asyncio.StreamWriter
    ) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):  # ending what is gone already is ENOTCONN, which is no ConnectionError
            while True:
                due, data = await line.get()
                if (wait := due - loop.time()) > 0:
                    await asyncio.sleep(wait)
                if not data:
                    out.write_eof()
                    return
                await self._pass(connection, rules, data, out)
        self._reset(connection)

    async def _pass(self, connection: _Connection, rules: Rules, data: bytes, out: asyncio.StreamWriter) -> None:
        if rules.blackhole:
            self.counts.swallowed_bytes += len(data)
            return
        cut = rules.cut_after is not None and len(data) >= rules.cut_after
        if rules.cut_after is not None:
            data = data[: rules.cut_after]
            rules.cut_after -= len(data)
        out.write(data)
        await out.drain()
        if out is connection.server:
            self.counts.to_server_bytes += len(data)
        else:
            self.counts.to_client_bytes += len(data)
        if cut:
            rules.cut_after = None
            self.counts.cut += 1
            self._reset(connection, spare=out)

    # --- replies ------------------------------------------------------------------------------------------

    def _watch(self, connection: _Connection, data: bytes) -> None:
        """Note which of the answers to come are to be lost."""
        if connection.replies is None:
            if self._drop is None or self._drop.left <= 0:
                return
            connection.replies = RespReplies() if self._drop.protocol == "resp" else HttpReplies()
        connection.replies.asked(data, self._chosen)

    def _chosen(self, request: bytes) -> bool:
        drop = self._drop
        if drop is None or drop.left <= 0 or not drop.match.search(request):
            return False
        drop.left -= 1
        return True

    def _without_lost(self, connection: _Connection, data: bytes) -> bytes:
        if connection.hung:
            self.counts.swallowed_bytes += len(data)
            return b""
        if connection.replies is None:
            return data
        passing, lost = connection.replies.answered(data)
        if not lost:
            return passing
        self.counts.dropped_replies += 1
        self.counts.swallowed_bytes += len(data) - len(passing)
        connection.hung = True
        if self._drop is not None and self._drop.then == "hang":
            return passing
        if passing:  # what came before the lost answer had arrived
            connection.client.write(passing)
            self.counts.to_client_bytes += len(passing)
        self._reset(connection, spare=connection.client if passing else None)
        return b""

    def _reset(self, connection: _Connection, *, spare: asyncio.StreamWriter | None = None) -> None:
        """Reset both ends; `spare` is closed after what was written to it, with a FIN, because RST would overtake."""
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        self.counts.reset += 1
        for writer in (connection.client, connection.server):
            if writer is spare:
                writer.close()
            else:
                _abort(writer)
        for task in connection.tasks:
            task.cancel()


def _abort(writer: asyncio.StreamWriter) -> None:
    """Close with RST: linger 0 drops what is unsent."""
    connected = writer.get_extra_info("socket")
    if connected is not None and not writer.is_closing():
        with contextlib.suppress(OSError):
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
