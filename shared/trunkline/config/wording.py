"""pydantic's complaints in the words of the file: where, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel

from trunkline.config.problems import meant

NAMES = "a name has lower-case letters, digits and dashes (a skill's or rule's also . and _), at most 63 characters"

_SHAPES = {
    "model_type": "should be a mapping (key: value)",
    "dict_type": "should be a mapping (key: value)",
    "tuple_type": "should be a list",
}


def say(fault: Mapping[str, Any], schema: type[BaseModel]) -> tuple[tuple[str | int, ...], str, bool]:
    """Path, message, and whether it is about the key (rather than the value) at that path."""
    path = tuple(fault["loc"])
    if path and path[-1] == "[key]":
        return path[:-1], NAMES if fault["type"] == "string_pattern_mismatch" else _sentence(fault["msg"]), True
    if fault["type"] == "missing":
        return path[:-1], f"`{path[-1]}` is missing", True
    if fault["type"] == "extra_forbidden":
        return path, _unknown_key(str(path[-1]), _keys(schema, path[:-1])), True
    ours = schema.__module__.startswith("trunkline.config.")
    shapes = _SHAPES | ({"string_pattern_mismatch": NAMES} if ours else {})
    return path, shapes.get(fault["type"]) or _sentence(fault["msg"]), False


def _sentence(message: str) -> str:
    for opening in ("Value error, ", "Input ", "Assertion failed, "):
        message = message.removeprefix(opening)
    return message[:1].lower() + message[1:]


def _unknown_key(key: str, known: list[str]) -> str:
    close = meant(key, known)
    hint = f"did you mean `{close}`?" if close else f"there are {', '.join(known)}"
    return f"unknown key `{key[:80]}`" + (f"; {hint}" if known else "")


def _keys(schema: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand at a path: walks the models' annotations; none if the path leaves them."""
    here: Any = schema
    for part in path:
        here = here.model_fields[part].annotation if _is_model(here) and part in here.model_fields else _element(here)
    return sorted(here.model_fields) if _is_model(here) else []


def _element(annotation: Any) -> Any:
    """What a dict or tuple holds; None if it holds no model."""
    return next((inner for inner in get_args(annotation) if _is_model(inner)), None)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
