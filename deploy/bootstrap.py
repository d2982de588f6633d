"""Makes what `make run` or `make test` needs: `.venv` and the built desk, each once per change of its sources.

    python3 deploy/bootstrap.py run|test
    python3 deploy/bootstrap.py npm …       the desk's own commands, with the Node that it is built with

Needs python3 and nothing else. It is read by whatever `python3` is found, so nothing newer than Python 3.7 stands here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = {"run": ROOT / "deploy" / "requirements.txt", "test": ROOT / "tests" / "requirements.txt"}
OLDEST = (3, 11)
DESKTOP = ROOT / "services" / "agents" / "desktop"
NODE_LOCK = ROOT / "deploy" / "node-requirements.txt"
NODE_VERSIONS = ((20, 19), (22, 12))
"""What Vite runs on: 20.19 and later of 20, or 22.12 and later."""
SIGN_OF_LIFE_S = 10.0


class Stop(Exception):
    """One sentence for the person at the terminal."""


def main() -> int:
    """Bring `.venv` and the desk up to date for the purpose in argv; 0 when they are."""
    purpose = sys.argv[1] if len(sys.argv) > 1 else "run"
    began = time.monotonic()
    try:
        if purpose == "npm":
            return subprocess.call([*npm(), *sys.argv[2:]], cwd=str(DESKTOP), env=with_node())  # noqa: S603 - our own
        check_python()
        made = [make_packages(purpose), make_desk(purpose)]
    except Stop as stop:
        say(str(stop))
        return 1
    if any(made):
        say(f"ready for `make {purpose}` after {time.monotonic() - began:.0f} s")
    return 0


def make_packages(purpose: str) -> bool:
    """Bring `.venv` up to date; whether there was anything to do."""
    if is_current(purpose):
        return False
    make_venv()
    install(purpose)
    (VENV / f".trunkline-{purpose}").write_text(fingerprint(purpose), encoding="utf-8")
    return True


def check_python() -> None:
    """Stop unless this Python is new enough and can make environments."""
    if sys.version_info < OLDEST:
        have = ".".join(map(str, sys.version_info[:3]))
        need = ".".join(map(str, OLDEST))
        raise Stop(
            f"Trunkline needs Python {need} or newer, and {sys.executable} is {have}; name another: make PYTHON=…"
        )
    try:
        import ensurepip  # noqa: F401, PLC0415 - Debian ships venv without it, and only the import tells
        import venv  # noqa: F401, PLC0415 - as above
    except ImportError:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise Stop(f"Python's venv module is missing; on Debian: apt-get install python{version}-venv") from None


def is_current(purpose: str) -> bool:
    """Whether nothing has changed since `.venv` was made; what serves the tests serves a run too."""
    if not PYTHON.exists():
        return False
    purposes = {purpose, "test"}
    return any(stamp(each) == fingerprint(each) for each in purposes)


def stamp(purpose: str) -> str:
    """What the last complete installation was made from; empty if there was none."""
    path = VENV / f".trunkline-{purpose}"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def fingerprint(purpose: str) -> str:
    """Changes with all that an installation depends on: locks, pyproject.toml, this file, the Python, the folder."""
    digest = hashlib.sha256(f"{sys.version_info} {ROOT}".encode())
    for path in (LOCKS[purpose], ROOT / "pyproject.toml", Path(__file__).resolve()):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def make_venv() -> None:
    """Make `.venv`, anew when the one there does not run or is of another Python."""
    ask = "import sys; print(*sys.version_info[:2])"
    if PYTHON.exists():
        answer = subprocess.run([str(PYTHON), "-c", ask], stdout=subprocess.PIPE, check=False)  # noqa: S603 - our own
        if answer.returncode == 0 and answer.stdout.decode().split() == [str(part) for part in sys.version_info[:2]]:
            return
    try:
        VENV.mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=str(VENV)):
            pass
    except OSError as error:
        raise Stop(f"{ROOT} cannot be written ({error.strerror}): .venv is made there") from None
    run("making .venv", [sys.executable, "-m", "venv", "--clear", str(VENV)])


def install(purpose: str) -> None:
    """Install the lock of the purpose and then Trunkline itself, so that its entry points are found."""
    lock = LOCKS[purpose]
    count = sum(1 for line in lock.read_text(encoding="utf-8").splitlines() if "==" in line and line[0].isalnum())
    packages = ["--require-hashes", "-r", str(lock)]
    itself = ["--no-deps", "--no-build-isolation", "-e", str(ROOT)]
    installer = uv(lock)
    if installer and run(f"installing {count} packages", [*installer, "--compile-bytecode", *packages], must=False):
        run("installing trunkline", [*installer, *itself])
        return
    slow = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet"]
    run(f"installing {count} packages with pip, which takes a minute", [*slow, *packages])
    run("installing trunkline", [*slow, *itself])


def uv(lock: Path) -> list[str]:
    """The command of uv's installer, of exactly the version in the lock; empty if this machine cannot have it."""
    wanted = block_of("uv", lock)
    with tempfile.NamedTemporaryFile("w", suffix=".txt", dir=str(VENV), encoding="utf-8") as file:
        file.write(wanted)
        file.flush()
        pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet"]
        got = run("fetching uv", [*pip, "--require-hashes", "--only-binary", ":all:", "-r", file.name], must=False)
    return [str(VENV / "bin" / "uv"), "pip", "install", "--python", str(PYTHON)] if got else []


