"""What a later version of ourselves would write: the same, with one more field in every object."""

from __future__ import annotations

from typing import Any

_MAPS = {"skills", "variables", "headers"}
"""Members that are maps of names, not objects with fields."""


def of_a_later_version(old: Any) -> tuple[Any, int]:
    """The value with a field unknown to us at every depth, and how many there are."""
    if isinstance(old, list):
        grown = [of_a_later_version(part) for part in old]
        return [part for part, _ in grown], sum(places for _, places in grown)
    if not isinstance(old, dict):
        return old, 0
    members = {name: (part, 0) if name in _MAPS else of_a_later_version(part) for name, part in old.items()}
    more = {"of_a_later_version": {"deep": [1]}}
    return {name: part for name, (part, _) in members.items()} | more, 1 + sum(n for _, n in members.values())
