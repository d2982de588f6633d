"""What is wrong with a file, and where."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

MAX_PROBLEMS = 100
"""Most problems told at once: who made more of them reads the first ones first."""

MAX_MEANT = 500
"""How many known names are compared with a wrong one."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong. `line` and `column` count from 1, columns in characters; `path` is like `rules[2].when`."""

    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.path}: {self.message}" if self.path else self._bare()

    def _bare(self) -> str:
        return f"{self.line}:{self.column}: {self.message}"


class ConfigError(Exception):
    """The file cannot be used: `problems` says all that is wrong with it, in the file's order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))[:MAX_PROBLEMS]
        super().__init__("\n".join(map(str, self.problems)))


def meant(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant; None if none is near. Bounded, however many and long the names are."""
    near = difflib.get_close_matches(name[:80], list(islice(known, MAX_MEANT)), n=1)
    return near[0] if near else None


def dotted(path: Iterable[str | int]) -> str:
    """A path as people write it: `accounts.sms-main.settings.auth_token[0]`."""
    words = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return words.removeprefix(".")
