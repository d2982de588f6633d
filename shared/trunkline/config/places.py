"""Where each character of a scalar stands in the file, whatever the quotes, escapes and folds around it."""

from __future__ import annotations

import re

from trunkline.config.document import Scalar, Source

_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\r?\n[ \t]*|.)", re.DOTALL)


def index_of(source: Source, scalar: Scalar, line: int, column: int) -> int:
    """The index in the source of a line and column (from 1, in characters) of the scalar's text.

    Between the text and its source only blanks are added, dropped or changed, and quotes are escaped: so both are
    walked side by side, blank against blank, character against character.
    """
    wanted = _offset(scalar.text, line, column)
    at = _first(source.text, scalar)
    last = at
    for offset, character in enumerate(scalar.text):
        at, step = _match(source.text, at, character, style=scalar.style)
        if offset == wanted:
            return at
        at += step
        last = at if step else last
    return min(last, scalar.end)


def _offset(text: str, line: int, column: int) -> int:
    lines = text.split("\n")
    before = sum(len(passed) + 1 for passed in lines[: line - 1])
    return before + column - 1


def _first(text: str, scalar: Scalar) -> int:
    if scalar.style in {"|", ">"}:  # the content begins on the line below the indicator
        return text.find("\n", scalar.start) + 1
    return scalar.start + len(scalar.style)


def _match(text: str, at: int, character: str, *, style: str) -> tuple[int, int]:
    """Where the source has `character`, from `at` on, and how many of its characters stand for it (0: none)."""
    while True:
        if style == '"' and (escape := _ESCAPE.match(text, at)):
            if escape.group()[1] not in "\r\n":
                return at, len(escape.group())
            at = escape.end()  # an escaped line end stands for nothing
        elif character.isspace():
            return at, 1 if text[at : at + 1].isspace() else 0
        elif text[at : at + 1].isspace():
            at += 1
        else:
            return at, 2 if style == "'" and character == "'" else 1
