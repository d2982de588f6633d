"""Asks one address again and again from a process of its own: how long a service's loop stood still, seen from outside.

The longest answer is what a loop that stands still makes of the shortest one; where two cores are busy with other
things it tells of those too, so it is never better than the truth.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from tests.bench.samples import Samples, Window
from tests.bench.worker import Method, work

_PAUSE_S = 0.002


class Probe:
    """What the bench asks of it."""

    def __init__(self) -> None:
        self._samples = Samples()
        self._asking: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def begin(self, *, url: str) -> None:
        """Ask for ever, one question at a time, by one connection."""
        parts = urlsplit(url)
        reader, self._writer = await asyncio.open_connection(parts.hostname, parts.port)
        request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
        self._asking = asyncio.create_task(self._ask(reader, self._writer, request))

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
        while True:
            began = time.time()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(length)
            self._samples.add(began, time.time())
            await asyncio.sleep(_PAUSE_S)

    async def end(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()
        if self._writer is not None:
            self._writer.close()
            await self._writer.wait_closed()

    async def summary(self, *, windows: list[Window]) -> dict[str, Any]:
        """The answers' times within the windows. RuntimeError if it does not ask (any more)."""
        if self._asking is None:
            raise RuntimeError("begin first")
        if self._asking.done():
            self._asking.result()
        return dict(self._samples.summary(windows))


@asynccontextmanager
async def _start() -> AsyncIterator[Mapping[str, Method]]:
    probe = Probe()
    yield {"begin": probe.begin, "summary": probe.summary}
    await probe.end()


if __name__ == "__main__":
    work(_start)
