"""The built desk: small enough, typed by the API as it is, made of packages no host is named for, built once."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from services.agents.page import BUILT
from tests.unit.shared.test_bootstrap import bootstrap

ROOT = Path(__file__).resolve().parents[3]
DESKTOP = ROOT / "services" / "agents" / "desktop"
MOST_KILOBYTES_GZ = 200

__all__ = ["bootstrap"]
"""A fixture of the bootstrap's own tests."""


def test_all_that_a_browser_loads_of_the_desk_fits_into_200_kb() -> None:
    files = [path for path in BUILT.rglob("*") if path.suffix in {".js", ".css", ".html"}]

    kilobytes = sum(len(gzip.compress(path.read_bytes())) for path in files) / 1000

    assert any(path.suffix == ".js" for path in files), "make venv"
    assert kilobytes <= MOST_KILOBYTES_GZ


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline() -> None:
    page = (BUILT / "index.html").read_text(encoding="utf-8")

    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert all(address.startswith(("/desk/assets/", "data:,")) for address in addresses), addresses
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", page)
    assert "<style" not in page


@pytest.mark.slow
def test_the_types_are_those_of_the_api_else_make_docs() -> None:
    command = [sys.executable, "deploy/bootstrap.py", "npm", "run", "--silent", "types", "--", "--check"]

    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)

    assert checked.returncode == 0, f"make docs\n{checked.stdout}{checked.stderr}"


def test_the_lock_pins_every_package_with_a_hash_and_names_no_host() -> None:
    packages = json.loads((DESKTOP / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    itself = packages.pop("")

    for name, package in packages.items():
        assert "resolved" not in package, name
        assert package["integrity"].startswith("sha512-"), name
    for name in itself["dependencies"]:
        assert not packages[f"node_modules/{name}"].get("dev"), name


# --- built once ---------------------------------------------------------------------------------------------


@pytest.fixture
def steps(bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the bootstrap does for a desk of two files; the steps themselves are not taken."""
    folder = tmp_path / "desktop"
    (folder / "src").mkdir(parents=True)
    for name in ("package.json", "package-lock.json", "src/main.tsx"):
        (folder / name).write_text(name)
    monkeypatch.setattr(bootstrap, "DESKTOP", folder)
    monkeypatch.setattr(bootstrap, "npm", lambda: ["npm"])
    taken: list[str] = []

    def run(what: str, command: list[str], **_: object) -> bool:
        taken.append(f"{what}: {' '.join(command)}")
        (folder / ("node_modules" if "ci" in command else "dist")).mkdir(exist_ok=True)
        return True

    monkeypatch.setattr(bootstrap, "run", run)
    return taken


def test_a_second_start_builds_nothing(bootstrap: ModuleType, steps: list[str]) -> None:
    assert bootstrap.make_desk("run")
    assert [step.partition(":")[0] for step in steps] == ["fetching the desk's packages", "building the desk"]
    assert "--omit=dev" in steps[0]
    steps.clear()

    assert not bootstrap.make_desk("run")
    assert steps == []


def test_changed_sources_are_built_and_changed_locks_fetched_anew(
    bootstrap: ModuleType,
    steps: list[str],
) -> None:
    bootstrap.make_desk("test")
    steps.clear()

    (bootstrap.DESKTOP / "src" / "main.tsx").write_text("changed")
    assert bootstrap.make_desk("test")
    assert [step.partition(":")[0] for step in steps] == ["building the desk"]
    steps.clear()
    (bootstrap.DESKTOP / "package-lock.json").write_text("changed")
    assert bootstrap.make_desk("test")
    assert [step.partition(":")[0] for step in steps] == ["fetching the desk's packages", "building the desk"]


def test_what_is_built_is_not_a_source_of_what_is_built(bootstrap: ModuleType, steps: list[str]) -> None:
    bootstrap.make_desk("test")
    before = bootstrap.desk_fingerprint()

    (bootstrap.DESKTOP / "dist" / "index.html").write_text("built")
    (bootstrap.DESKTOP / "node_modules" / "x.js").write_text("fetched")

    assert bootstrap.desk_fingerprint() == before
    assert steps


@pytest.mark.parametrize(
    ("version", "fits"), [("v18.20.0", False), ("v20.18.1", False), ("v20.19.0", True), ("v22.11.0", False),
                          ("v22.12.0", True), ("v25.0.0", True), ("nonsense", False)],
)  # fmt: skip
def test_an_old_node_is_not_used(bootstrap: ModuleType, tmp_path: Path, version: str, fits: bool) -> None:
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\necho {version}\n")
    node.chmod(0o755)

    assert bootstrap.new_enough(str(node)) is fits
    assert not bootstrap.new_enough(None)
