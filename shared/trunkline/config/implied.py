"""Does one condition always hold where another does? Told only where the text shows it: no is "perhaps not". Pure.

A condition is read as `&&` of alternatives, each an `||` of pieces; pieces are compared by what they are made of,
without blanks and comments. Both operators of CEL pass over an error where the other side decides, so this is right for
conditions that fail, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from trunkline.config.limits import Token, tokens

Piece = tuple[str, ...]

_OPEN, _CLOSE = "([{", ")]}"
_ALWAYS: Piece = ("true",)


@dataclass(frozen=True, slots=True)
class Shape:
    """A condition that CEL can read: all of `parts` hold; each of them by one of its alternatives."""

    parts: frozenset[frozenset[Piece]]


def shape_of(expression: str) -> Shape:
    """The shape of a well-formed condition; linear in its length but for brackets around brackets, at most 32 deep."""
    whole = _bare([token.text for token in _joined(tokens(expression))])
    alternatives = _split(whole, "||")
    parts = [whole] if len(alternatives) > 1 else _split(whole, "&&")
    return Shape(frozenset(frozenset(map(tuple, map(_bare, _split(_bare(part), "||")))) for part in parts))


def implies(condition: Shape, other: Shape) -> bool:
    """Whether the other one surely holds where this condition does."""
    return all(
        _ALWAYS in alternatives or any(part <= alternatives for part in condition.parts) for alternatives in other.parts
    )


def _joined(pieces: Iterable[Token]) -> list[Token]:
    """`&&` and `||` as one piece each."""
    found: list[Token] = []
    for piece in pieces:
        before = found[-1] if found else None
        if before is not None and piece.text == before.text and piece.text in {"&", "|"}:
            found[-1] = Token("other", piece.text * 2, before.offset)
        else:
            found.append(piece)
    return found


def _split(pieces: list[str], operator: str) -> list[list[str]]:
    """At an operator outside of all brackets; whole where a `?` binds even less."""
    found: list[list[str]] = [[]]
    depth = 0
    for piece in pieces:
        depth += (piece in _OPEN) - (piece in _CLOSE)
        if depth == 0 and piece == "?":
            return [pieces]
        if depth == 0 and piece == operator:
            found.append([])
        else:
            found[-1].append(piece)
    return found


def _bare(pieces: list[str]) -> list[str]:
    """Without brackets around the whole."""
    while len(pieces) > 1 and pieces[0] == "(" and _end(pieces) == len(pieces) - 1:
        pieces = pieces[1:-1]
    return pieces


def _end(pieces: list[str]) -> int:
    """Where the bracket closes that the pieces begin with."""
    depth = 0
    for at, piece in enumerate(pieces):
        depth += (piece in _OPEN) - (piece in _CLOSE)
        if depth == 0:
            return at
    return -1
