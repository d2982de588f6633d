"""What every SMS channel needs: how many segments a text takes, where to cut it, and the words that mean stop."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from trunkline.channels.base import ChannelEventKind


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The characters a carrier sends as 7-bit septets: `basic` take one, `extension` two (an escape pair)."""

    basic: frozenset[str]
    extension: frozenset[str]
    whole: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "whole", self.basic | self.extension)


GSM_0338 = Alphabet(
    basic=frozenset(
        "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
        "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
    ),
    extension=frozenset("\f^{}\\[~]|€"),
)
"""3GPP TS 23.038, default alphabet and its extension table; national shift tables are not used by default."""


@dataclass(frozen=True, slots=True)
class Segments:
    """How a text travels. `units` are septets (gsm7) or UTF-16 units (ucs2); `remaining` fit the last segment."""

    encoding: Literal["gsm7", "ucs2"]
    units: int
    segments: int
    remaining: int


def count(text: str, *, alphabet: Alphabet = GSM_0338) -> Segments:
    """The segments of a text: 160 septets alone or 153 in a chain, 70 or 67 UTF-16 units.

    An escape pair or a surrogate pair is never split between segments, so a chain may be longer than its units
    divided by the length of a segment. An empty text takes none.
    """
    characters = set(text)
    if characters <= alphabet.whole:
        return _pack(text, wide=alphabet.extension & characters, encoding="gsm7", lengths=(160, 153))
    return _pack(text, wide={c for c in characters if ord(c) > 0xFFFF}, encoding="ucs2", lengths=(70, 67))


def _pack(text: str, *, wide: Iterable[str], encoding: Literal["gsm7", "ucs2"], lengths: tuple[int, int]) -> Segments:
    alone, chained = lengths
    twos = frozenset(wide)
    units = len(text) + sum(map(text.count, twos))
    if units <= alone:
        return Segments(encoding, units, 1 if units else 0, alone - units)
    if not twos:
        segments = -(-units // chained)
        return Segments(encoding, units, segments, segments * chained - units)
    segments, used = 1, 0
    for character in text:
        width = 2 if character in twos else 1
        if used + width > chained:
            segments, used = segments + 1, 0
        used += width
    return Segments(encoding, units, segments, chained - used)


def utf16_length(text: str) -> int:
    """The length of a text in UTF-16 units: what most providers mean by a character."""
    return len(text.encode("utf-16-le")) // 2


_BOUNDARIES = tuple(re.compile(p) for p in (r"\n\s*\n", r"\n", r"[.!?…](?=\s)", r"\s"))
"""Where people like a text cut, best first: paragraph, line, sentence, word."""


def split(text: str, *, limit: int) -> tuple[str, ...]:
    """A text cut into pieces of at most `limit` UTF-16 units, at the best boundary in the later half of each.

    Only white space at a cut and at the ends is lost. A character is never split, nor parted from the marks that
    belong to it while there is another place to cut.
    """
    if 2 * len(text) <= limit:  # whatever its characters
        whole = text.strip()
        return (whole,) if whole else ()
    pieces: list[str] = []
    start = 0
    while utf16_length(text[start : start + limit]) > limit or start + limit < len(text):
        end = _fitting(text, start, limit=limit)
        cut = _boundary(text, start, end)
        pieces.append(text[start:cut].strip())
        start = cut
    pieces.append(text[start:].strip())
    return tuple(piece for piece in pieces if piece)


def _fitting(text: str, start: int, *, limit: int) -> int:
    room = limit
    for position in range(start, len(text)):
        room -= 2 if ord(text[position]) > 0xFFFF else 1
        if room < 0:
            return position
    return len(text)


def _boundary(text: str, start: int, end: int) -> int:
    middle = start + (end - start) // 2
    for pattern in _BOUNDARIES:
        # One further than may be sent, for the space that follows the last word and is itself not sent.
        found = pattern.finditer(text, middle, end + 1)
        cuts = [match.start() if match[0].isspace() else match.end() for match in found]
        cuts = [cut for cut in cuts if start < cut <= end]
        if cuts:
            return cuts[-1]
    cut = end
    while cut > middle and _belongs_to_previous(text, cut):
        cut -= 1
    return cut if cut > middle else end


def _belongs_to_previous(text: str, position: int) -> bool:
    joiner = "\u200d"
    return (
        unicodedata.category(text[position]) in {"Mn", "Me", "Mc", "Sk"} or joiner in text[position - 1 : position + 1]
    )


STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
START_WORDS = frozenset({"start", "yes", "unstop"})
HELP_WORDS = frozenset({"help", "info"})
"""The English sets Twilio documents for long codes. YES is one of them: Twilio itself unblocks on it."""


def keyword(text: str, *, stop: Iterable[str] = (), start: Iterable[str] = START_WORDS) -> ChannelEventKind | None:
    """What a message that consists of one keyword asks for; None for any other message.

    The whole message must be the word ("stop please" is none), whatever its case, also in Turkish. `stop` adds words
    to the English ones; `start` replaces them, since a YES is more often an answer than an opt-in. Full stops and
    exclamation marks around a stop word do not hide it; the other words must stand alone.
    """
    word = folded(text)
    if word.strip(".!") in STOP_WORDS | _folded(tuple(stop)):
        return ChannelEventKind.OPT_OUT
    if word in _folded(tuple(start)):
        return ChannelEventKind.OPT_IN
    return ChannelEventKind.HELP if word in HELP_WORDS else None


@lru_cache(maxsize=64)  # an account's own words: as good as constant
def _folded(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(folded, words))


def folded(word: str) -> str:
    """A word for comparing: without case, surrounding space, and the dot that Turkish puts on its I (or not)."""
    if len(word) > 64:
        return ""
    plain = unicodedata.normalize("NFKC", word).strip(" \t\r\n\u00a0\u200b\u2060\ufeff").casefold()
    return plain.replace("i\u0307", "i").replace("\u0131", "i")
