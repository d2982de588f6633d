"""What a mover asked and was told, line by line: a kill -9 loses nothing of it, so its next life repeats the rest.

Written by one system call a line and never synced: it is the process that is killed, not the machine.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

_ASKED, _ANSWERED, _WRONG, _DID = range(4)
Fields = dict[str, Any]


class Journal:
    """The writing end, a mover's own."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def asked(self, operation: str, verb: str, fields: Fields) -> None:
        """Before it is sent."""
        self._line(_ASKED, operation, verb, fields)

    def answered(self, operation: str, code: str, shard: int = -1, outbox: str = "") -> None:
        """The board's answer; `outbox` is the entry that says so ('' = none)."""
        self._line(_ANSWERED, operation, code, shard, outbox)

    def wrong(self, text: str) -> None:
        """Something that must never be seen was."""
        self._line(_WRONG, text)

    def did(self, verb: str) -> None:
        """What needs no operation id was made."""
        self._line(_DID, verb)

    def _line(self, *parts: Any) -> None:
        os.write(self._file, orjson.dumps(parts) + b"\n")

    def close(self) -> None:
        """Done with it."""
        os.close(self._file)


@dataclass
class Told:
    """A journal as it was read."""

    asked: dict[str, tuple[str, Fields]] = field(default_factory=dict)
    answered: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    did: Counter[str] = field(default_factory=Counter)
    """How often what needs no operation id was made."""

    @property
    def unanswered(self) -> dict[str, tuple[str, Fields]]:
        """What a killed mover does not know the outcome of, in the order in which it was asked."""
        return {name: asked for name, asked in self.asked.items() if name not in self.answered}


def read(path: Path) -> Told:
    """All of it."""
    told = Told()
    for line in path.read_bytes().splitlines() if path.exists() else ():
        match orjson.loads(line):
            case [0, operation, verb, fields]:
                told.asked[operation] = (verb, fields)
            case [1, operation, code, shard, outbox]:
                told.answered[operation] = (code, shard, outbox)
            case [2, text]:
                told.wrong.append(text)
            case [3, verb]:
                told.did[verb] += 1
            case other:
                raise ValueError(f"not a line of a journal: {other!r:.200}")
    return told
