"""`trunkline failpoints`: where a test can kill, delay or fail a process."""

from __future__ import annotations

import typer

from trunkline.failpoints import POINTS


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""

    @app.command("failpoints")
    def command() -> None:
        """List the points that TRUNKLINE_FAILPOINTS can name, and what each sits between."""
        width = max(map(len, POINTS), default=0)
        for name, between in sorted(POINTS.items()):
            print(f"{name.ljust(width)}  {between}")
