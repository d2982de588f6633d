"""Serving HTTP and WebSocket inside our own loop: uvicorn, with the limits it lacks.

uvicorn gives a peer all the time and room in the world to send its request's head; here it has ten seconds and 64 kB.
Bodies are bounded by who reads them. Signals stay ours: a service stops in its own order.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from trunkline.errors import StartFailed
from trunkline.ids import random_hex
from trunkline.ports import PortNeed, port_problem

HEAD_S = 10.0
MAX_HEAD_BYTES = 65_536
MAX_CONNECTIONS = 8_192

_TRACE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)


class _Impatient(HttpToolsProtocol):
    """Closes a connection on which a request's head, the first or a later one, is too slow or too large."""

    head_s = HEAD_S
    _head_bytes: int | None = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._give_up()

    def on_message_begin(self) -> None:
        self._deadline.cancel()
        self._expect_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._deadline.cancel()
        self._head_bytes = None
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._deadline.cancel()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        self._head_bytes = 0
        self._deadline = asyncio.get_running_loop().call_later(self.head_s, self._give_up)

    def _give_up(self) -> None:
        if self.transport is not None:
            self.transport.close()


class Gathered:
    """A transport that writes what it was given in one turn of the loop at once: uvloop's would make a system call of
    each frame, and frames for one desk come several at a time."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._waiting: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(data)

    def _flush(self) -> None:
        data, self._waiting = b"".join(self._waiting), []
        if data and not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()


class _GatheringSocket(WebSocketsSansIOProtocol):
    def connection_made(self, transport: Any) -> None:
        super().connection_made(cast("asyncio.Transport", Gathered(transport)))


class _Server(uvicorn.Server):
    """uvicorn's, but it is told when to stop: by itself it looks ten times a second, in every service."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told = asyncio.Event()

    def end(self) -> None:
        """Stop listening, and serve what is in hand to its end."""
        self.should_exit = True
        self._told.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        await self.on_tick(0)  # sets the headers of every answer; ours have no date that would have to be kept
        await self._told.wait()


@asynccontextmanager
async def serve(
    app: Any, host: str, port: int, *, variable: str, stop_s: float = 4.0, head_s: float = HEAD_S
) -> AsyncIterator[int]:
    """Serve an ASGI app while inside; yields the port (0 asks for a free one).

    A request's head must come within `head_s` and MAX_HEAD_BYTES, else its connection is closed.
    On leaving it stops listening, lets requests in hand finish for `stop_s`, then closes what is left.
    StartFailed, naming `variable`, when the port cannot be had.
    """
    listening = _listen(host, port, variable)
    impatient = type("Impatient", (_Impatient,), {"head_s": head_s})
    config = uvicorn.Config(
        app, http=impatient, ws=_GatheringSocket, ws_per_message_deflate=False, ws_max_size=65_536,
        log_config=None, access_log=False, lifespan="off", server_header=False, date_header=False,
        timeout_keep_alive=75, timeout_graceful_shutdown=int(stop_s), limit_concurrency=MAX_CONNECTIONS,
        proxy_headers=False, backlog=2_048,
    )  # fmt: skip
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listening]), name=f"http {port}")
    try:
        while not server.started:
            if running.done():
                running.result()
                raise StartFailed(f"the server on port {port} ended before it began")
            await asyncio.sleep(0.005)
        yield listening.getsockname()[1]
    finally:
        server.end()
        try:
            async with asyncio.timeout(stop_s + 1.0):
                await asyncio.shield(running)
        except TimeoutError:
            server.force_exit = True
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def _listen(host: str, port: int, variable: str) -> socket.socket:
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2_048
        )
    except OSError as error:
        need = PortNeed(port, "this service", variable, host)
        raise StartFailed(port_problem(need) or f"port {port} cannot be had: {error.strerror}") from error


def traceparent(given: str | None) -> str:
    """The W3C traceparent to carry on: the caller's, if well formed, else a new trace."""
    if given and _TRACE.fullmatch(given):
        return f"00-{given[3:35]}-{random_hex(16)}-{given[53:]}"
    return f"00-{random_hex(32)}-{random_hex(16)}-01"
