"""The deployment that fault tests share, and the marks they all carry."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.faults.load import Load
from trunkline.testing.deployment import Deployment
from trunkline.testing.servers import Kafka, Postgres

MARKS = [
    pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="session"),
]  # fmt: skip
"""The time limit is for a test and the start of the deployment before it, on a machine that has other things to do."""


class Rig:
    """The deployment of the moment, on the log and the record it was asked for; one at a time."""

    def __init__(self, base: Path) -> None:
        self.kafka: Kafka | None = None
        self.postgres: Postgres | None = None
        self._base = base
        self._load: Load | None = None
        self._kind = ("", "")
        self._runs = 0
        self._stack = AsyncExitStack()

    async def load(self, *, log: str, record: str) -> Load:
        """The load of a deployment on these servers, not begun: the one there is, if it is such a one and sound."""
        if self._load is not None and self._kind == (log, record):
            return self._load
        await self.end()
        self._kind = (log, record)
        self._load = await self._start()
        return self._load

    async def _start(self) -> Load:
        self._runs += 1
        folder = self._base / f"run-{self._runs}"
        folder.mkdir()
        options: dict[str, Any] = {}
        if self._kind[0] == "kafka":
            self.kafka = await self._stack.enter_async_context(Kafka())
            options["log_url"] = f"kafka://{self.kafka.address}"
        if self._kind[1] == "postgres":
            self.postgres = await self._stack.enter_async_context(Postgres())
            options["database_url"] = self.postgres.database_url(await self.postgres.create_database())
        system = await self._stack.enter_async_context(Deployment(folder, **options))
        return await self._stack.enter_async_context(Load(system))

    async def end(self) -> None:
        """End everything of it."""
        await self._stack.aclose()
        self._load = self.kafka = self.postgres = None
