"""`${NAME}` and `${NAME:-default}` in an account's settings: secrets come from the environment, never from the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from trunkline.config.document import Items, Node, Scalar, Table

_REFERENCE = re.compile(
    r"\$(?:(?P<literal>\$)(?=\{)|\{(?P<name>[A-Za-z_]\w*)(?::-(?P<default>[^}]*))?\}|(?P<broken>\{))", re.ASCII
)
_SECRET_LENGTH = 4
"""Shorter values are too common in plain words to be blotted out of a message."""


class Environment:
    """Fills references, and remembers what it filled in so that no message shows it."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._used: dict[str, str] = {}

    def fill(self, node: Node, report: Callable[[Node, str], None]) -> Any:
        """The node's plain value with every reference replaced; `report(node, message)` for each that cannot be.

        A filled value is text, never YAML: an environment variable cannot add a key. `$${` stands for `${`.
        """
        match node:
            case Table():
                return {key: self.fill(entry, report) for key, entry in node.entries.items()}
            case Items():
                return tuple(self.fill(item, report) for item in node.items)
            case Scalar() if isinstance(node.value, str):
                return _REFERENCE.sub(lambda found: self._one(found, node, report), node.value)
            case Scalar():
                return node.value

    def hide(self, message: str) -> str:
        """The message with every filled-in value put back to its `${NAME}`."""
        for value, name in sorted(self._used.items(), key=lambda pair: -len(pair[0])):
            message = message.replace(value, f"${{{name}}}")
        return message

    def _one(self, found: re.Match[str], node: Node, report: Callable[[Node, str], None]) -> str:
        if found["literal"]:
            return "$"
        if found["broken"]:
            report(node, "`${` begins a reference like ${NAME} or ${NAME:-default}; write `$${` for the characters")
            return ""
        name, default = found["name"], found["default"]
        value = self._variables.get(name) or default
        if value is None:
            report(node, f"the environment has no {name}; set it, or give a default: ${{{name}:-…}}")
            return ""
        if name in self._variables and len(value) >= _SECRET_LENGTH:
            self._used[value] = name
        return value
