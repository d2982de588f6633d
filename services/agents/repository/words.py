"""What of a message is searched: its words, folded; and what of it is shown where some of them were found. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

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

_QUOTE: Final = re.compile('["\u201c\u201d\u201e\u201f\u00ab\u00bb]')
"""As keyboards have them; a telephone puts its language's own in place of the plain one."""

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


class Term(NamedTuple):
    """Words that must stand next to each other: one word, which may go on, or a phrase, which may not."""

    words: tuple[str, ...]
    goes_on: bool
    """Whether a word that only begins with it is meant too."""

    def starts_at(self, place: int, said: Sequence[str]) -> bool:
        """Whether these words stand among the folded words said, from this place on."""
        if self.goes_on:
            return said[place].startswith(self.words[0])
        return tuple(said[place : place + len(self.words)]) == self.words


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
    """The words a message is found by: folded, as they were said, with a space between. Empty if it has none."""
    return " ".join(_folded_words(text_of(parts)))


def placed(words: str) -> str:
    """`words_of` a message as PostgreSQL wants a vector: each with its place, so that phrases are found."""
    return " ".join(f"'{word}':{place}" for place, word in enumerate(words.split(" "), 1))


def terms_of(search: str) -> tuple[Term, ...]:
    """What to search for, folded: words, and in quotes a phrase. A quote that nothing closes is only a sign.

    BadSearch if there is no word, or if there are too many.
    """
    terms = tuple(dict.fromkeys(_terms(search[:MAX_SEARCH])))
    if not terms:
        raise BadSearch("search for a word: letters or digits")
    if sum(len(term.words) for term in terms) > MAX_TERMS:
        raise BadSearch(f"search for {MAX_TERMS} words at most")
    return terms


def _terms(search: str) -> Iterator[Term]:
    pieces = _QUOTE.split(search)
    for place, piece in enumerate(pieces):
        words = _folded_words(piece)
        if place % 2 and place + 1 < len(pieces):  # between an opening quote and its closing one
            if words:
                yield Term(tuple(words), goes_on=False)
        else:
            # One letter alone would begin nearly everything.
            yield from (Term((word,), goes_on=len(word) > 1) for word in words)


def excerpt(parts: Iterable[Mapping[str, Any]], terms: Sequence[Term]) -> tuple[Piece, ...]:
    """The words around the first one found, with all that were found marked; the beginning if none is in sight."""
    text = text_of(parts)
    hits = _hits(text, terms)
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


def _hits(text: str, terms: Sequence[Term]) -> list[tuple[int, int]]:
    """Where in the text the words stand that were searched for, in order; a phrase word by word."""
    spans, said = [], []
    for match in _WORD.finditer(text):
        for word in _folded_words(match.group()):  # a sign like a fraction is folded to more than one
            spans.append(match.span())
            said.append(word)
    found = {
        spans[place + behind]
        for place in range(len(said))
        for term in terms
        if term.starts_at(place, said)
        for behind in range(len(term.words))
    }
    return sorted(found)
