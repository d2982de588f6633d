"""`python -m trunkline.demo`: the demo beside a running Trunkline; SIGTERM or Ctrl-C ends it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys

import structlog
import uvloop

from trunkline.demo.live import live
from trunkline.demo.settings import DemoSettings, Played, played_account
from trunkline.logging import configure_logging
from trunkline.settings import SettingsError, load_settings

_STOP_S = 1.5
"""Longest that the parts of the demo may take to end. Nothing of them is worth keeping."""


def main() -> int:
    """Run until asked to stop; 0 then, 1 if it could not start."""
    try:
        settings = load_settings(DemoSettings)
        played = played_account(settings)
    except SettingsError as error:
        sys.stderr.write(f"the demo cannot start: {error}\n")
        return 1
    configure_logging("demo", level=settings.log_level, log_format=settings.log_format)
    return uvloop.run(_until_asked(settings, played))


async def _until_asked(settings: DemoSettings, played: Played) -> int:
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    running = asyncio.create_task(live(settings, played), name="demo")
    stopping = asyncio.create_task(asked.wait())
    await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        stopping.cancel()
        return _failed(running, played)
    running.cancel()
    _, late = await asyncio.wait([running], timeout=_STOP_S)
    if late:
        structlog.get_logger().warning("demo_did_not_end", after_s=_STOP_S)
        sys.stdout.flush()
        os._exit(0)
    with contextlib.suppress(asyncio.CancelledError):
        running.result()
    return 0


def _failed(running: asyncio.Task[None], played: Played) -> int:
    error = running.exception()
    if isinstance(error, OSError):
        where = f"{played.host}:{played.port}"
        sys.stderr.write(f"the demo cannot start: its provider cannot listen on {where} ({error.strerror or error})\n")
        return 1
    structlog.get_logger().error("demo_failed", exc_info=error)
    return 1


if __name__ == "__main__":
    sys.exit(main())
