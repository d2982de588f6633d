"""The channel log: what happened at an account's door, for the people who run it.

Lines go to the record by the agents service, a batch a second. They explain, they do not count: when that service is
away for long the oldest are dropped, and counted as dropped.
"""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import UTC, datetime

import structlog

from trunkline.internal import Internal, RecordAway

log = structlog.get_logger()

_MOST = 1_000
_AT_ONCE = 100
"""Lines of one request: a line is at most 27 kB as JSON, so a request stays within what the agents service reads."""
_EVERY_S = 1.0


class ChannelLog:
    """Collects lines; `run` brings them away."""

    def __init__(self, internal: Internal, *, every_s: float = _EVERY_S) -> None:
        self._internal = internal
        self._every_s = every_s
        self._dropped = 0
        self._lines: deque[dict[str, str]] = deque()
        self._new = asyncio.Event()

    def note(self, account: str, kind: str, reason: str, detail: str = "") -> None:
        """Remember a line; also logged, without the detail, which may hold what a customer wrote."""
        log.warning("channel_log", account=account, kind=kind, reason=reason)
        self._lines.append(
            {
                "account": account,
                "kind": kind,
                "reason": reason[:500],
                "detail": detail[:4_000],
                "at": datetime.now(UTC).isoformat(),
            }
        )
        if len(self._lines) > _MOST:
            self._lines.popleft()
            self._dropped += 1
        self._new.set()

    async def run(self) -> None:
        """Bring lines to the record for ever."""
        while True:
            await self._new.wait()
            await asyncio.sleep(self._every_s)  # let a burst become one request
            await self._bring()

    async def _bring(self) -> None:
        self._new.clear()
        lines = [self._lines.popleft() for _ in range(min(_AT_ONCE, len(self._lines)))]
        if not await self._send(lines):
            room = _MOST - len(self._lines)
            self._dropped += max(0, len(lines) - room)
            self._lines.extendleft(reversed(lines[-room:] if room else []))
        elif self._dropped:
            log.warning("channel_log_lines_dropped", lines=self._dropped)
            self._dropped = 0
        if self._lines:
            self._new.set()

    async def _send(self, lines: list[dict[str, str]]) -> bool:
        try:
            await self._internal.post("/internal/channel-log", {"lines": lines})
        except RecordAway as error:
            log.debug("channel_log_waits", error=str(error))
            return False
        return True
