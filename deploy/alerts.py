"""Writes the alerts' table in docs/operations.md from deploy/prometheus/alerts.yml (`make docs`); a test compares."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parent.parent
RULES: Final = ROOT / "deploy" / "prometheus" / "alerts.yml"
OPERATIONS: Final = ROOT / "docs" / "operations.md"

_TABLE: Final = re.compile(r"(<!-- alerts -->\n).*?(<!-- /alerts -->)", re.DOTALL)
_VARIABLE: Final = re.compile(r"\{\{ *\$(?:labels\.)?(\w+)[^}]*\}\}")


def rules() -> list[dict[str, Any]]:
    """Every alert rule, in the file's order."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def page() -> str:
    """docs/operations.md as it should be; ValueError if the marks of the table are not there."""
    text = OPERATIONS.read_text(encoding="utf-8")
    if not _TABLE.search(text):
        raise ValueError("docs/operations.md lacks <!-- alerts --> and <!-- /alerts -->")
    return _TABLE.sub(lambda found: f"{found[1]}\n{_table()}\n\n{found[2]}", text)


def _table() -> str:
    lines = ["| alert | when, for how long | what it means | what to do |", "|---|---|---|---|"]
    for rule in rules():
        said = rule["annotations"]
        expression = " ".join(rule["expr"].split())
        lasting = f", {rule['for']}" if "for" in rule else ""
        when = f"`{_in_cell(expression)}`{lasting}"
        cells = [f"`{rule['alert']}` ({rule['labels']['severity']})", when]
        cells += [_in_cell(_VARIABLE.sub(r"*\1*", said[name])) for name in ("summary", "action")]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|")


def pages() -> dict[Path, str]:
    """The file and what it should hold."""
    return {OPERATIONS: page()}


if __name__ == "__main__":
    OPERATIONS.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{len(rules())} alerts in docs/operations.md\n")
