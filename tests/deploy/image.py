"""What an image holds, laid out in a folder as the Dockerfile does it: an environment from the service's own lock,
Trunkline as a wheel, and that one service's files."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.compose import ROOT

_UV = [sys.executable, "-m", "uv"]


@dataclass(frozen=True)
class Image:
    """Where the image's folders are on this machine."""

    environment: Path
    """/opt/trunkline"""
    app: Path
    """/app"""


def build_wheel(folder: Path) -> Path:
    """Trunkline's wheel, made with nothing but what deploy/build-requirements.txt pins."""
    python = _environment(folder / "build", ROOT / "deploy" / "build-requirements.txt")
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "shared", source / "shared", ignore=shutil.ignore_patterns("__pycache__"))
    _run([*_UV, "build", "--wheel", "--no-build-isolation", "--python", python, "--out-dir", folder / "wheel", source])
    [wheel] = (folder / "wheel").glob("*.whl")
    return wheel


def build_image(folder: Path, service: str, wheel: Path) -> Image:
    """Lay out one service's image in an empty folder."""
    environment, app = folder / "environment", folder / "app"
    lock = ROOT / "services" / service / "requirements.txt"
    python = _environment(environment, lock)
    _run([*_UV, "pip", "install", "--quiet", "--python", python, "--no-deps", wheel])
    skip = shutil.ignore_patterns("__pycache__", "node_modules")
    shutil.copytree(ROOT / "services" / service, app / "services" / service, ignore=skip)
    return Image(environment, app)


def _environment(folder: Path, lock: Path) -> Path:
    """An environment with what a lock pins and nothing else; its Python."""
    _run([*_UV, "venv", "--quiet", "--python", sys.executable, folder])
    python = folder / "bin" / "python"
    wheels: list[str | Path] = ["--require-hashes", "--only-binary", ":all:", "--requirement", lock]
    _run([*_UV, "pip", "install", "--quiet", "--python", python, *wheels])
    return python


def _run(command: list[str | Path]) -> None:
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert answer.returncode == 0, answer.stderr
