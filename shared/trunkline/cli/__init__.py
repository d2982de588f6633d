"""The command line: `trunkline setup`, `up`, `check`, …; one module per command, each with `register(app)`."""

from __future__ import annotations

import importlib
import sys
from typing import Final

import typer

COMMANDS: Final = {
    "board": "trunkline.cli.board",
    "check": "trunkline.cli.check",
    "explain": "trunkline.cli.explain",
    "failpoints": "trunkline.cli.failpoints",
    "queue": "trunkline.cli.queue",
    "replay": "trunkline.cli.replay",
    "reset": "trunkline.cli.reset",
    "setup": "trunkline.cli.setup",
    "simulate": "trunkline.cli.simulate",
    "staff": "trunkline.cli.staff",
    "up": "trunkline.cli.up",
    "version": "trunkline.cli.version",
}


def main() -> None:
    """Run the command that was typed."""
    app_for(sys.argv[1:])(prog_name="trunkline")


def app_for(words: list[str]) -> typer.Typer:
    """The application, with the one command that `words` begin with, or with all (for help and for a wrong word).

    Only what is needed is imported: `up` is waited for by a person, and `check` brings a rule engine.
    """
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_about)
    for name in [words[0]] if words and words[0] in COMMANDS else list(COMMANDS):
        importlib.import_module(COMMANDS[name]).register(app)
    return app


def _about() -> None:
    """Any channel in, the right agent, the same channel out."""
