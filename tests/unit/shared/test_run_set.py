"""What `make run` starts imports only what `make run` installs: the environment of the tests hides what is missing."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
_NAMED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==", re.MULTILINE)


def missing_there() -> list[str]:
    """The modules that are importable here and not where only the lock of `make run` was installed."""
    lock = (ROOT / "deploy" / "requirements.txt").read_text(encoding="utf-8")
    installed = {_plain(name) for name in _NAMED.findall(lock)} | {"trunkline", "pip", "setuptools"}
    return [name for name, owners in packages_distributions().items() if installed.isdisjoint(map(_plain, owners))]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize(
    "module",
    [
        "trunkline.demo.__main__", "trunkline.cli", "trunkline.cli.up", "trunkline.cli.setup", "trunkline.cli.check",
        "trunkline.cli.explain", "trunkline.cli.staff", "trunkline.cli.simulate", "services.ingest.__main__",
        "services.router.__main__", "services.agents.__main__", "services.notify.__main__",
    ],
)  # fmt: skip
def test_it_can_be_imported_with_what_make_run_installs(module: str) -> None:
    lacking = missing_there()
    assert "psutil" in lacking, "the tests have more than a run does: else this proves nothing"
    program = f"import sys; sys.modules.update(dict.fromkeys({lacking!r})); import {module}"

    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert said.returncode == 0, said.stderr[-2_000:]
