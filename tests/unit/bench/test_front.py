"""The parts with which the front's figures are taken: each sees what it is meant to see."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import time
from pathlib import Path

from tests.bench import bundles
from tests.bench.mail import large
from tests.bench.probe import Probe

_STOOD_S = 0.2


def test_a_large_mail_is_as_large_as_it_says() -> None:
    raw = large(1, 3_000_000).as_bytes()

    assert abs(len(raw) - 3_000_000) < 30_000


def test_a_bundle_is_all_its_files_each_compressed_by_itself(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    files = {tmp_path / "index.html": b"<p>" * 4_000, tmp_path / "assets" / "page.js": b"let a = 1;" * 3_000}
    for path, content in files.items():
        path.write_bytes(content)

    figure = bundles.desk(tmp_path)

    assert figure.value == sum(len(gzip.compress(content, compresslevel=9)) for content in files.values()) / 1_000


def test_a_desk_that_was_not_built_is_no_small_desk(tmp_path: Path) -> None:
    assert bundles.desk(tmp_path).failed


async def test_the_probe_sees_a_loop_that_stands_still_and_when() -> None:
    asked, stood, gone = 0, asyncio.Event(), asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):  # the probe has ended, or broken off
            while await reader.readuntil(b"\r\n\r\n"):
                asked += 1
                if asked == 20:
                    time.sleep(_STOOD_S)  # noqa: ASYNC251  this is what it is to find
                    stood.set()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        gone.set()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    probe, began = Probe(), time.time()
    await probe.begin(url=f"http://127.0.0.1:{port}/healthz")
    await stood.wait()
    while (after := await probe.summary(windows=[(began, time.time())]))["count"] < 30:
        await asyncio.sleep(0.01)
    await probe.end()
    await gone.wait()
    server.close()
    await server.wait_closed()

    assert after["max"] >= _STOOD_S * 1_000
    assert after["p50"] < _STOOD_S * 1_000
