"""Words as a search compares them: without case, accents or the dots that differ between alphabets."""

from __future__ import annotations

import unicodedata
from typing import Final

MAX_SEARCH: Final = 100
"""Longest text one may search for, in characters."""


def folded(text: str) -> str:
    """`text` for comparing: "Şişli", "SISLI" and "sisli" are the same, and so are "Ķekava" and "kekava".

    The database's own LIKE ignores case for A to Z only (SQLite) or by the server's locale (PostgreSQL).
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("\N{LATIN SMALL LETTER DOTLESS I}", "i"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def like(text: str) -> str:
    """A LIKE pattern (escape character backslash) that finds `text` anywhere in folded words."""
    wanted = folded(text[:MAX_SEARCH].strip())
    for special in ("\\", "%", "_"):
        wanted = wanted.replace(special, f"\\{special}")
    return f"%{wanted}%"
