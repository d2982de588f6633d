"""What one machine runs: two embedded Valkeys, the four services and the demo, as children of one supervisor."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import AliasChoices, Field

from trunkline.child import ChildSpec
from trunkline.embedded import valkey_binary
from trunkline.ports import PortNeed
from trunkline.probes import http_ready, redis_ready
from trunkline.settings import Listens, Port, TakesMail, ops_port_of, port_of
from trunkline.supervisor import Stage

CHECKOUT: Final = Path(__file__).resolve().parents[2]
"""The folder that holds `services/`; they are run from there and are in no wheel."""

_LOOPBACK: Final = "127.0.0.1"
_PER_PROCESS: Final = ("TRUNKLINE_PORT", "TRUNKLINE_OPS_PORT", "TRUNKLINE_MEMBER")
"""Names that mean one process; four children cannot share them, so they are not passed on."""


class LocalSettings(Listens, TakesMail):
    """Where the processes of one machine listen."""

    ingest_port: Port = port_of("ingest", named=True)
    ingest_ops_port: Port = ops_port_of("ingest", named=True)
    router_ops_port: Port = ops_port_of("router", named=True)
    agents_port: Port = port_of("agents", named=True)
    agents_ops_port: Port = ops_port_of("agents", named=True)
    notify_ops_port: Port = ops_port_of("notify", named=True)
    up_log_port: Port = Field(
        7101, description="`trunkline up`: port of the embedded log, if TRUNKLINE_LOG_URL is unset."
    )
    up_board_port: Port = Field(
        7102, description="`trunkline up`: port of the embedded board, if TRUNKLINE_BOARD_URL is unset."
    )
    demo: bool = Field(
        default=True,
        validation_alias=AliasChoices("DEMO"),
        description="`trunkline up`: 0 leaves the demo's customers and robots out.",
    )

    @property
    def own_log(self) -> bool:
        """Whether the log is ours to run, because nobody named another."""
        return "log_url" not in self.model_fields_set

    @property
    def own_board(self) -> bool:
        """Whether the board is ours to run, because nobody named another."""
        return "board_url" not in self.model_fields_set


def ports_needed(settings: LocalSettings) -> list[PortNeed]:
    """Every port this machine must have free."""
    needs = [
        PortNeed(settings.ingest_port, "ingest", "TRUNKLINE_INGEST_PORT", settings.listen_host),
        PortNeed(settings.smtp_port, "mail", "TRUNKLINE_SMTP_PORT"),
        PortNeed(settings.agents_port, "the desk", "TRUNKLINE_AGENTS_PORT", settings.listen_host),
    ]
    needs += [
        PortNeed(port, f"{name}'s metrics", f"TRUNKLINE_{name.upper()}_OPS_PORT", settings.ops_host)
        for name, port in _services(settings).items()
    ]
    if settings.own_log:
        needs.append(PortNeed(settings.up_log_port, "the log", "TRUNKLINE_UP_LOG_PORT"))
    if settings.own_board:
        needs.append(PortNeed(settings.up_board_port, "the board", "TRUNKLINE_UP_BOARD_PORT"))
    return needs


def stages(settings: LocalSettings, environment: Mapping[str, str]) -> list[Stage]:
    """What to start, in order: servers, setup, services, demo."""
    shared = child_environment(settings, environment)
    python = [sys.executable, "-m"]
    setup = ChildSpec("setup", [*python, "trunkline.cli", "setup"], environment=shared, cwd=CHECKOUT, once=True)
    services = [
        ChildSpec(
            name,
            [*python, f"services.{name}"],
            environment=shared,
            cwd=CHECKOUT,
            ready=http_ready(settings.ops_host, port),
        )
        for name, port in _services(settings).items()
    ]
    built: list[Stage] = [_servers(settings), [setup], services]
    if settings.demo:
        built.append([ChildSpec("demo", [*python, "trunkline.demo"], environment=shared, cwd=CHECKOUT)])
    return [stage for stage in built if stage]


def child_environment(settings: LocalSettings, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment all children share: ours, with every address and folder spelled out."""
    ours = {name: value for name, value in environment.items() if name not in _PER_PROCESS}
    ours |= {
        "TRUNKLINE_LOG_URL": f"redis://{_LOOPBACK}:{settings.up_log_port}/0" if settings.own_log else settings.log_url,
        "TRUNKLINE_BOARD_URL": (
            f"redis://{_LOOPBACK}:{settings.up_board_port}/0" if settings.own_board else settings.board_url
        ),
        "TRUNKLINE_DATA_DIR": str(settings.data_dir.absolute()),
        "TRUNKLINE_CONFIG_FILE": str(configuration_file(settings)),
        "TRUNKLINE_INGEST_PORT": str(settings.ingest_port),
        "TRUNKLINE_AGENTS_PORT": str(settings.agents_port),
        "TRUNKLINE_SMTP_PORT": str(settings.smtp_port),
        "TRUNKLINE_INGEST_SHOP": str(settings.demo),
        "PYTHONUNBUFFERED": "1",
    }
    ours.setdefault("TRUNKLINE_AGENTS_INTERNAL_URL", f"http://{_LOOPBACK}:{settings.agents_port}")
    ours.setdefault("TRUNKLINE_PUBLIC_URL", f"http://{_LOOPBACK}:{settings.ingest_port}")
    for name, port in _services(settings).items():
        ours[f"TRUNKLINE_{name.upper()}_OPS_PORT"] = str(port)
    return ours


def configuration_file(settings: LocalSettings) -> Path:
    """The operator's trunkline.yaml, else the demo's."""
    own = settings.config_file.absolute()
    if "config_file" in settings.model_fields_set or own.exists():
        return own
    return CHECKOUT / "deploy" / "trunkline.yaml"


def _services(settings: LocalSettings) -> dict[str, int]:
    """Name → ops port, in the order of starting: who consumes first, the door last."""
    return {
        "notify": settings.notify_ops_port,
        "agents": settings.agents_ops_port,
        "router": settings.router_ops_port,
        "ingest": settings.ingest_ops_port,
    }


def _servers(settings: LocalSettings) -> list[ChildSpec]:
    servers = []
    if settings.own_log:
        # What we acknowledge is in the log: every append is on the disk before it is answered.
        servers.append(_valkey("log", settings.up_log_port, settings.data_dir, appendfsync="always"))
    if settings.own_board:
        # The board is rebuilt from the log; a second of it may be lost.
        servers.append(_valkey("board", settings.up_board_port, settings.data_dir, appendfsync="everysec"))
    return servers


def _valkey(name: str, port: int, data_dir: Path, *, appendfsync: str) -> ChildSpec:
    folder = data_dir.absolute() / name
    folder.mkdir(parents=True, exist_ok=True)
    options = {
        "port": str(port),
        "bind": _LOOPBACK,
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": appendfsync,
        "maxmemory-policy": "noeviction",
        "save": "",
        "loglevel": "warning",
    }
    words = [word for option, value in options.items() for word in (f"--{option}", value)]
    command = [str(valkey_binary()), *words]
    return ChildSpec(name, command, environment=dict(os.environ), cwd=folder, ready=redis_ready(_LOOPBACK, port))
