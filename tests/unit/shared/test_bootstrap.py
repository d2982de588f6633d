"""The bootstrap: one sentence for each thing a machine may lack, and nothing done twice."""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "deploy" / "bootstrap.py"


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, working in a folder of its own."""
    spec = importlib.util.spec_from_file_location("deploy_bootstrap", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    for purpose in ("run", "test"):
        lock = tmp_path / f"{purpose}.txt"
        lock.write_text(
            "a==1 \\\n    --hash=sha256:00\nuv==2 \\\n    --hash=sha256:11 \\\n    --hash=sha256:22\nz==3 \\\n"
        )
        monkeypatch.setitem(module.LOCKS, purpose, lock)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    return module


def current(bootstrap: ModuleType, purpose: str) -> None:
    bootstrap.PYTHON.parent.mkdir(parents=True, exist_ok=True)
    bootstrap.PYTHON.touch()
    (bootstrap.VENV / f".trunkline-{purpose}").write_text(bootstrap.fingerprint(purpose))


def test_an_old_python_is_told_in_one_sentence(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))

    assert bootstrap.main() == 1

    (line,) = capsys.readouterr().out.splitlines()
    assert "needs Python 3.11 or newer" in line
    assert "3.9.2" in line


def test_an_old_python_can_read_the_script_far_enough_to_say_so() -> None:
    ast.parse(SCRIPT.read_text(), feature_version=(3, 7))


def test_a_python_without_venv_is_told_in_one_sentence(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)  # what Debian's python3 without python3-venv amounts to

    assert bootstrap.main() == 1

    (line,) = capsys.readouterr().out.splitlines()
    assert "venv module is missing" in line
    assert "apt-get install" in line


def test_a_folder_that_cannot_be_written_is_told_in_one_sentence(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (bootstrap.ROOT / "file").write_text("")
    monkeypatch.setattr(bootstrap, "VENV", bootstrap.ROOT / "file" / ".venv")
    monkeypatch.setattr(bootstrap, "PYTHON", bootstrap.VENV / "bin" / "python")

    assert bootstrap.main() == 1

    (line,) = capsys.readouterr().out.splitlines()
    assert "cannot be written (Not a directory)" in line


def test_what_is_current_is_not_made_again_and_what_serves_tests_serves_a_run(bootstrap: ModuleType) -> None:
    assert not bootstrap.is_current("run")

    current(bootstrap, "test")

    assert bootstrap.is_current("test")
    assert bootstrap.is_current("run")


def test_what_serves_a_run_does_not_serve_tests(bootstrap: ModuleType) -> None:
    current(bootstrap, "run")

    assert bootstrap.is_current("run")
    assert not bootstrap.is_current("test")


@pytest.mark.parametrize("changed", ["run.txt", "pyproject.toml"])
def test_a_changed_lock_or_project_is_installed_anew(bootstrap: ModuleType, changed: str) -> None:
    current(bootstrap, "run")

    (bootstrap.ROOT / changed).write_text("changed")

    assert not bootstrap.is_current("run")


def test_uv_is_fetched_as_the_lock_pins_it(bootstrap: ModuleType) -> None:
    block = bootstrap.block_of("uv", bootstrap.LOCKS["run"])

    assert block == "uv==2 \\\n    --hash=sha256:11 \\\n    --hash=sha256:22\n"
    with pytest.raises(bootstrap.Stop, match="does not pin nothing"):
        bootstrap.block_of("nothing", bootstrap.LOCKS["run"])


def test_a_step_that_fails_stops_with_its_status(bootstrap: ModuleType) -> None:
    failing = [sys.executable, "-c", "raise SystemExit(3)"]

    assert not bootstrap.run("trying", failing, must=False)
    with pytest.raises(bootstrap.Stop, match="trying failed with status 3"):
        bootstrap.run("trying", failing)


def test_a_long_step_shows_that_it_moves(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "SIGN_OF_LIFE_S", 0.05)

    assert bootstrap.run("waiting", [sys.executable, "-c", "import select; select.select([], [], [], 0.3)"])

    assert "still waiting" in capsys.readouterr().out
