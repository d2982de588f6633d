"""The board's script: one idea per Lua file, composed once, known to the server by its SHA-1."""

from __future__ import annotations

from functools import cache
from hashlib import sha1
from importlib import resources
from typing import Any, NamedTuple, get_args, get_type_hints

from trunkline.board.keys import LAYOUT
from trunkline.due import HEAD_START_S
from trunkline.events import AgentState, ConversationState
from trunkline.index import DEFAULT


class Composed(NamedTuple):
    """The script's text and the name the server knows it by."""

    text: str
    sha: str


def _integers(model: type[Any]) -> set[str]:
    hints = get_type_hints(model)
    return {name for name, hint in hints.items() if hint is int or int in get_args(hint)}


@cache
def composed() -> Composed:
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
    text = "\n".join([integers, *agreed, *(f"-- {part.name}\n{part.read_text(encoding='utf-8')}" for part in parts)])
    return Composed(text, sha1(text.encode(), usedforsecurity=False).hexdigest())
