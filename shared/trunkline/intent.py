"""What a customer wants, guessed from a handful of examples of each intent: naive Bayes over letters. Pure.

Words of many languages have endings, and customers leave the marks off: so texts are compared by their runs of three to
five letters, with accents folded. No model is fetched, and nothing leaves the machine; what it knows is the file's
examples.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

MAX_TEXT = 500
"""Characters of a message that are looked at: what somebody wants stands in its beginning."""

_SHORTEST, _LONGEST = 3, 5
_SMOOTHING = 0.1
_LEAST_KNOWN = 0.35
"""Share of a text's runs that must occur in some example. Where it is less, the text is about something else."""


class Guess(NamedTuple):
    """The likeliest intent and how likely it is, 0 to 1; '' where the text is like none of the examples."""

    intent: str = ""
    confidence: float = 0.0


class Classifier:
    """Knows the examples of one configuration. Safe to share between threads."""

    def __init__(self, examples: Mapping[str, Sequence[str]]) -> None:
        self._names = tuple(examples)
        counts = [Counter(run for text in texts for run in runs_of(text)) for texts in examples.values()]
        vocabulary = len(set().union(*counts)) or 1
        self._unseen = [math.log(_SMOOTHING / (count.total() + _SMOOTHING * vocabulary)) for count in counts]
        self._gains: dict[str, list[tuple[int, float]]] = {}
        for at, count in enumerate(counts):
            for run, seen in count.items():
                self._gains.setdefault(run, []).append((at, math.log((seen + _SMOOTHING) / _SMOOTHING)))

    def guess(self, text: str) -> Guess:
        """The intent of a text, of whatever length and content; never fails. Linear in its first 500 characters."""
        runs = runs_of(text)
        known = [gains for run in runs if (gains := self._gains.get(run)) is not None]
        if not known or len(known) < _LEAST_KNOWN * len(runs):
            return Guess()
        scores = [len(known) * unseen for unseen in self._unseen]
        for gains in known:
            for at, gain in gains:
                scores[at] += gain
        # Runs that overlap say one thing several times: five letters give up to six of them.
        best = max(scores)
        weights = [math.exp((score - best) / math.sqrt(len(known))) for score in scores]
        return Guess(self._names[scores.index(best)], 1 / sum(weights))


def runs_of(text: str) -> list[str]:
    """The runs of three to five letters in a text's words, each word with a blank before and after it."""
    words = " ".join("".join(sign if sign.isalpha() else " " for sign in _plain(text[:MAX_TEXT])).split())
    padded = f" {words} " if words else ""
    return [
        padded[at : at + length] for length in range(_SHORTEST, _LONGEST + 1) for at in range(len(padded) - length + 1)
    ]


def _plain(text: str) -> str:
    """In lower case and without marks: a Turkish i without its dot is i, ā is a, ş is s."""
    apart = unicodedata.normalize("NFD", text.lower().replace("\u0131", "i"))
    return "".join(sign for sign in apart if not unicodedata.combining(sign))[: 2 * MAX_TEXT]
