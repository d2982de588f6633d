"""The calendars that clocks are reckoned by, told to the board: Lua knows no time zones, and need not.

A calendar is told as its open spans of a year, in order, each with how long it was open before: so the moment after
any number of open hours is found in two look-ups, whatever the weekends, holidays and clocks put back between. This is
no state that a log could give back but configuration: each router tells it when it starts, when the file changed and
once a day, and who builds a board tells it first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from trunkline.board.client import Answer, Board, board_answers
from trunkline.hours import Hours
from trunkline.moments import ms_of

AHEAD = timedelta(days=400)
"""No clock ends later than the last hour told."""

BEHIND = timedelta(days=40)
"""How old a moment may be from which open hours are still counted rightly."""

_CHUNK = 500


async def tell_hours(board: Board, calendars: Mapping[str, Hours], *, now: datetime | None = None) -> None:
    """Tell the board these calendars, each in one step, in place of what it knew of them; BoardAway."""
    at = now or datetime.now(UTC)
    for name, hours in calendars.items():
        spans = await asyncio.to_thread(hours.spans_between, at - BEHIND, at + AHEAD)
        await _tell(board, name, [(ms_of(begins), ms_of(ends)) for begins, ends in spans], until=ms_of(at + AHEAD))


async def with_hours(board: Board, calendars: Mapping[str, Hours], move: Callable[[], Awaitable[Answer]]) -> Answer:
    """The answer of a move, repeated once if the board had to be told a calendar for it; BoardAway."""
    answer = await move()
    if answer.code != "hours":
        return answer
    await tell_hours(board, calendars)
    return await move()


async def _tell(board: Board, name: str, spans: list[tuple[int, int]], *, until: int) -> None:
    keys = board.keys
    before = accumulate((ends - begins for begins, ends in spans), initial=0)
    lines = [
        (f"{begins}:{ends}:{passed}", begins, passed) for (begins, ends), passed in zip(spans, before, strict=False)
    ]
    pipeline = board.client.pipeline(transaction=True)
    pipeline.delete(keys.hours(name), keys.open(name))
    for first in range(0, len(lines), _CHUNK):
        some = lines[first : first + _CHUNK]
        pipeline.zadd(keys.hours(name), {line: begins for line, begins, _ in some})
        pipeline.zadd(keys.open(name), {line: passed for line, _, passed in some})
    pipeline.hset(keys.calendars, name, str(until))
    with board_answers():
        await pipeline.execute()
