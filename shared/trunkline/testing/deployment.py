"""A whole deployment for tests: log, board, record, the four services as real processes, a provider beside them."""

from __future__ import annotations

import asyncio
import atexit
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from trunkline.testing.nursery import POSSIBLE, Nursery
from trunkline.testing.ports import free_port
from trunkline.testing.processes import Service
from trunkline.testing.servers import Valkey
from trunkline.testing.twilio import TwilioSimulator
from trunkline.testing.twilio_rules import SimAccount

ROOT = Path(__file__).resolve().parents[3]
SID = "AC" + "0" * 32
TOKEN = "token-of-the-simulator"  # noqa: S105  the simulator's
SENDER = "+37120000000"
ADMIN = ("admin", "admin-of-the-tests")
CHAT_SECRET = "secret-of-the-tests-shop"  # noqa: S105  the tests' shop
SERVICES = ("notify", "agents", "router", "ingest")
_MODULES = (
    *(f"services.{name}" for name in SERVICES), "trunkline.cli", "trunkline.cli.setup", "services.agents.prepare"
)  # fmt: skip

CONFIG = f"""
default_queue: support
queues:
  support:
    {{title: Support, target_s: 60, offer_timeout_s: 20, wrap_up_s: 30,
     escalation: {{queue: sales, requires: {{senior: 3}}}}, widening: [{{after_s: 3600, drop: [rare]}}],
     tells: {{shut: {{en: We cannot answer now.}}}}}}
  sales: {{title: Sales}}
  promised: {{title: Promised, clocks: {{first_reply_s: 1, resolution_s: 3600}}}}
  rush: {{title: Asks two at once, offer_to: 2}}
  given: {{title: Asks nobody, auto_accept: true}}
calendars:
  noons: {{zone: Europe/Riga, week: {{mon: ["12:00-13:00"], tue: ["12:00-13:00"]}}}}
skills:
  lang.lv: {{title: Latvian}}
  senior: {{title: Seniority}}
  rare: {{title: Rare knowledge}}
accounts:
  sms-main:
    channel: twilio-sms
    settings:
      account_sid: {SID}
      auth_token: {TOKEN}
      sender: "{SENDER}"
      api_base: ${{TRUNKLINE_VAR_API}}
  chat-main:
    channel: webchat
    settings:
      origins: [https://shop.example, "${{TRUNKLINE_PUBLIC_URL}}"]
      identity_secret: {CHAT_SECRET}
rules:
  - name: latvian
    when: message.text.contains("Labdien")
    requires: {{lang.lv: 1}}
  - {{name: rush, when: message.text.contains("Anybody there"), queue: rush}}
  - {{name: given, when: message.text.contains("Right now"), queue: given}}
"""


@cache
def nursery() -> Nursery | None:
    """This process's nursery of all that a deployment runs, ended with the process; None where there can be none."""
    if not POSSIBLE:
        return None
    made = Nursery(_MODULES, cwd=ROOT, path=[ROOT / "shared", ROOT])
    atexit.register(made.close)
    return made


class _Migrated:
    """Of this process's deployments: a record as setup leaves it."""

    record: bytes | None = None


