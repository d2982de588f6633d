"""The small port every service has for the people and machines that run it: health, readiness, metrics."""

from __future__ import annotations

import asyncio
import collections
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Gauge, generate_latest

from trunkline.asgi import Receive, Scope, Send, answer
from trunkline.http import serve

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
    async with serve(_Ops(readiness), host, port, variable=variable, stop_s=1.0) as listening:
        yield listening


class _Ops:
    """The ASGI application of that port."""

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        asked = scope.get("path") if scope["type"] == "http" else None
        if asked == "/healthz":
            await answer(send, 200, b'{"status":"alive"}', {})
        elif asked == "/readyz":
            await self._ready(send)
        elif asked == "/metrics":
            # Away from the loop: a large registry takes milliseconds to render.
            body = await asyncio.to_thread(generate_latest, REGISTRY)
            await answer(send, 200, body, {"content-type": CONTENT_TYPE_LATEST})
        elif asked is not None:
            await answer(send, 404, b'{"error":"there are /healthz, /readyz and /metrics"}', {})
        else:
            await send({"type": "websocket.close"})

    async def _ready(self, send: Send) -> None:
        report = await self._readiness.report()
        ready = not any(report.values())
        told: dict[str, object] = {"ready": ready, "checks": {name: why or "ok" for name, why in report.items()}}
        if remarks := self._readiness.remarks():
            told["notes"] = remarks
        await answer(send, 200 if ready else 503, orjson.dumps(told), {})


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
