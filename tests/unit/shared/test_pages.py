"""What the pages name exists: links, files, commands, tests, metrics, variables, log events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from trunkline import metrics, ops
from trunkline.cli import COMMANDS
from trunkline.settings import FOREIGN_PREFIXES, VARIABLES

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
MISSING_COMMANDS = {"board"}
"""Named in a message of the router and in operations.md, which says that it does not exist yet."""
NO_METRICS = {"trunkline_session"}
"""A cookie."""

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"(?:services|shared|tests|deploy|docs|\.ci)/[\w./-]*")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_ERROR = re.compile(r"log\.(?:error|exception)\(\s*\"(\w+)\"")

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@cache
def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def code_of(page: Path) -> Iterator[str]:
    """Everything in code, a fence by its lines without their comments."""
    text = text_of(page)
    for fence in _FENCE.findall(text):
        yield from (line.partition("#")[0].strip() for line in fence.splitlines()[1:-1])
    yield from _SPAN.findall(_FENCE.sub("", text))


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pages
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(_FENCE.sub("", text_of(page))):
        if link.startswith("http"):
            continue
        target, _, anchor = link.partition("#")
        found = (page.parent / target).resolve() if target else page
        assert found.exists(), f"{link} is not there"
        assert not anchor or anchor in anchors_of(found), f"{link}: there is no such heading"


@pages
def test_every_file_a_page_names_is_there(page: Path) -> None:
    named = {span for span in _SPAN.findall(_FENCE.sub("", text_of(page))) if _PATH.fullmatch(span)}

    assert {path for path in named if not (ROOT / path).exists()} == set()


@pages
def test_every_command_a_page_names_can_be_typed(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for code in code_of(page):
        if made := re.search(r"(?:^|\s)make((?: [a-z-]+)+)$", code):
            assert set(made[1].split()) <= targets, code
        if typed := re.match(r"(?:\$ )?trunkline ([a-z]+)", code):
            assert typed[1] in COMMANDS.keys() | MISSING_COMMANDS, code
        if run := re.search(r"python -m ((?:services|trunkline|tests)\.[\w.]+)", code):
            path = ROOT.joinpath("shared" if run[1].startswith("trunkline") else "", *run[1].split("."))
            assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), code


@pages
def test_every_test_a_page_names_exists(page: Path) -> None:
    named = set(re.findall(r"`(test_\w+)`", text_of(page)))

    assert named - all_tests() == set()


@cache
def all_tests() -> frozenset[str]:
    files = (ROOT / "tests").rglob("test_*.py")
    return frozenset(name for file in files for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8")))


@pages
def test_every_metric_a_page_names_is_in_the_catalogue(page: Path) -> None:
    assert metrics.SOCKETS
    assert ops.LOOP_LAG, "both are registered on import"
    known = {sample for family in REGISTRY.collect() for sample in (family.name, f"{family.name}_total")}
    named = {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\btrunkline_[a-z_]+", text_of(page))}

    assert named - known - NO_METRICS == set()


@pages
def test_every_variable_a_page_names_is_read_by_somebody(page: Path) -> None:
    named = {name.rstrip("_") for name in re.findall(r"\bTRUNKLINE_[A-Z_]+", text_of(page))} - {"TRUNKLINE"}
    foreign = tuple(prefix.rstrip("_") for prefix in FOREIGN_PREFIXES)

    assert {name for name in named - VARIABLES if not name.startswith(foreign)} == set()


def test_every_error_in_the_log_is_explained_in_operations() -> None:
    ours = [*(ROOT / "services").rglob("*.py"), *(ROOT / "shared").rglob("*.py")]
    files = [file for file in ours if not {"demo", "testing"} & set(file.parts)]
    events = {name for file in files for name in _ERROR.findall(file.read_text(encoding="utf-8"))}
    explained = set(_SPAN.findall(text_of(ROOT / "docs" / "operations.md")))

    assert {"start_failed", "board_stale"} <= events, "the search finds them"
    assert events - explained == set()


@pages
def test_no_page_names_this_machine(page: Path) -> None:
    assert not re.search(r"(?<![\w.])/(?:work|root|home)/", text_of(page))


def test_the_readme_is_one_screen_and_a_bit() -> None:
    assert len(text_of(ROOT / "README.md").splitlines()) <= 120
