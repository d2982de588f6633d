"""The calendars that clocks are reckoned by, kept known to the board: at the start, with a new file, and once a day."""

from __future__ import annotations

import asyncio

import structlog

from services.router.core import Core
from trunkline.board import BoardAway
from trunkline.board.hours import tell_hours

log = structlog.get_logger()

_EVERY_S = 86_400.0
_AGAIN_S = 5.0


class Hours:
    """Tells them. Who tells the same twice, or beside another router, changes nothing."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """The configuration is another now."""
        self._changed.set()

    async def run(self, core: Core) -> None:
        """Tell them for ever. While the board is away it is tried again; who builds one tells it first."""
        while True:
            self._changed.clear()
            calendars = core.rules().config.clock_calendars
            try:
                await tell_hours(core.board, calendars)
                pause = _EVERY_S
                log.debug("hours_told", calendars=sorted(calendars))
            except BoardAway as error:
                log.debug("hours_wait", reason=str(error))
                pause = _AGAIN_S
            await self._sooner(pause)

    async def _sooner(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return
