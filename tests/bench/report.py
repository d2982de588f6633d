"""What a run says while it runs, and keeps for docs/benchmarks.md."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.bench.figures import EVERY, Figure


class Report:
    """Lines for people, at once and in a file; figures for programs."""

    def __init__(self) -> None:
        self.figures: dict[str, Figure] = {}
        self._lines: list[str] = []
        self._began = time.monotonic()

    def say(self, line: str) -> None:
        """One line of what is going on."""
        self._print(f"{time.monotonic() - self._began:6.1f} s  {line}")

    def heading(self, line: str) -> None:
        """A line without the time."""
        self._print(line)

    def _print(self, line: str) -> None:
        self._lines.append(line)
        print(line, flush=True)

    def add(self, figures: list[Figure]) -> None:
        """Keep figures, and show them."""
        for figure in figures:
            self.figures[figure.name] = figure
            self.say(f"==> {figure.line()}")

    def conclude(self) -> None:
        """All figures once more, in the order of the issue."""
        self.heading("")
        for name in EVERY:
            if name in self.figures:
                self.heading(self.figures[name].line())

    def write(self, path: Path) -> None:
        """The figures as JSON, and beside it all lines as text."""
        path.parent.mkdir(parents=True, exist_ok=True)
        told = {name: self.figures[name].as_json() for name in EVERY if name in self.figures}
        path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
        path.with_suffix(".txt").write_text("\n".join(self._lines) + "\n")
