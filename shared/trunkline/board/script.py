"""The board's script: one verb per Lua file, composed once, known to the server by its SHA-1."""

from __future__ import annotations

from functools import cache
from hashlib import sha1
from importlib import resources
from typing import NamedTuple


class Composed(NamedTuple):
    """The script's text and the name the server knows it by."""

    text: str
    sha: str


@cache
def composed() -> Composed:
    """All fragments in the order of their file names."""
    folder = resources.files("trunkline.board") / "lua"
    parts = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".lua")), key=lambda entry: entry.name)
    text = "\n".join(f"-- {part.name}\n{part.read_text(encoding='utf-8')}" for part in parts)
    return Composed(text, sha1(text.encode(), usedforsecurity=False).hexdigest())
