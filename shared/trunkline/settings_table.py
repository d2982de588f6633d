"""The environment as a Markdown table, written from the settings models so that it cannot be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from trunkline.settings import CommonSettings, variables_of

BEGIN, END = "<!-- environment -->", "<!-- /environment -->"


@dataclass
class _Row:
    default: str
    words: str
    readers: list[str] = field(default_factory=list)
    others: set[str] = field(default_factory=set)


def environment_table(models: Mapping[str, type[CommonSettings]]) -> str:
    """One row per variable of any model, in alphabetical order: default, who reads it, what it is.

    `models` names each model's reader. Two models that read one variable must agree about it; ValueError names it.
    """
    rows: dict[str, _Row] = {}
    for reader, model in models.items():
        for name, info in model.model_fields.items():
            variable, *others = variables_of(name, info)
            row = rows.setdefault(variable, _Row(_default(info), info.description or ""))
            if (row.default, row.words) != (_default(info), info.description):
                raise ValueError(f"{variable} means one thing to {row.readers[:1]} and another to {reader}")
            row.readers.append(reader)
            row.others |= set(others)
    lines = ["| variable | default | read by | what it is |", "|---|---|---|---|"]
    return "\n".join([*lines, *(_line(variable, rows[variable], len(models)) for variable in sorted(rows))])


def _line(variable: str, row: _Row, models: int) -> str:
    readers = "all" if len(row.readers) == models else ", ".join(row.readers)
    also = f" Also read: {', '.join(f'`{other}`' for other in sorted(row.others))}." if row.others else ""
    return f"| `{variable}` | {row.default} | {readers} | {(row.words + also).replace('|', chr(92) + '|')} |"


def with_environment(page: str, table: str) -> str:
    """The page with what stands between its two marks replaced by the table; ValueError without the marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def _default(info: FieldInfo) -> str:
    if info.default_factory is not None:
        return "in the data folder"
    value: Any = info.default
    if isinstance(value, SecretStr):
        return "a placeholder"
    if isinstance(value, bool):
        value = int(value)
    words = value.as_posix() if isinstance(value, Path) else str(value)
    return f"`{words}`" if words else "none"
