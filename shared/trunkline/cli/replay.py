"""`trunkline replay`: hours of this deployment's own log, played again under this configuration or that."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from trunkline.bus import BusError, connect
from trunkline.cli.played import config_of, play_and_show, scenario_of
from trunkline.settings import CommonSettings, SettingsError, load_settings
from trunkline.simulation.log import read_log
from trunkline.simulation.recorded import TooLittle, day_of
from trunkline.simulation.recording import Recording

_LONGEST = timedelta(days=31)


class LogSettings(CommonSettings):
    """Where the log is."""


class Span(NamedTuple):
    """Which hours of the log."""

    since: datetime
    until: datetime


def span(since: datetime | None, until: datetime | None, *, now: datetime) -> Span:
    """The hours meant: the day before `until` where nothing else is said, until now. Naive times are UTC.

    ValueError where they end before they begin, or are more than the log keeps.
    """
    end = _utc(until) if until is not None else now
    begin = _utc(since) if since is not None else end - timedelta(days=1)
    if begin >= end:
        raise ValueError(f"--since {begin:%Y-%m-%d %H:%M} is not before --until {end:%Y-%m-%d %H:%M}")
    if end - begin > _LONGEST:
        raise ValueError(f"{(end - begin).days} days; the log keeps 30")
    return Span(begin, end)


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


async def recording_of(settings: CommonSettings, asked: Span) -> Recording:
    """What the deployment's log says of these hours."""
    async with connect(settings.log_url, deployment=settings.deployment, shards=settings.shards) as bus:
        return await read_log(bus, asked.since, asked.until)


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""

    @app.command("replay")
    def command(
        *,
        since: Annotated[datetime | None, typer.Option(help="UTC; a day before --until if not said")] = None,
        until: Annotated[datetime | None, typer.Option(help="UTC; now if not said")] = None,
        config: Annotated[Path | None, typer.Option(help="a trunkline.yaml; else the deployment's own")] = None,
        other_config: Annotated[Path | None, typer.Option(help="the same day under this one, compared")] = None,
        warm_up_h: Annotated[float, typer.Option(min=0, help="hours at the beginning that are not counted")] = 0.0,
        seed: Annotated[int, typer.Option(help="of the replications after the first")] = 1,
        replications: Annotated[int, typer.Option(min=1, max=1_000, help="how often the day is played")] = 5,
        as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
        to_page: Annotated[Path | None, typer.Option("--page", help="write a page with charts to this file")] = None,
    ) -> None:
        """Play hours of this deployment again from its log, in virtual time by the real board's own moves."""
        try:
            asked = span(since, until, now=datetime.now(UTC))
            settings = load_settings(LogSettings)
            files = [config or settings.config_file, *([other_config] if other_config is not None else [])]
            configs = [config_of(file) for file in files]
            day = day_of(asyncio.run(recording_of(settings, asked)), configs[0], warm_up_h=warm_up_h)
        except ValueError as error:
            typer.echo(f"replay: {error}", err=True)
            raise typer.Exit(2) from error
        except (SettingsError, BusError, TooLittle) as error:
            typer.echo(f"replay: {error}", err=True)
            raise typer.Exit(1) from error
        scenarios = [
            scenario_of(str(file), day.floor, known, what=f"the log under {file}", day=day)
            for file, known in zip(files, configs, strict=True)
        ]
        play_and_show(
            scenarios, seed=seed, replications=replications, as_json=as_json, to_page=to_page, notes=day.notes
        )
