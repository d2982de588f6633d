"""`trunkline check`: is the configuration good, and if not, where is it wrong?"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from trunkline.channels import registry
from trunkline.cli.tables import print_problems
from trunkline.config.cautions import cautions
from trunkline.config.document import content_of
from trunkline.config.load import parse
from trunkline.config.model import Config
from trunkline.config.problems import ConfigError

_FILE = typer.Argument(help="the file to check", envvar="TRUNKLINE_CONFIG_FILE")


def check(file: Path) -> int:
    """Print `file:line:column: path: what is wrong` for each problem and return 1; or warnings and a summary, and 0.

    The environment is the process's own: `${NAME}` without a default must be set in it, as it must be for a service.
    """
    try:
        content = content_of(file)
        config = parse(content, registry.load(), os.environ)
    except ConfigError as error:
        print_problems(file, error)
        return 1
    except registry.RegistryError as error:
        print(f"the installed channels cannot be used: {error}", file=sys.stderr)
        return 1
    for caution in cautions(content, config):
        print(f"{file}:{caution}")
    print(f"{file}: good, version {config.digest}")
    for line in _summary(config):
        print(f"  {line}")
    return 0


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""

    @app.command("check")
    def command(
        file: Annotated[Path, _FILE] = Path("trunkline.yaml"),
    ) -> None:
        """Check trunkline.yaml; exit status 1 and the place of each problem if it cannot be used."""
        raise typer.Exit(check(file))


def _summary(config: Config) -> list[str]:
    accounts = ", ".join(f"{name} ({entry.channel})" for name, entry in config.accounts.items())
    return [
        f"accounts: {accounts or 'none'}",
        f"queues:   {', '.join(config.queues)} (default: {config.default_queue})",
        f"skills:   {', '.join(config.skills) or 'none'}",
        f"rules:    {len(config.rules)}",
        *([f"calendars: {', '.join(config.calendars)}"] if config.calendars else ()),
        *([f"languages: {', '.join(config.language.of)}"] if config.language is not None else ()),
        *([f"intents:  {', '.join(config.intents.examples)}"] if config.intents is not None else ()),
    ]
