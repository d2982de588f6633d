"""Any of our small YAML files as a model of its own: strict YAML, every fault with its line and column."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from trunkline.config.document import content_of, locate, tree_of, value_of
from trunkline.config.problems import MAX_PROBLEMS, ConfigError
from trunkline.config.wording import say

M = TypeVar("M", bound=BaseModel)


def load_as(path: Path, schema: type[M]) -> M:
    """The file as this model; ConfigError with all that is wrong, also when it cannot be read. At most 1 MB is read."""
    return parse_as(content_of(path), schema)


def parse_as(content: bytes, schema: type[M]) -> M:
    """What `load_as` does, of bytes."""
    source, root, problems = tree_of(content)
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