def block_of(package: str, lock: Path) -> str:
    """The lines of a lock that pin one package with its hashes."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    start = next((index for index, line in enumerate(lines) if line.startswith(f"{package}==")), None)
    if start is None:
        raise Stop(f"{lock} does not pin {package}; `make lock` writes it anew")
    end = start + 1
    while end < len(lines) and lines[end].startswith(" "):
        end += 1
    return "\n".join(lines[start:end]) + "\n"


# --- the desk -----------------------------------------------------------------------------------------------


def make_desk(purpose: str) -> bool:
    """Build the desk if its sources changed; for tests also fetch what checks it. Whether there was anything to do."""
    packages, built = DESKTOP / "node_modules" / f".trunkline-{purpose}", DESKTOP / "dist" / ".trunkline"
    locks, sources = desk_fingerprint("package.json", "package-lock.json"), desk_fingerprint()
    has_packages = any(holds(packages.with_name(f".trunkline-{each}"), locks) for each in (purpose, "test"))
    if holds(built, sources) and (has_packages or purpose == "run"):
        return False
    if not has_packages:
        only = ["--omit=dev"] if purpose == "run" else []
        run("fetching the desk's packages", [*npm(), "ci", "--loglevel=error", *only], folder=DESKTOP)
        packages.write_text(locks, encoding="utf-8")
    if not holds(built, sources):
        run("building the desk", [*npm(), "run", "--silent", "build"], folder=DESKTOP)
        built.write_text(sources, encoding="utf-8")
    return True


def holds(path: Path, text: str) -> bool:
    """Whether the file is there and says just this."""
    return path.exists() and path.read_text(encoding="utf-8") == text


def desk_fingerprint(*names: str) -> str:
    """Changes with these files of the desk; without names, with all that it is built from."""
    made = {"node_modules", "dist"}
    paths = [DESKTOP / name for name in names] or [
        path for path in DESKTOP.rglob("*") if path.is_file() and not made.intersection(path.relative_to(DESKTOP).parts)
    ]
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(f"{path.relative_to(DESKTOP)} {path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def npm() -> list[str]:
    """The command of npm: the system's if its Node is new enough, else one from a wheel, fetched into `.venv`."""
    found = shutil.which("npm")
    if found and new_enough(shutil.which("node")):
        return [found]
    own = PYTHON.with_name("npm")
    if not own.exists():
        pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet"]
        run("fetching Node, which builds the desk", [*pip, "--require-hashes", "-r", str(NODE_LOCK)])
    return [str(own)]


def new_enough(node: str | None) -> bool:
    """Whether this Node can build the desk."""
    if node is None:
        return False
    answer = subprocess.run([node, "--version"], stdout=subprocess.PIPE, check=False)  # noqa: S603 - what `which` found
    parts = answer.stdout.decode().strip().lstrip("v").split(".")
    if answer.returncode or not all(part.isdigit() for part in parts[:2]):
        return False
    major, minor = map(int, parts[:2])
    return (major, minor) >= NODE_VERSIONS[-1] or any(major == new and minor >= least for new, least in NODE_VERSIONS)


def with_node() -> dict[str, str]:
    """Our environment, in which npm's scripts find the Node that npm runs on."""
    system = new_enough(shutil.which("node"))
    path = os.environ.get("PATH", os.defpath)
    return {**quiet(), "PATH": path if system else f"{PYTHON.parent}{os.pathsep}{path}"}


# --- steps --------------------------------------------------------------------------------------------------


def run(what: str, command: list[str], *, must: bool = True, folder: Path | None = None) -> bool:
    """Run a step, saying that it moves; whether it succeeded. With `must`, a failure stops everything."""
    began = time.monotonic()
    say(f"{what} …")
    place, environment = str(folder or ROOT), with_node() if folder else quiet()
    with subprocess.Popen(command, cwd=place, stdin=subprocess.DEVNULL, env=environment) as process:  # noqa: S603 - our own steps
        while True:
            try:
                status = process.wait(SIGN_OF_LIFE_S)
                break
            except subprocess.TimeoutExpired:
                say(f"… still {what} ({time.monotonic() - began:.0f} s)")
            except KeyboardInterrupt:
                process.wait()
                raise Stop("interrupted") from None
    if status and must:
        raise Stop(f"{what} failed with status {status}; what it said stands above")
    return status == 0


def quiet() -> dict[str, str]:
    """Our environment, without what would send an installer to another environment than `.venv`."""
    ours = {
        name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONHOME", "PIP_TARGET"}
    }
    return {**ours, "UV_NO_PROGRESS": "1"} if not sys.stdout.isatty() else ours


def say(text: str) -> None:
    """One line to the terminal, at once."""
    sys.stdout.write(f"bootstrap: {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
