"""`trunkline up`: everything on this machine, until Ctrl-C."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from trunkline.child import Output
from trunkline.demo.people import demo_sign_ins
from trunkline.demo.settings import DemoSettings, played_account
from trunkline.embedded import EmbeddedValkeyMissingError
from trunkline.local import CHECKOUT, LocalSettings, configuration_file, ports_needed, stages
from trunkline.ports import PortNeed, port_problem
from trunkline.settings import SettingsError, load_settings
from trunkline.supervisor import Supervisor


class CannotStart(Exception):
    """One sentence: why nothing was started, and what to do."""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""

    @app.command("up")
    def command() -> None:
        """Run everything on this machine: log, board, the four services, the demo. Ctrl-C ends it."""
        raise typer.Exit(up())


def up() -> int:
    """Run until asked to stop; 0 after a clean stop, else 1."""
    began = time.monotonic()
    try:
        settings = load_settings(LocalSettings)
        with held(settings.data_dir):
            check(settings)
            return asyncio.run(_run(settings, began))
    except (SettingsError, CannotStart, EmbeddedValkeyMissingError) as error:
        print(f"trunkline cannot start: {error}", file=sys.stderr)
        return 1


def check(settings: LocalSettings) -> None:
    """CannotStart with every port that is in use, or when this is no checkout."""
    if not (CHECKOUT / "services").is_dir():
        raise CannotStart("`trunkline up` runs from a checkout, and there is no services/ beside shared/")
    needs = ports_needed(settings)
    if settings.demo:
        needs.append(_provider_port(settings))
    problems = [problem for need in needs if (problem := port_problem(need))]
    if problems:
        raise CannotStart("\n".join(problems))


def _provider_port(settings: LocalSettings) -> PortNeed:
    """Where the demo plays the provider. CannotStart, with the demo's own sentence, if it cannot play any."""
    environment = {"config_file": configuration_file(settings)}
    try:
        played = played_account(load_settings(DemoSettings).model_copy(update=environment))
    except SettingsError as error:
        raise CannotStart(str(error)) from error
    return PortNeed(played.port, "the demo's provider", "TWILIO_API_BASE", played.host)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the data folder, made if missing; CannotStart if it cannot be written or another `trunkline up` has it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "up.lock").open("a+")
    except OSError as error:
        where = folder.absolute()
        raise CannotStart(
            f"the data folder {where} cannot be written ({error.strerror}); set TRUNKLINE_DATA_DIR"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise CannotStart(
                f"another `trunkline up` (process {lock.read().strip() or 'unknown'}) uses {folder.absolute()}; "
                "stop it, or set TRUNKLINE_DATA_DIR to another folder"
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


async def _run(settings: LocalSettings, began: float) -> int:
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    environment = dict(os.environ)
    if colour:
        environment.setdefault("TRUNKLINE_LOG_FORMAT", "pretty")
    built = stages(settings, environment)
    names = ["trunkline", *(spec.name for stage in built for spec in stage)]
    output = Output(sys.stdout, names=names, colour=colour)

    def on_ready() -> None:
        for line in table(settings, seconds=time.monotonic() - began):
            output.line("trunkline", line)

    return await Supervisor(built, output).run(on_ready)


def table(settings: LocalSettings, *, seconds: float) -> list[str]:
    """What a person wants to know when all is ready."""
    host = "127.0.0.1" if settings.listen_host in {"0.0.0.0", "::"} else settings.listen_host
    ops = [settings.ingest_ops_port, settings.router_ops_port, settings.agents_ops_port, settings.notify_ops_port]
    rows = [
        ("desk", f"http://{host}:{settings.agents_port}/"),
        ("webhooks", f"http://{host}:{settings.ingest_port}/webhooks/{{account}}"),
        ("mail", f"smtp://127.0.0.1:{settings.smtp_port}"),
        ("metrics", "  ".join(f"http://{settings.ops_host}:{port}/metrics" for port in ops)),
        ("data", f"{settings.data_dir.absolute()}  (`make reset` empties it)"),
        ("demo", "on; DEMO=0 leaves its customers and robots out" if settings.demo else "off"),
    ]
    if settings.demo:
        rows.append(("shop", f"http://{host}:{settings.ingest_port}/demo  (write in its chat, answer at the desk)"))
        rows += [
            ("sign in" if n == 0 else "", f"{one.login} / {one.password}  ({one.note})")
            for n, one in enumerate(demo_sign_ins())
        ]
    width = max(len(name) for name, _ in rows)
    return [f"ready after {seconds:.1f} s; Ctrl-C ends everything", *(f"  {n.ljust(width)}  {v}" for n, v in rows)]
