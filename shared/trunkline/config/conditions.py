"""What a language of conditions offers to the rules. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class ConditionFailed(Exception):
    """A condition had no answer for these facts (a division by zero, an index beyond a list)."""


class Condition(Protocol):
    """A compiled `when`. Safe to share between threads."""

    def holds(self, prepared: Any) -> bool:
        """Does it hold for the facts that `Language.prepare` made ready? ConditionFailed if it has no answer."""
        ...


class Language(Protocol):
    """An expression language."""

    def compile(self, expression: str) -> Condition:
        """The condition; the language's own error if it is not one."""
        ...

    def prepare(self, variables: Mapping[str, object]) -> Any:
        """The values of VARIABLES, made ready once for all conditions of a message."""
        ...
