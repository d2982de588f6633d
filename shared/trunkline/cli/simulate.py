"""`trunkline simulate`: what a floor would come to, under this configuration or that."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from trunkline.board import BoardAway
from trunkline.channels import registry
from trunkline.cli.tables import print_problems, table
from trunkline.config.load import load
from trunkline.config.model import Config
from trunkline.config.plain import load_as
from trunkline.config.problems import ConfigError
from trunkline.simulation.floor import Floor
from trunkline.simulation.page import page
from trunkline.simulation.report import Report, Table
from trunkline.simulation.scenario import Scenario, Unfit, scenario
from trunkline.simulation.server import ServerFailed, own_board
from trunkline.simulation.study import Outcome, Progress, boards_at, study

_TELL_EVERY_S = 5.0


async def simulate(scenarios: list[Scenario], *, seed: int, replications: int) -> list[Outcome]:
    """Play them on a board of their own, telling how far it is."""
    async with own_board() as url:
        return await study(
            scenarios, boards_at(url), seed=seed, replications=replications,
            progress=_Telling(len(scenarios) * replications).hear,
        )  # fmt: skip


class _Telling:
    """How far it is, on the standard error, every few seconds."""

    def __init__(self, plays: int) -> None:
        self._plays = plays
        self._shares: dict[tuple[str, int], float] = {}
        self._next = time.monotonic() + _TELL_EVERY_S

    def hear(self, progress: Progress) -> None:
        self._shares[progress.label, progress.replication] = progress.share
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _TELL_EVERY_S
            done = sum(self._shares.values()) / self._plays
            print(f"{done:.0%} of {self._plays} days played", file=sys.stderr, flush=True)


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""

    @app.command("simulate")
    def command(
        floor: Annotated[Path, typer.Argument(help="who writes and who answers: docs/foresight.md")],
        *,
        config: Annotated[Path | None, typer.Option(help="a trunkline.yaml with the queues; else plain ones")] = None,
        other_config: Annotated[Path | None, typer.Option(help="the same floor under this one, compared")] = None,
        other_floor: Annotated[Path | None, typer.Option(help="another floor, compared")] = None,
        seed: Annotated[int, typer.Option(help="the same seed, the same customers")] = 1,
        replications: Annotated[int, typer.Option(min=1, max=1_000, help="how often the day is played")] = 5,
        as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
        to_page: Annotated[Path | None, typer.Option("--page", help="write a page with charts to this file")] = None,
    ) -> None:
        """Play a floor's day in virtual time by the real board's own moves, and say what came of it."""
        pairs = [(floor, config)]
        if other_config is not None or other_floor is not None:
            pairs.append((other_floor or floor, other_config or config))
        if len(set(pairs)) < len(pairs):
            typer.echo("both floors are the same file under the same configuration", err=True)
            raise typer.Exit(2)
        if to_page is not None:
            _try_to_write(to_page)
        scenarios = [_scenario(label, *pair) for label, pair in zip(_labels(pairs), pairs, strict=True)]
        try:
            outcomes = uvloop.run(simulate(scenarios, seed=seed, replications=replications))
        except (ServerFailed, BoardAway) as error:
            typer.echo(f"simulate: {error}", err=True)
            raise typer.Exit(1) from error
        report = Report(outcomes, seed=seed)
        if to_page is not None:
            to_page.write_text(page(report), encoding="utf-8")
        typer.echo(json.dumps(report.as_json(), indent=2) if as_json else _text(report))


def _try_to_write(file: Path) -> None:
    """Minutes of playing must not end with a page that cannot be kept."""
    try:
        file.touch()
    except OSError as error:
        typer.echo(f"{file} cannot be written: {error.strerror}", err=True)
        raise typer.Exit(2) from error


def _labels(pairs: list[tuple[Path, Path | None]]) -> list[str]:
    """What tells them apart: the floor's file, or the configuration's, or both."""
    floors, configs = ({pair[at] for pair in pairs} for at in (0, 1))
    if len(pairs) == 1 or len(configs) == 1:
        return [str(floor) for floor, _ in pairs]
    named = [str(config or "plain queues") for _, config in pairs]
    return (
        named if len(floors) == 1 else [f"{floor} under {name}" for (floor, _), name in zip(pairs, named, strict=True)]
    )


def _scenario(label: str, floor: Path, config: Path | None) -> Scenario:
    reading = floor
    try:
        known = load_as(floor, Floor)
        given: Config | None = None
        if config is not None:
            reading = config
            given = load(config, registry.load(), os.environ)
        return scenario(label, known, given)
    except ConfigError as error:
        print_problems(reading, error)
    except Unfit as error:
        for line in str(error).splitlines():
            print(f"{floor}: {line}")
    except registry.RegistryError as error:
        print(f"the installed channels cannot be used: {error}", file=sys.stderr)
    raise typer.Exit(1)


def _text(report: Report) -> str:
    parts = []
    for place, label in enumerate(report.labels):
        parts.append(f"{label}: {report.replications} replications, seed {report.seed}")
        parts += [_lines(report.customers(place)), _lines(report.agents(place))]
    for place, label in enumerate(report.labels[1:], start=1):
        parts += [f"{label} less {report.labels[0]} (95 % intervals; * leaves out 0)", _lines(report.compared(place))]
    return "\n\n".join(parts)


def _lines(found: Table) -> str:
    return table(found.head, found.rows)
