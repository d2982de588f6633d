"""The deployment that a module of fault tests shares, and the marks they all carry."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.faults.load import Load
from trunkline.testing.deployment import Deployment
from trunkline.testing.servers import Kafka, Postgres

MARKS = [
    pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module"),
]  # fmt: skip
"""The time limit is for a test and the start of the deployment before it, on a machine that has other things to do."""


class Rig:
    """The module's deployment, on the log and the record that the module asks for."""

    def __init__(self, base: Path, *, log: str, record: str) -> None:
        self.kafka: Kafka | None = None
        self.postgres: Postgres | None = None
        self.load: Load | None = None
        self._base = base
        self._log, self._record = log, record
        self._runs = 0
        self._stack = AsyncExitStack()

    async def start(self) -> Load:
        """A fresh deployment with its load, not yet begun."""
        self._runs += 1
        folder = self._base / f"run-{self._runs}"
        folder.mkdir()
        options: dict[str, Any] = {}
        if self._log == "kafka":
            self.kafka = await self._stack.enter_async_context(Kafka())
            options["log_url"] = f"kafka://{self.kafka.address}"
        if self._record == "postgres":
            self.postgres = await self._stack.enter_async_context(Postgres())
            options["database_url"] = self.postgres.database_url(await self.postgres.create_database())
        system = await self._stack.enter_async_context(Deployment(folder, **options))
        self.load = await self._stack.enter_async_context(Load(system))
        return self.load

    async def end(self) -> None:
        """End everything of it."""
        await self._stack.aclose()
        self.load = self.kafka = self.postgres = None
