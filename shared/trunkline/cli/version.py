"""`trunkline version`."""

from __future__ import annotations

from importlib.metadata import version as installed

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""

    @app.command("version")
    def command() -> None:
        """Print the version."""
        print(installed("trunkline"))
