"""Any of our small YAML files as a model of its own: strict YAML, every fault with its line and column."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from trunkline.config.document import MAX_BYTES, Unreadable, locate, read, value_of
from trunkline.config.problems import MAX_PROBLEMS, ConfigError, Problem
from trunkline.config.wording import say

M = TypeVar("M", bound=BaseModel)


def load_as(path: Path, schema: type[M]) -> M:
    """The file as this model; ConfigError with all that is wrong, also when it cannot be read. At most 1 MB is read."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError([Problem(1, 1, "", f"cannot be read: {error.strerror or error}")]) from error
    return parse_as(content, schema)


def parse_as(content: bytes, schema: type[M]) -> M:
    """What `load_as` does, of bytes."""
    problems: list[Problem] = []
    try:
        source, root = read(content, problems.append)
    except Unreadable as error:
        raise ConfigError([*problems, error.problem]) from error
    try:
        found = schema.model_validate(value_of(root))
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False)[:MAX_PROBLEMS]:
            place, message, at_key = say(fault, schema)
            problems.append(source.problem(locate(root, place, key=at_key), place, message))
        raise ConfigError(problems) from error
    if problems:
        raise ConfigError(problems)
    return found
