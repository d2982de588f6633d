"""Which language a text is written in: one of those a deployment answers in, or nothing where that is not sure. Pure.

The detector is behind `Detector`; another one needs one class. `Eldc` is eldc's model of 60 languages, which comes in
its wheel. Facts about eldc 0.4, found by trying: the score of a language (0 to 1) does not depend on which others are
looked for, a lone surrogate raises UnicodeEncodeError, and a settings object of its own (`instance`) shares nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple, Protocol

UNDETERMINED = "und"
"""What rules and people read where the language is not known (ISO 639-2); events and the record say '' there."""

KNOWN = (
    "am", "ar", "az", "be", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "gu",
    "he", "hi", "hr", "hu", "hy", "is", "it", "ja", "ka", "kn", "ko", "ku", "lo", "lt", "lv", "ml", "mr", "ms", "nl",
    "no", "or", "pa", "pl", "pt", "ro", "ru", "sk", "sl", "sq", "sr", "sv", "ta", "te", "th", "tl", "tr", "uk", "ur",
    "vi", "yo", "zh",
)  # fmt: skip
"""The languages that can be told (ISO 639-1), by name: a file is checked where no detector is installed, too."""

MAX_TEXT = 1_000
"""Characters of a text that are looked at: more of them make no answer surer."""

_FIRM_WORDS = 3
_LEAST_BYTES = 3
_LEAST_SCORE = 0.6
_LEAST_LEAD = 0.1
"""Of the best over the second: "no" is .94 Latvian and .91 English, half a sentence each of two is .83 and .74."""
_MOST_BEHIND = 0.12
"""Of the best of ours behind the best of all: German is told as Turkish with .37 where German itself has .93."""
_NO_WORD = re.compile(r"[\d@]|://|www\.")


class Heard(NamedTuple):
    """What a text alone says of its language."""

    language: str = ""
    """ISO 639-1; '' where it cannot be told."""
    firm: bool = False
    """Said by enough words to stand against what was known before: a greeting or a name is not."""


NOTHING = Heard()
"""Said by a text that tells no language."""


class Detector(Protocol):
    """Tells languages apart. Safe to share between threads."""

    def hear(self, text: str) -> Heard:
        """The language of a text, of whatever length and content; never fails, and takes bounded time."""
        ...


class Deaf:
    """Tells nothing: the detector of who asked for none."""

    def hear(self, text: str) -> Heard:
        """Nothing, of any text."""
        return NOTHING


class Eldc:
    """eldc, held to some languages. What is written in any other is not told as one of these."""

    def __init__(self, of: Sequence[str]) -> None:
        self._ours, self._all = _instance(tuple(of)), _instance(())

    def hear(self, text: str) -> Heard:
        """The language if one of ours is likely, ahead of our others, and not far behind a foreign one."""
        words = _words(text[:MAX_TEXT])
        plain = " ".join(words)
        # In bytes: two letters tell nothing ("ok", "ja"), but two Chinese characters are a greeting.
        if len("".join(filter(str.isalpha, plain)).encode()) < _LEAST_BYTES:
            return NOTHING
        ours = list(self._ours.detect_details(plain).scores.items())
        if not ours:
            return NOTHING
        language, score = ours[0]
        second = ours[1][1] if len(ours) > 1 else 0.0
        best = max(self._all.detect_details(plain).scores.values(), default=0.0)
        if score < _LEAST_SCORE or score - second < _LEAST_LEAD or best - score > _MOST_BEHIND:
            return NOTHING
        return Heard(language, firm=len(words) >= _FIRM_WORDS)


def settled(heard: Heard, before: str) -> str:
    """The language of a conversation by its newest message and what was known before; '' where neither knows.

    What was known stands until a text of some words says otherwise.
    """
    return heard.language if heard.firm or not before else before


def _words(text: str) -> list[str]:
    """Its words without addresses and numbers, in which there is no language; what is no Unicode becomes `?`."""
    plain = text.encode("utf-8", "replace").decode().replace("\0", " ")
    return [word for word in plain.split() if not _NO_WORD.search(word)]


@cache
def _instance(of: tuple[str, ...]) -> Any:
    import eldc  # noqa: PLC0415 - ingest and notify have none installed

    eldc.init()
    found = eldc.instance()
    found.set_scheme("iso639-1")
    found.set_languages(list(of))
    found.set_scores(2)
    return found