class Deployment:
    """Everything on loopback, each process to be killed, paused and started again.

    The log is an embedded Valkey unless `log_url` names another; the record is SQLite unless `database_url` does. Its
    processes are forked from a nursery, where there can be one; `fresh` ones are started as in production, to be
    measured.
    """

    def __init__(
        self,
        folder: Path,
        *,
        log_url: str = "",
        database_url: str = "",
        deployment: str = "t",
        shards: int = 3,
        config: str = CONFIG,
        environment: Mapping[str, str] | None = None,
        simulator: Mapping[str, object] | None = None,
        fresh: bool = False,
    ) -> None:
        self.folder = folder
        self.shards = shards
        self.deployment = deployment
        self._log_url = log_url
        self._database_url = database_url
        self._config = config
        self._extra = dict(environment or {})
        self._simulator_options = dict(simulator or {})
        self._nursery = None if fresh else nursery()
        self._stack = AsyncExitStack()
        self.ports = {name: free_port() for name in ("ingest", "agents", "smtp", *(f"{one}_ops" for one in SERVICES))}
        self.services: dict[str, Service] = {}
        self.log: Valkey | None = None
        self.board: Valkey
        self.provider: TwilioSimulator

    @property
    def public_url(self) -> str:
        """Where providers reach ingest."""
        return f"http://127.0.0.1:{self.ports['ingest']}"

    @property
    def desk_url(self) -> str:
        """Where the desk and its API are."""
        return f"http://127.0.0.1:{self.ports['agents']}"

    @property
    def log_url(self) -> str:
        """Where the log is."""
        return self._log_url or (self.log.url if self.log is not None else "")

    def ops_url(self, service: str, path: str = "/metrics") -> str:
        """A service's health and metrics."""
        return f"http://127.0.0.1:{self.ports[f'{service}_ops']}{path}"

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def _start(self) -> None:
        if not self._log_url:
            self.log = await self._stack.enter_async_context(Valkey(appendonly=True, appendfsync="always"))
        self.board = await self._stack.enter_async_context(Valkey(appendonly=True, appendfsync="everysec"))
        webhook, senders = f"{self.public_url}/webhooks/sms-main", (SENDER, f"whatsapp:{SENDER}")
        account = SimAccount(sid=SID, token=TOKEN, webhook_url=webhook, senders=senders)
        options: dict[str, object] = {"callbacks": True} | self._simulator_options
        self.provider = await self._stack.enter_async_context(TwilioSimulator([account], **options))  # type: ignore[arg-type]  # its own keywords
        (self.folder / "trunkline.yaml").write_text(self._config)
        await self._set_up()
        for name in SERVICES:
            service = await self._stack.enter_async_context(self.service(name))
            self.services[name] = service
            service.spawn()
        await asyncio.gather(*(service.ready(within=60) for service in self.services.values()))

    async def _set_up(self) -> None:
        """By `trunkline setup`. Only a run's first deployment migrates its SQLite: the others begin with a copy of it.

        All the rest of setup is done each time; migrating takes three quarters of a second of CPU.
        """
        migrated, own = _Migrated.record, self.folder / "record.db"
        if not self._database_url and migrated is not None and not own.exists():
            own.write_bytes(migrated)
        setup = Service(
            "trunkline.cli", env=self.environment(), log=self.folder / "setup.log", arguments=["setup"],
            nursery=self._nursery,
        )  # fmt: skip
        async with setup:
            setup.spawn()
            await setup.ended(status=0, within=60)
        if not self._database_url and migrated is None:
            _Migrated.record = own.read_bytes()

    def service(self, name: str, *, replica: int = 0, extra: Mapping[str, str] | None = None) -> Service:
        """A service's process, not started. A replica has its own name and ops port (routers and notifies only)."""
        ops = self.ports[f"{name}_ops"] if replica == 0 else free_port()
        environment = self.environment() | {
            "TRUNKLINE_MEMBER": f"{name}-{replica}",
            "TRUNKLINE_OPS_PORT": str(ops),
            **(extra or {}),
        }
        if name in {"ingest", "agents"}:
            environment["TRUNKLINE_PORT"] = str(self.ports[name])
        return Service(
            f"services.{name}",
            env=environment,
            log=self.folder / f"{name}-{replica}.log",
            ready_url=f"http://127.0.0.1:{ops}/readyz",
            cwd=ROOT,
            nursery=self._nursery,
        )

    def environment(self) -> dict[str, str]:
        """What every process is told."""
        database = self._database_url or f"sqlite:///{self.folder / 'record.db'}"
        return {
            "PYTHONPATH": os.pathsep.join([str(ROOT / "shared"), str(ROOT)]),
            "TRUNKLINE_DEPLOYMENT": self.deployment,
            "TRUNKLINE_SHARDS": str(self.shards),
            "TRUNKLINE_LOG_URL": self.log_url,
            "TRUNKLINE_BOARD_URL": self.board.url,
            "TRUNKLINE_DATA_DIR": str(self.folder),
            "TRUNKLINE_DATABASE_URL": database,
            "TRUNKLINE_CONFIG_FILE": str(self.folder / "trunkline.yaml"),
            "TRUNKLINE_PUBLIC_URL": self.public_url,
            "TRUNKLINE_AGENTS_INTERNAL_URL": self.desk_url,
            "TRUNKLINE_SMTP_PORT": str(self.ports["smtp"]),
            "TRUNKLINE_ADMIN_LOGIN": ADMIN[0],
            "TRUNKLINE_ADMIN_PASSWORD": ADMIN[1],
            "TRUNKLINE_VAR_API": self.provider.url,
            **self._extra,
        }

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()
