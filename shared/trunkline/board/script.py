"""The board's script: one idea per Lua file, composed once into a library of one function, named by its content.

A library's definitions are made when it is loaded; a script's (EVALSHA) at each call, which took ten times as long as
all else that a call does before its first move (docs/decisions, 24).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from importlib import resources
from typing import Any, get_args, get_type_hints

from trunkline.board.keys import LAYOUT
from trunkline.due import HEAD_START_S
from trunkline.events import AgentState, ConversationState
from trunkline.index import DEFAULT


@dataclass(frozen=True, slots=True)
class Library:
    """`name` is what the server knows both it and its function by; `code` ends with the definition of `run`."""

    name: str
    code: str

    @property
    def text(self) -> str:
        """What the server is told."""
        return f"#!lua name={self.name}\n{self.code}\nredis.register_function('{self.name}', run)\n"

    def changed(self, line: str, instead: str) -> Library:
        """A copy with something else in the place of this text; ValueError if that is not there exactly once."""
        if self.code.count(line) != 1:
            raise ValueError(f"{line!r} is {self.code.count(line)} times in the script")
        return library(self.code.replace(line, instead))


def library(code: str) -> Library:
    """The library of this code. Two versions have two names, so both can be there while one replaces the other."""
    return Library("trunkline_" + sha1(code.encode(), usedforsecurity=False).hexdigest(), code)


def _integers(model: type[Any]) -> set[str]:
    hints = get_type_hints(model)
    return {name for name, hint in hints.items() if hint is int or int in get_args(hint)}


@cache
def composed() -> Library:
    """All fragments in the order of their file names, after what both languages must agree on.

    That is: the names of the fields that are numbers in events, the head start of a step of priority, the weights of
    the policy that has no name in a requirement set, and the layout of the keys.
    """
    folder = resources.files("trunkline.board") / "lua"
    names = sorted(_integers(ConversationState) | _integers(AgentState))
    integers = "local INTEGERS = { " + ", ".join(f"{name} = true" for name in names) + " }"
    parts = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".lua")), key=lambda entry: entry.name)
    agreed = [
        f"local HEAD_START_MS = {HEAD_START_S * 1_000}",
        f"local DEFAULT_POLICY = '{DEFAULT.weights}'",
        f"local LAYOUT = '{LAYOUT}'",
    ]
    fragments = (f"-- {part.name}\n{part.read_text(encoding='utf-8')}" for part in parts)
    return library("\n".join([integers, *agreed, *fragments]))
