"""`trunkline board rebuild`: throw the board away and have it built anew from the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import NamedTuple

import typer

from trunkline.board import Board, BoardAway
from trunkline.board.owner import clear, raise_term
from trunkline.board.relay import FIRST_ID
from trunkline.bus import Bus, BusError, NewRecord, Partition, connect, take_pen
from trunkline.bus.tail import last_written
from trunkline.events import Header, Mark, Topic, headers, pack
from trunkline.settings import CommonSettings, SettingsError, load_settings

_MEMBER = "operator"


class BoardSettings(CommonSettings):
    """Where log and board are."""


class Missing(NamedTuple):
    """Items of `inbound` that the board says were applied, or were still to be, and that the log no longer has."""

    shard: int
    first: int
    last: int
    applied: int
    """What the board goes on from, once this is accepted."""


async def missing(bus: Bus) -> list[Missing]:
    """Where `inbound` contradicts what the story says was applied, shard by shard."""
    found = []
    for shard in range(bus.shards):
        applied = (await last_written(bus, Partition(Topic.ROUTING, shard))).applied
        bounds = await bus.bounds(Partition(Topic.INBOUND, shard))
        if bounds.next < applied + 1:
            found.append(Missing(shard, bounds.next, applied, bounds.next - 1))
        elif bounds.first > applied + 1:
            found.append(Missing(shard, applied + 1, bounds.first - 1, bounds.first - 1))
    return found


async def accept(bus: Bus, board: Board, gap: Missing) -> None:
    """Write into the story that this shard goes on from what the log has."""
    place = Partition(Topic.ROUTING, gap.shard)
    tail = await last_written(bus, place)
    pen = await take_pen(
        bus, place, _MEMBER, generation=tail.generation, announce=lambda term: raise_term(board, gap.shard, term)
    )
    mark = Mark(generation=tail.generation, applied=gap.applied, outbox=tail.outbox or FIRST_ID)
    now = datetime.now(UTC)
    value = pack(mark, id=f"accept-log-{gap.shard}-{pen.term}", source="trunkline/cli", subject=_MEMBER, time=now)
    told = headers(
        mark.type,
        (Header.TERM, b"%d" % pen.term),
        (Header.OUTBOX, mark.outbox.encode()),
        (Header.APPLIED, b"%d" % gap.applied),
        (Header.GENERATION, tail.generation.encode()),
    )
    await bus.append(place, [NewRecord(_MEMBER.encode(), value, told)])


async def rebuild(settings: CommonSettings, *, accept_log: bool) -> list[str]:
    """What was found and done, a line each. Nothing is changed while `inbound` contradicts and that is not accepted."""
    async with _connected(settings) as (bus, board):
        gaps = await missing(bus)
        lines = [
            f"shard {gap.shard}: items {gap.first} to {gap.last} of `inbound` are not in the log any more; what they "
            "said that is not in `routing-events` is lost"
            for gap in gaps
        ]
        if gaps and not accept_log:
            return [*lines, "nothing was changed; to go on without them, run it again with --accept-log"]
        for gap in gaps:
            await accept(bus, board, gap)
        await clear(board, await board.read_generation())
        return [*lines, "the board is cleared; the router that owns shard 0 builds it anew from the log"]


@asynccontextmanager
async def _connected(settings: CommonSettings) -> AsyncIterator[tuple[Bus, Board]]:
    names = (settings.deployment, settings.shards)
    async with (
        connect(settings.log_url, deployment=names[0], shards=names[1]) as bus,
        Board(settings.board_url, deployment=names[0], shards=names[1]) as board,
    ):
        yield bus, board


def register(app: typer.Typer) -> None:
    """Add the command."""
    board = typer.Typer(no_args_is_help=True, help="The board: what is true now.")
    app.add_typer(board, name="board")

    @board.callback()
    def _about() -> None:
        """The board: what is true now."""

    @board.command("rebuild")
    def command(
        accept_log: bool = typer.Option(default=False, help="go on although `inbound` lost items; they are listed"),
    ) -> None:
        """Throw the board away and have it built anew from the log; nothing acknowledged is lost by that."""
        try:
            lines = asyncio.run(rebuild(load_settings(BoardSettings), accept_log=accept_log))
        except (SettingsError, BusError, BoardAway) as error:
            typer.echo(f"board: {error}", err=True)
            raise typer.Exit(1) from error
        for line in lines:
            typer.echo(line)
