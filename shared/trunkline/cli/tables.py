"""What commands print alike: tables, and what is wrong with a file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from trunkline.config.problems import ConfigError


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns under a head: the first to the left (left out if it says nothing), all others to the right."""
    lines = [head, *rows]
    if all(not row[0] for row in rows):
        lines = [line[1:] for line in lines]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if column == 0 and lines[0] == head else text.rjust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def print_problems(file: Path, error: ConfigError) -> None:
    """`file:line:column: path: what is wrong`, for each."""
    for problem in error.problems:
        print(f"{file}:{problem}")
    count = len(error.problems)
    print(f"{count} problem{'s' if count > 1 else ''}; the file cannot be used", file=sys.stderr)
