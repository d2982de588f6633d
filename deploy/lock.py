"""Writes the hash-locked, host-free requirements (`make lock`), or checks that they are so (`--check`, offline).

tests/requirements.txt pins everything; the others are cut from it, so that one version of a package is used everywhere.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
TESTS: Final = ROOT / "tests" / "requirements.txt"
LOCAL: Final = ROOT / "deploy" / "requirements.txt"
NODE: Final = ROOT / "deploy" / "node-requirements.txt"
"""Apart from the others: fetched only where the system has no Node to build the desk with."""
BUILD: Final = ROOT / "deploy" / "build-requirements.txt"
"""What the Dockerfile makes Trunkline's wheel with; in no image that runs."""
SERVICES: Final = ("ingest", "router", "agents", "notify")
INSTALLERS: Final = ("editables", "hatchling", "uv")
"""What bootstrap.py needs: uv installs the packages; hatchling with editables installs Trunkline itself."""

_BESIDE: Final = {TESTS: INSTALLERS, LOCAL: INSTALLERS, BUILD: ("hatchling",)}
"""What a lock holds that pyproject.toml does not ask for."""

_PIN: Final = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[\w,-]+\])?==([^\s;]+)(?: ; [^\\]+)? \\$")
_HASH: Final = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def main() -> int:
    """Write the locks, or with --check tell what is wrong with them; 0 when all is well."""
    if "--check" not in sys.argv[1:]:
        write()
    problems = check()
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if problems else 0


def locks() -> dict[Path, list[str]]:
    """Each lock with the inputs it is made of, the one that pins everything first."""
    cut = {ROOT / "services" / name / "requirements.txt": ["--extra", name] for name in SERVICES}
    cut[NODE] = ["--extra", "node"]
    return {TESTS: ["--extra", "local", "--group", "dev"], LOCAL: ["--extra", "local"], **cut, BUILD: []}


def write() -> None:
    """Resolve anew. uv keeps the versions a lock already has, so a lock changes only where it must."""
    for path, inputs in locks().items():
        more = "\n".join(_BESIDE.get(path, ()))
        sources = [*(["pyproject.toml"] if inputs else []), *(["-"] if more else [])]
        command = ["uv", "pip", "compile", *sources, *inputs, "--universal", "--python-version", "3.11"]
        command += ["--generate-hashes", "--no-header", "--no-annotate", "--quiet", "--output-file", str(path)]
        if path != TESTS:
            command += ["--constraints", str(TESTS)]
        sys.stdout.write(f"{path.relative_to(ROOT)} …\n")
        sys.stdout.flush()
        subprocess.run(  # noqa: S603 - a fixed command, no shell
            [sys.executable, "-m", *command], cwd=ROOT, input=more, text=True, check=True
        )


def check() -> list[str]:
    """What is wrong with the locks: a host, an option, a pin without hashes, a requirement nobody pinned."""
    everything = pins(TESTS) if TESTS.exists() else {}
    problems: list[str] = []
    for path in locks():
        name = path.relative_to(ROOT)
        if not path.exists():
            problems.append(f"{name} is missing; `make lock` writes it")
            continue
        problems += [f"{name}:{number}: not a pin or a hash: {line[:80]}" for number, line in strange_lines(path)]
        problems += [f"{name}: {pin} has no hash" for pin in without_hash(path)]
        pinned = pins(path)
        problems += [
            f"{name}: {pin}=={version} is not what tests/requirements.txt pins"
            for pin, version in pinned.items()
            if everything.get(pin, version if path == NODE else "") != version
        ]
        problems += [f"{name}: {each} of pyproject.toml is not pinned" for each in required(path) - pinned.keys()]
    return problems


def strange_lines(path: Path) -> list[tuple[int, str]]:
    """Lines that are neither pin nor hash: addresses and index options among them."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(n, line) for n, line in enumerate(lines, 1) if not _PIN.match(line) and not _HASH.match(line)]


def without_hash(path: Path) -> list[str]:
    """Pins that no hash follows."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [
        line
        for line, following in zip(lines, [*lines[1:], ""], strict=True)
        if _PIN.match(line) and not _HASH.match(following)
    ]


def pins(path: Path) -> dict[str, str]:
    """Package → version. A package pinned twice for different platforms has both versions, joined."""
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if match := _PIN.match(line):
            name, version = match[1].lower(), match[2]
            found[name] = f"{found[name]},{version}" if name in found else version
    return found


def required(path: Path) -> set[str]:
    """The packages that pyproject.toml and we name for a lock; their own needs are the resolver's matter."""
    if path == BUILD:
        return set(_BESIDE[BUILD])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras: dict[str, list[str]] = project["project"]["optional-dependencies"]
    wanted = list(project["project"]["dependencies"])
    extra = "node" if path == NODE else path.parent.name if path.parent.name in SERVICES else "local"
    waiting = [f"trunkline[{extra}]"]
    while waiting:
        requirement = waiting.pop()
        if itself := re.match(r"trunkline\[([\w,]+)\]", requirement):
            waiting += [each for name in itself[1].split(",") for each in extras[name]]
        else:
            wanted.append(requirement)
    wanted += _BESIDE.get(path, ())
    if path == TESTS:
        wanted += project["dependency-groups"]["dev"]
    return {re.split(r"[^\w.-]", requirement)[0].lower().replace("_", "-") for requirement in wanted}


if __name__ == "__main__":
    sys.exit(main())
