"""`trunkline up` with its demo, as `make run` starts it, but with data and ports of its own; gone afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from trunkline.testing.deployment import ROOT
from trunkline.testing.ports import free_port
from trunkline.testing.processes import Service

_PORTS = {
    "agents": "TRUNKLINE_AGENTS_PORT", "ingest": "TRUNKLINE_INGEST_PORT", "log": "TRUNKLINE_UP_LOG_PORT",
    "board": "TRUNKLINE_UP_BOARD_PORT", "mail": "TRUNKLINE_SMTP_PORT", "relay": "MAIL_RELAY_PORT",
    "notify_ops": "TRUNKLINE_NOTIFY_OPS_PORT", "agents_ops": "TRUNKLINE_AGENTS_OPS_PORT",
    "router_ops": "TRUNKLINE_ROUTER_OPS_PORT", "ingest_ops": "TRUNKLINE_INGEST_OPS_PORT",
}  # fmt: skip
_READY_S = 90.0
_PACE = "30"
"""New conversations a minute: a floor that is at work, and pictures within a minute or two."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look."""

    desk: str
    shop: str


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[Places]:
    """Everything on this machine, while inside. ChildError, with what it said last, if it does not come up."""
    ports = {name: free_port() for name in _PORTS}
    environment = {_PORTS[name]: str(port) for name, port in ports.items()} | {
        "TRUNKLINE_DATA_DIR": str(folder / "data"),
        "TRUNKLINE_CONFIG_FILE": str(ROOT / "deploy" / "trunkline.yaml"),
        "TRUNKLINE_DEMO_RATE": _PACE,
        "TWILIO_API_BASE": f"http://127.0.0.1:{free_port()}",
        "MAIL_RELAY_HOST": "127.0.0.1",
        "DEMO": "1",
    }
    desk, shop = (f"http://127.0.0.1:{ports[name]}" for name in ("agents", "ingest"))
    async with Service(
        "trunkline.cli", arguments=["up"], env=environment, log=folder / "up.log", cwd=ROOT,
        # The desk is what is looked at first; that the demo has begun shows there.
        ready_url=f"http://127.0.0.1:{ports['agents_ops']}/readyz",
    ) as up:  # fmt: skip
        await up.start(ready_within=_READY_S)
        yield Places(f"{desk}/", f"{shop}/demo")
        await up.stop()
