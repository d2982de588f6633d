"""Twilio's parameters: read strictly, kept as bytes, because the signature is over bytes."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import unquote_to_bytes, urlsplit

from trunkline.channels.base import Problem, RawRequest

MAX_FIELDS = 1_000
"""Twilio sends some twenty; a thousand leaves room for what it adds, and bounds our work."""

_KEPT = frozenset(string.ascii_letters + string.digits + "_.-~")
_ESCAPES = {code: f"%{code:02X}" for code in range(256) if chr(code) not in _KEPT} | {ord(" "): "+"}

_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")

Pairs = tuple[tuple[bytes, bytes], ...]


class FormError(ValueError):
    """The parameters cannot be read in one way only."""


@lru_cache(maxsize=16)  # the signature is checked over what is parsed right after: read once
def pairs(encoded: bytes) -> Pairs:
    """Names and values of `application/x-www-form-urlencoded`, decoded, in order.

    FormError for more than 1 000 of them, a pair without "=", or a broken escape: two readers could disagree
    about such a body, and one of them checked the signature.
    """
    if not encoded:
        return ()
    if encoded.count(b"&") >= MAX_FIELDS:
        raise FormError(f"more than {MAX_FIELDS} parameters")
    if _BROKEN_ESCAPE.search(encoded):
        raise FormError("a broken percent escape")
    found = []
    for pair in encoded.replace(b"+", b" ").split(b"&"):
        name, equals, value = pair.partition(b"=")
        if not equals or not name:
            raise FormError("a parameter without name or value")
        found.append((_decoded(name), _decoded(value)))
    return tuple(found)


def _decoded(word: bytes) -> bytes:
    return unquote_to_bytes(word) if b"%" in word else word


def written(fields: Iterable[tuple[str, str]]) -> str:
    """Names and values as `application/x-www-form-urlencoded`, just as `urllib.parse.urlencode`, which takes longer."""
    return "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in fields)


def _escaped(word: str) -> str:
    if word.isascii() and word.isalnum():
        return word
    return word.encode().decode("latin-1").translate(_ESCAPES)


def query(url: str) -> Pairs:
    """The parameters in a URL; FormError as `pairs` says."""
    return pairs(urlsplit(url).query.encode())


def encoded(request: RawRequest) -> bytes:
    """The part of a request that holds its parameters: the query of a GET, the body of anything else."""
    return urlsplit(request.url).query.encode() if request.method == "GET" else request.body


class Fields:
    """Parameters by name, as text. What had to be mended on the way is told in `problems`."""

    def __init__(self, found: Pairs, *, original: str) -> None:
        """`original` is what problems show: at most 4 kB of the request."""
        self._values: dict[bytes, set[bytes]] = {}
        for name, value in found:
            self._values.setdefault(name, set()).add(value)
        self.original = original
        self.problems: list[Problem] = []

    def __contains__(self, name: str) -> bool:
        return name.encode() in self._values

    def get(self, name: str) -> str | None:
        """The value of a parameter, or None if it is absent.

        Bytes that are not UTF-8, and NULs, which no database keeps, become U+FFFD, with a problem beside the
        message. FormError if the name came with two values: the signature does not say which was first.
        """
        values = self._values.get(name.encode())
        if values is None:
            return None
        if len(values) > 1:
            raise FormError(f"{name} has two values")
        (value,) = values
        try:
            text = value.decode()
        except UnicodeDecodeError:
            self.note(f"{name} is not UTF-8")
            text = value.decode(errors="replace")
        if "\0" in text:
            self.note(f"{name} contains NUL")
            text = text.replace("\0", "\ufffd")
        return text

    def note(self, reason: str, *, unknown: bool = False) -> None:
        """Add a problem; said once, however often the field is read."""
        problem = Problem(kind="unknown" if unknown else "broken", reason=reason, original=self.original)
        if problem not in self.problems:
            self.problems.append(problem)
