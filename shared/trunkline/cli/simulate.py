"""`trunkline simulate`: what a floor would come to, under this configuration or that."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trunkline.cli.played import config_of, play_and_show, scenario_of
from trunkline.cli.tables import print_problems
from trunkline.config.plain import load_as
from trunkline.config.problems import ConfigError
from trunkline.simulation.floor import Floor
from trunkline.simulation.scenario import Scenario


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
        scenarios = [_scenario(label, *pair) for label, pair in zip(_labels(pairs), pairs, strict=True)]
        play_and_show(scenarios, seed=seed, replications=replications, as_json=as_json, to_page=to_page)


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
    try:
        known = load_as(floor, Floor)
    except ConfigError as error:
        print_problems(floor, error)
        raise typer.Exit(1) from error
    return scenario_of(label, known, config_of(config) if config is not None else None, what=str(floor))
