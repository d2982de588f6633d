"""The small port every service has for the people and machines that run it: health, readiness, metrics."""

from __future__ import annotations

import asyncio
import collections
import errno
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Gauge, generate_latest

from trunkline.errors import StartFailed

Check = Callable[[], Awaitable[str | None]]
"""Answers None when ready, else in a few words why not."""

Note = Callable[[], str | None]
"""What people should know though it does not make the process unready; None: nothing."""

CHECK_TIMEOUT_S: Final = 2.0
_SAMPLE_EVERY_S: Final = 1.0  # one wake-up a second: idle services must cost nothing one can see
_SAMPLES_KEPT: Final = 15  # a scrape each 15 s sees every sample

LOOP_LAG = Gauge("trunkline_loop_lag_seconds", "Largest lateness of the event loop's timers in the last 15 seconds.")


class Readiness:
    """The named checks of one process, whether it takes part at all, and what is to be known besides."""

    def __init__(self) -> None:
        self.checks: dict[str, Check] = {}
        self.notes: dict[str, Note] = {}
        self.not_taking_part: str | None = "starting"
        """Why the process as a whole is not ready (starting, stopping); None: ask the checks."""

    async def report(self) -> dict[str, str | None]:
        """Each check's answer: None ready, else why not. All run at once, each at most 2 s; errors are answers."""
        answers = await asyncio.gather(*(_answer(check) for check in self.checks.values()))
        report: dict[str, str | None] = dict(zip(self.checks, answers, strict=True))
        if self.not_taking_part is not None:
            report["service"] = self.not_taking_part
        return report

    def remarks(self) -> dict[str, str]:
        """The notes that say something now."""
        return {name: words for name, note in self.notes.items() if (words := note()) is not None}


async def _answer(check: Check) -> str | None:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            return await check()
    except TimeoutError:
        return f"no answer within {CHECK_TIMEOUT_S:g} s"
    except Exception as error:  # noqa: BLE001 - a probe must answer whatever a check does; the answer says what it was
        return f"{type(error).__name__}: {error}"[:300]


@asynccontextmanager
async def ops_server(host: str, port: int, readiness: Readiness, *, variable: str) -> AsyncIterator[int]:
    """Serve `/healthz`, `/readyz` and `/metrics` while inside; yields the port (0 asks for a free one).

    StartFailed, naming `variable`, when the port cannot be had.
    """
    app = web.Application()
    app.add_routes(
        [web.get("/healthz", _healthz), web.get("/readyz", _readyz(readiness)), web.get("/metrics", _metrics)]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise StartFailed(port_sentence(host, port, error, variable=variable)) from error
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


def port_sentence(host: str, port: int, error: OSError, *, variable: str) -> str:
    """Why nothing can listen on host:port, and what changes it, in one sentence."""
    why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror or error})"
    return f"port {port} on {host} {why}; set {variable} to another"


async def _healthz(_request: web.Request) -> web.Response:
    return web.json_response({"status": "alive"})


def _readyz(readiness: Readiness) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_request: web.Request) -> web.Response:
        report = await readiness.report()
        ready = not any(report.values())
        told: dict[str, object] = {"ready": ready, "checks": {name: why or "ok" for name, why in report.items()}}
        if remarks := readiness.remarks():
            told["notes"] = remarks
        return web.json_response(told, status=200 if ready else 503)

    return answer


async def _metrics(_request: web.Request) -> web.Response:
    # Away from the loop: a large registry takes milliseconds to render.
    body = await asyncio.to_thread(generate_latest, REGISTRY)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


@asynccontextmanager
async def loop_lag() -> AsyncIterator[None]:
    """Keep `trunkline_loop_lag_seconds` while inside."""
    loop = asyncio.get_running_loop()
    lags: collections.deque[float] = collections.deque([0.0], maxlen=_SAMPLES_KEPT)

    first = loop.time() + _SAMPLE_EVERY_S
    handle: asyncio.TimerHandle

    def sample(due: float) -> None:
        nonlocal handle
        now = loop.time()
        lags.append(max(0.0, now - due))
        handle = loop.call_at(now + _SAMPLE_EVERY_S, sample, now + _SAMPLE_EVERY_S)

    handle = loop.call_at(first, sample, first)
    LOOP_LAG.set_function(lambda: max(lags))
    try:
        yield
    finally:
        handle.cancel()
