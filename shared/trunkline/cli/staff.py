"""`trunkline staff`: how many agents a service level takes, interval by interval."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from trunkline.cli.tables import print_problems, table
from trunkline.config.plain import load_as
from trunkline.config.problems import ConfigError
from trunkline.staffing.plan import Need, plan
from trunkline.staffing.request import Staffing

_HEAD = ("interval", "per hour", "erlangs", "agents", "rostered", "in target", "mean wait", "abandoned", "occupancy")


def staff(staffing: Staffing, *, as_json: bool) -> str:
    """What is printed: a table, or the same as JSON."""
    needs = plan(staffing)
    if as_json:
        return json.dumps([need.as_json() for need in needs], indent=2)
    return table(_HEAD, [_row(need) for need in needs])


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""

    @app.command("staff")
    def command(
        *,
        file: Annotated[Path | None, typer.Argument(help="what comes, and what is promised; or the options")] = None,
        per_hour: Annotated[float | None, typer.Option(help="conversations an hour")] = None,
        handle_s: Annotated[float | None, typer.Option(help="mean handling time, wrap-up included")] = None,
        target_s: Annotated[float | None, typer.Option(help="seconds within which the share is answered")] = None,
        share: Annotated[float | None, typer.Option(help="of everybody who writes, from 0 to 1")] = None,
        patience_s: Annotated[float | None, typer.Option(help="mean patience; without it nobody leaves")] = None,
        shrinkage: Annotated[float | None, typer.Option(help="part of paid time away from the desk")] = None,
        concurrency: Annotated[int | None, typer.Option(help="conversations an agent has at once")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
    ) -> None:
        """Say how many agents a service level takes: Erlang C, or with patience Erlang A."""
        said = {
            "per_hour": per_hour, "handle_s": handle_s, "target_s": target_s, "share": share,
            "patience_s": patience_s, "shrinkage": shrinkage, "concurrency": concurrency,
        }  # fmt: skip
        given = {name: value for name, value in said.items() if value is not None}
        typer.echo(staff(_from_options(given) if file is None else _from_file(file, given), as_json=as_json))


def _from_file(file: Path, given: dict[str, Any]) -> Staffing:
    if given:
        typer.echo(f"{file} says it all; leave out {', '.join(map(_option, given))}", err=True)
        raise typer.Exit(2)
    try:
        return load_as(file, Staffing)
    except ConfigError as error:
        print_problems(file, error)
        raise typer.Exit(1) from error


def _from_options(given: dict[str, Any]) -> Staffing:
    interval = {"per_hour": given.pop("per_hour")} if "per_hour" in given else {}
    try:
        return Staffing.model_validate({**given, "intervals": [interval]})
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False):
            if fault["loc"] == ("intervals",):
                continue  # the option that is missing in it is told by its own name
            said = "is missing" if fault["type"] == "missing" else fault["msg"].removeprefix("Value error, ")
            typer.echo(f"{_option(str(fault['loc'][-1])) + ': ' if fault['loc'] else ''}{said}", err=True)
        raise typer.Exit(2) from error


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _row(need: Need) -> tuple[str, ...]:
    return (
        need.interval, f"{need.per_hour:g}", f"{need.erlangs:.1f}", str(need.agents), str(need.rostered),
        f"{need.answered_in_target:.1%}", f"{need.mean_wait_s:.1f} s", f"{need.abandoned:.1%}", f"{need.occupancy:.1%}",
    )  # fmt: skip
