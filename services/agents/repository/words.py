"""What of a message is searched: its words, folded; and what of it is shown where some of them were found. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from services.agents.repository.errors import BadSearch
from services.agents.repository.search import MAX_SEARCH, folded

MAX_SEARCHED: Final = 16_000
"""Characters of one message that are searched; what comes later in it is read but not found."""

MAX_TERMS: Final = 8
"""Most words one may search for at once."""

_MAX_WORD: Final = 64
"""Longer runs (keys, encoded files) are found by their beginning."""

_AROUND: Final = 40
"""Characters shown before the first word found, and twice as many from it on."""

_WORD: Final = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*")
"""Letters and digits of any alphabet with the marks put on them."""

_PLAIN_WORD: Final = re.compile(r"[A-Za-z0-9]+")

_SAYING: Final[Mapping[str, tuple[str, ...]]] = {
    "mail": ("subject",),
    "text": ("text",),
    "media": ("caption", "name"),
    "location": ("name", "address"),
    "contact-card": ("name", "phones", "emails"),
    "choice": ("title",),
    "template": ("name",),
    "unsupported": ("original",),
}
"""The fields of each kind of part that a person reads as words. A quote is an earlier mail's, and is found there."""


class Piece(BaseModel):
    """Some characters of a message, and whether they are what was searched for."""

    model_config = ConfigDict(frozen=True)

    text: str
    found: bool = False


def text_of(parts: Iterable[Mapping[str, Any]]) -> str:
    """What a message's parts (as JSON has them) say, in one line of at most MAX_SEARCHED characters."""
    said: list[Any] = []
    options: list[Any] = []
    for part in parts:
        for name in _SAYING.get(str(part.get("kind")), ()):
            value = part.get(name)
            if isinstance(value, list | tuple):
                said += value
            else:
                said.append(value)
        options += [option.get("title") for option in part.get("options") or ()]
    line = " ".join([str(each)[:MAX_SEARCHED] for each in said + options if each])[: MAX_SEARCHED * 2]
    # Composed, so that a letter and its marks are one word's however they were typed.
    return unicodedata.normalize("NFC", " ".join(line.split()))[:MAX_SEARCHED]


def words_of(parts: Iterable[Mapping[str, Any]]) -> str:
    """The words a message is found by: folded, each once, with a space between. Empty if it has none."""
    return " ".join(dict.fromkeys(_folded_words(text_of(parts))))


def terms_of(search: str) -> tuple[str, ...]:
    """The words to search for, folded. BadSearch if there are none, or too many."""
    terms = tuple(dict.fromkeys(_folded_words(search[:MAX_SEARCH])))
    if not terms:
        raise BadSearch("search for a word: letters or digits")
    if len(terms) > MAX_TERMS:
        raise BadSearch(f"search for {MAX_TERMS} words at most")
    return terms


def is_begun(term: str) -> bool:
    """Whether a word that only begins with the term is meant too: one letter alone would mean nearly everything."""
    return len(term) > 1


def excerpt(parts: Iterable[Mapping[str, Any]], terms: Sequence[str]) -> tuple[Piece, ...]:
    """The words around the first one found, with all that were found marked; the beginning if none is in sight."""
    text = text_of(parts)
    hits = [match.span() for match in _WORD.finditer(text) if _is_meant(match.group(), terms)]
    start, end = _window(text, *(hits[0] if hits else (0, 0)))
    pieces = [Piece(text="…")] if start else []
    for begin, over in [(begin, over) for begin, over in hits if over <= end]:
        pieces += [Piece(text=text[start:begin]), Piece(text=text[begin:over], found=True)]
        start = over
    pieces.append(Piece(text=text[start:end] + ("…" if end < len(text) else "")))
    return tuple(piece for piece in pieces if piece.text)


def _window(text: str, begin: int, over: int) -> tuple[int, int]:
    """From where to where to show a text in which text[begin:over] was found; between words, where there are any."""
    start = 0 if begin <= _AROUND else text.rfind(" ", 0, begin - _AROUND) + 1 or begin - _AROUND
    end = over + 2 * _AROUND
    if end < len(text):
        space = text.rfind(" ", over, end)
        return start, end if space < 0 else space
    return start, len(text)


def _folded_words(text: str) -> list[str]:
    # ASCII has no marks; what both patterns find in it is the same, and the plain one is faster.
    pattern = _PLAIN_WORD if text.isascii() else _WORD
    return [word[:_MAX_WORD] for word in pattern.findall(folded(text))]


def _is_meant(word: str, terms: Sequence[str]) -> bool:
    return any(
        piece == term or (is_begun(term) and piece.startswith(term)) for piece in _folded_words(word) for term in terms
    )
