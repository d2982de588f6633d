"""What is generated into docs/ and what is locked is what is committed."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
from prometheus_client import REGISTRY
from pydantic import Field

from trunkline.settings import CommonSettings
from trunkline.settings_table import environment_table, with_environment

ROOT = Path(__file__).resolve().parents[3]


def script(name: str) -> ModuleType:
    """A script of deploy/, as a module; the folder is no package."""
    spec = importlib.util.spec_from_file_location(f"deploy_{name}", ROOT / "deploy" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


DOCS = script("docs")
PAGES: dict[Path, str] = DOCS.pages()


@pytest.mark.parametrize("page", sorted(PAGES), ids=lambda page: str(page.relative_to(ROOT)))
def test_a_generated_page_is_current_else_make_docs(page: Path) -> None:
    assert page.exists(), "make docs"
    assert page.read_text(encoding="utf-8") == PAGES[page], "make docs"


def test_nothing_lies_among_the_generated_schemas_that_no_record_class_stands_for() -> None:
    assert DOCS.strangers() == []


def test_the_metrics_page_tells_every_metric_we_register() -> None:
    page = PAGES[ROOT / "docs" / "metrics.md"]
    ours = {family.name for family in REGISTRY.collect() if family.name.startswith("trunkline_")}

    assert ours
    assert {name for name in ours if f"`{name}`" not in page and f"`{name}_total`" not in page} == set()


def test_the_api_document_tells_every_route_of_the_agents_service() -> None:
    told = json.loads(PAGES[ROOT / "docs" / "openapi.json"])["paths"]

    assert "/api/v1/conversations/{conversation}/reply" in told
    assert all("operationId" in verb for path in told.values() for verb in path.values())


def test_a_variable_that_means_two_things_is_refused() -> None:
    class Other(CommonSettings):
        shards: int = Field(7, description="another thing")

    with pytest.raises(ValueError, match="TRUNKLINE_SHARDS"):
        environment_table({"one": CommonSettings, "two": Other})


def test_the_table_replaces_only_what_stands_between_its_marks() -> None:
    page = "above\n<!-- environment -->\nold\n<!-- /environment -->\nbelow\n"

    written = with_environment(page, "new")

    assert written == "above\n<!-- environment -->\n\nnew\n\n<!-- /environment -->\nbelow\n"
    assert with_environment(written, "new") == written
    with pytest.raises(ValueError, match="lacks"):
        with_environment("no marks", "new")


def test_the_committed_locks_are_whole_hashed_and_without_hosts() -> None:
    assert script("lock").check() == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--index-url https://example.org/simple", "not a pin or a hash"),
        ("thing @ https://example.org/thing.whl", "not a pin or a hash"),
        ("thing>=1", "not a pin or a hash"),
        ("thing==1 \\", "has no hash"),
    ],
)
def test_a_lock_with_a_host_an_option_or_an_unhashed_pin_is_refused(
    line: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = script("lock")
    spoilt = tmp_path / "requirements.txt"
    spoilt.write_text(lock.TESTS.read_text(encoding="utf-8") + line + "\n")
    monkeypatch.setattr(lock, "ROOT", tmp_path)
    monkeypatch.setattr(lock, "TESTS", spoilt)
    monkeypatch.setattr(lock, "locks", lambda: {spoilt: []})
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())

    problems = lock.check()

    assert any(words in problem for problem in problems)


def test_a_dependency_that_is_not_locked_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = script("lock")
    text = (ROOT / "pyproject.toml").read_text()
    (tmp_path / "pyproject.toml").write_text(text.replace('"orjson>=3.10"', '"orjson>=3.10", "left-pad>=1"'))
    monkeypatch.setattr(lock, "required", _required_in(lock, tmp_path))

    assert any("left-pad of pyproject.toml is not pinned" in problem for problem in lock.check())


def _required_in(lock: ModuleType, folder: Path) -> object:
    required, root = lock.required, lock.ROOT

    def elsewhere(path: Path) -> object:
        lock.__dict__["ROOT"] = folder
        try:
            return required(path)
        finally:
            lock.__dict__["ROOT"] = root

    return elsewhere
