"""What a rule may not do, so that its cost is bounded by its length whatever customers write.

CEL always ends, but not always soon: its C++ engine compiles the pattern of `matches` anew at each call, a counted
repetition of 900 takes 0.1 s on 4 000 characters, and a pattern inside `exists` over 1 000 items took 100 s (measured).
So: known functions only, no loop within a loop, and patterns that stand in the rule and are small.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from trunkline.config.problems import meant

MAX_EXPRESSION = 2_000
MAX_LOOPS = 4
MAX_PATTERNS = 4
MAX_PATTERN = 300
MAX_REPETITION = 100

LOOPS = frozenset({"exists", "all", "exists_one", "filter"})
FUNCTIONS = LOOPS | {"contains", "startsWith", "endsWith", "matches", "size", "lowerAscii", "trim"}

_STRING = (
    r"(?:[rR][bB]?|[bB][rR]?)?"
    r"""(?:'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")"""
)
_RAW_STRING = r"""(?:[rR][bB]?|[bB][rR])(?:'''.*?'''|\"\"\".*?\"\"\"|'[^'\n]*'|"[^"\n]*")"""
_TOKEN = re.compile(
    rf"(?P<string>(?:{_RAW_STRING}|{_STRING}))|(?P<comment>//[^\n]*)|(?P<call>[A-Za-z_]\w*)(?=(?:\s|//[^\n]*\n)*\()"
    r"|(?P<word>[A-Za-z_]\w*)|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<blank>\s+)|(?P<other>.)",
    re.DOTALL | re.ASCII,
)
_REPETITION = re.compile(r"\{(\d{1,9})(?:,(\d{0,9}))?\}")
_CLASS = re.compile(r"\\[pP]")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an expression; `offset` counts characters from 0."""

    kind: str
    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong at an offset of the expression."""

    offset: int
    message: str


def tokens(expression: str) -> list[Token]:
    """The expression's pieces without blanks and comments; only sure of an expression that CEL itself can read."""
    return [
        Token(str(found.lastgroup), found.group(), found.start())
        for found in _TOKEN.finditer(expression)
        if found.lastgroup not in {"blank", "comment"}
    ]


def complaints(pieces: list[Token]) -> Iterator[Complaint]:
    """Every use of an unknown function, a loop too many or within a loop, a pattern that is not written out."""
    calls = [piece for piece in pieces if piece.kind == "call" and piece.text != "in"]
    for call in calls:
        if call.text not in FUNCTIONS:
            yield Complaint(call.offset, f"there is no function `{call.text}` in rules{_meant(call.text)}")
    loops = [call for call in calls if call.text in LOOPS]
    if len(loops) > MAX_LOOPS:
        yield Complaint(loops[MAX_LOOPS].offset, f"more than {MAX_LOOPS} loops (exists, all, …) in one rule")
    yield from _within_loops(pieces)


def patterns(pieces: list[Token]) -> tuple[list[Token], list[Complaint]]:
    """The string literals given to `matches`, and where something else is given or there are too many."""
    literals: list[Token] = []
    wrong: list[Complaint] = []
    for at, piece in enumerate(pieces):
        if piece.kind != "call" or piece.text != "matches":
            continue
        given = pieces[at + 2 : at + 4]
        if at and pieces[at - 1].text == "." and [token.kind for token in given] == ["string", "close"]:
            literals.append(given[0])
        else:
            wrong.append(Complaint(piece.offset, "write it as text.matches('pattern'), the pattern in quotes"))
    if len(literals) > MAX_PATTERNS:
        wrong.append(Complaint(literals[MAX_PATTERNS].offset, f"more than {MAX_PATTERNS} patterns in one rule"))
    return literals, wrong


def pattern_complaint(pattern: str) -> str | None:
    """Why a pattern costs too much; None if it does not."""
    if len(pattern) > MAX_PATTERN:
        return f"a pattern of {len(pattern)} characters; at most {MAX_PATTERN}, message.words is quicker"
    if _CLASS.search(pattern):
        return r"\p{…} costs 2 ms per message; use message.words"
    repeated = math.prod(max(int(low), int(high or 0), 1) for low, high in _REPETITION.findall(pattern))
    if repeated > MAX_REPETITION:
        return f"counted repetitions multiply to {repeated}; at most {MAX_REPETITION}"
    return None


def _within_loops(pieces: list[Token]) -> Iterator[Complaint]:
    """Loops and patterns inside the brackets of a loop."""
    brackets: list[bool] = []
    for at, piece in enumerate(pieces):
        if piece.kind == "open":
            brackets.append(at > 0 and pieces[at - 1].kind == "call" and pieces[at - 1].text in LOOPS)
        elif piece.kind == "close" and brackets:
            brackets.pop()
        elif piece.kind == "call" and any(brackets) and (piece.text in LOOPS or piece.text == "matches"):
            yield Complaint(piece.offset, f"`{piece.text}` inside another loop; its cost would multiply")


def _meant(name: str) -> str:
    close = meant(name, FUNCTIONS)
    return f"; did you mean `{close}`?" if close else f"; there are {', '.join(sorted(FUNCTIONS))}"
