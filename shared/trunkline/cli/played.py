"""What the commands that play floors have in common: what is played, telling how far it is, and what came of it."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import typer
import uvloop

from trunkline.board import BoardAway
from trunkline.channels import registry
from trunkline.cli.tables import print_problems, table
from trunkline.config.load import load
from trunkline.config.model import Config
from trunkline.config.problems import ConfigError
from trunkline.simulation.day import Day
from trunkline.simulation.floor import Floor
from trunkline.simulation.page import page
from trunkline.simulation.report import Report, Table
from trunkline.simulation.scenario import Scenario, Unfit, scenario
from trunkline.simulation.server import ServerFailed, own_board
from trunkline.simulation.study import Outcome, Progress, boards_at, study

_TELL_EVERY_S = 5.0


def config_of(file: Path) -> Config:
    """The configuration of a file; exit status 1 with what is wrong if it has none."""
    try:
        return load(file, registry.load(), os.environ)
    except ConfigError as error:
        print_problems(file, error)
    except registry.RegistryError as error:
        print(f"the installed channels cannot be used: {error}", file=sys.stderr)
    raise typer.Exit(1)


def scenario_of(label: str, floor: Floor, config: Config | None, *, what: str, day: Day | None = None) -> Scenario:
    """The floor under the configuration; exit status 1, saying of `what`, if they do not fit together."""
    try:
        return scenario(label, floor, config, day=day)
    except Unfit as error:
        for line in str(error).splitlines():
            print(f"{what}: {line}")
        raise typer.Exit(1) from error


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


def play_and_show(
    scenarios: list[Scenario], *, seed: int, replications: int, as_json: bool, to_page: Path | None,
    notes: Sequence[str] = (),
) -> None:  # fmt: skip
    """Play them and print what came of it; exit status 1 if there is no board to play on."""
    if to_page is not None:
        _try_to_write(to_page)
    try:
        outcomes = uvloop.run(simulate(scenarios, seed=seed, replications=replications))
    except (ServerFailed, BoardAway) as error:
        typer.echo(f"simulate: {error}", err=True)
        raise typer.Exit(1) from error
    report = Report(outcomes, seed=seed, notes=notes)
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


def _text(report: Report) -> str:
    parts = ["\n".join(f"- {note}" for note in report.notes)] if report.notes else []
    for place, label in enumerate(report.labels):
        parts.append(f"{label}: {report.replications} replications, seed {report.seed}")
        parts += [_lines(report.customers(place)), _lines(report.agents(place))]
    for place, label in enumerate(report.labels[1:], start=1):
        parts += [f"{label} less {report.labels[0]} (95 % intervals; * leaves out 0)", _lines(report.compared(place))]
    return "\n\n".join(parts)


def _lines(found: Table) -> str:
    return table(found.head, found.rows)
