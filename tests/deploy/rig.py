"""The deployment of docker-compose.yml as processes on loopback: its commands, its environment, its health checks.

What differs from containers, and nothing else does: a service's name is an address of its own there and a port on
loopback here; an image's folders are folders here.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.deploy.compose import SERVICES, image_environment
from tests.deploy.image import Image
from tests.deploy.servers import DescribedBoard, DescribedKafka
from trunkline.testing.child import Child
from trunkline.testing.errors import ChildError
from trunkline.testing.ports import HOST, free_port
from trunkline.testing.servers import Postgres

PORTS = {"ingest": 7110, "agents": 7130}
SMTP_PORT = 7125
OPS_PORTS = {"ingest": 7111, "router": 7121, "agents": 7131, "notify": 7141}
_CHECK_EVERY_S = 0.2
_HEALTHY_WITHIN_S = 60.0


class Composed:
    """Start what the resolved file describes, in the order of its `depends_on`."""

    def __init__(self, described: Mapping[str, Any], images: Mapping[str, Image], folder: Path) -> None:
        self._services: dict[str, Any] = described["services"]
        self._images = images
        self._folder = folder
        self._stack = AsyncExitStack()
        self._addresses: dict[str, str] = {}
        self.processes: dict[str, Child] = {}
        for name in SERVICES:
            self._addresses[f"{name}:{OPS_PORTS[name]}"] = f"{HOST}:{free_port()}"
            for port in self._services[name].get("ports", []):
                self._addresses[f"{name}:{port['target']}"] = f"{port['host_ip']}:{port['published']}"

    def address(self, name: str, port: int) -> str:
        """host:port here of a service's port there: where it is published, else a port of our own choice."""
        return self._addresses[f"{name}:{port}"]

    async def __aenter__(self) -> Self:
        try:
            await self._start_servers()
            for name in self._order():
                await self._start(name)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def _start_servers(self) -> None:
        kafka = await self._stack.enter_async_context(DescribedKafka(self._services["kafka"]["environment"]))
        board = await self._stack.enter_async_context(DescribedBoard(self._services["valkey"]["command"]))
        record = await self._stack.enter_async_context(Postgres())
        wanted = self._services["postgres"]["environment"]
        await record._execute(f'CREATE DATABASE "{wanted["POSTGRES_DB"]}" OWNER "{wanted["POSTGRES_USER"]}"')
        self._addresses |= {"kafka:9092": kafka.address, "valkey:6379": board.address, "postgres:5432": record.address}

    def _order(self) -> list[str]:
        """Our own services, each after those that it depends on."""
        ordered: list[str] = []
        ours = {name: set(self._services[name]["depends_on"]) for name in ("setup", *SERVICES)}
        while len(ordered) < len(ours):
            ready = [name for name, needs in ours.items() if name not in ordered and needs & ours.keys() <= {*ordered}]
            assert ready, f"depends_on goes round: {ours}"
            ordered += ready
        return ordered

    async def _start(self, name: str) -> None:
        child = self._spawn(name, self._services[name]["command"], log=self._folder / f"{name}.log")
        if name == "setup":
            status = await child.wait(60)
            assert status == 0, child.output()
            return
        self.processes[name] = child
        await self._healthy(name, child)

    async def _healthy(self, name: str, child: Child) -> None:
        """Ask the file's own health check until it says yes, as an engine does."""
        kind, *check = self._services[name]["healthcheck"]["test"]
        assert kind == "CMD"
        try:
            async with asyncio.timeout(_HEALTHY_WITHIN_S):
                while child.returncode is None:
                    probe = self._spawn(name, check, log=self._folder / f"{name}-health.log")
                    if await probe.wait(10) == 0:
                        return
                    await asyncio.sleep(_CHECK_EVERY_S)
        except TimeoutError:
            raise ChildError(f"{name} was not well in {_HEALTHY_WITHIN_S:g} s:\n{child.output(30)}") from None
        raise ChildError(f"{name} ended with {child.returncode}:\n{child.output(30)}")

    def _spawn(self, name: str, command: list[str], *, log: Path) -> Child:
        environment = self._environment(name)
        program = self._image(name).environment / "bin" / command[0]
        words: list[str | Path] = [program, *(self._here(name, word) for word in command[1:])]
        child = Child.run(words, log=log, env=environment, cwd=self._image(name).app)
        self._stack.push_async_callback(child.kill)
        return child

    def _environment(self, name: str) -> dict[str, str]:
        """The image's and the file's variables, and nothing of our own but the ports."""
        service = "agents" if name == "setup" else name
        there = image_environment(service) | self._services[name]["environment"]
        here = {variable: self._here(name, value) for variable, value in there.items()}
        here["PATH"] = here["PATH"].replace("$PATH", os.environ["PATH"])
        if name in PORTS:
            here["TRUNKLINE_PORT"] = self.address(name, PORTS[name]).rpartition(":")[2]
        if name == "ingest":
            here["TRUNKLINE_SMTP_PORT"] = self.address(name, SMTP_PORT).rpartition(":")[2]
        if name in OPS_PORTS:
            here["TRUNKLINE_OPS_PORT"] = self.address(name, OPS_PORTS[name]).rpartition(":")[2]
        return here

    def _here(self, name: str, text: str) -> str:
        """A value of a container as it must read here."""
        for there, ours in self._addresses.items():
            text = re.sub(rf"(?<![\w.-]){re.escape(there)}\b", ours, text)
        if name in OPS_PORTS:
            text = text.replace(f"127.0.0.1:{OPS_PORTS[name]}/", f"{self.address(name, OPS_PORTS[name])}/")
        for there, folder in self._folders(name).items():
            text = text.replace(there, str(folder))
        return text.replace("0.0.0.0", HOST)  # nothing here listens beyond loopback

    def _folders(self, name: str) -> dict[str, Path]:
        image = self._image(name)
        folders = {"/opt/trunkline": image.environment}
        for volume in self._services[name]["volumes"]:
            named = self._folder / f"volume-{volume['source']}"
            folders[volume["target"]] = Path(volume["source"]) if volume["type"] == "bind" else named
            if volume["type"] == "volume":
                named.mkdir(exist_ok=True)
        return folders

    def _image(self, name: str) -> Image:
        return self._images["agents" if name == "setup" else name]

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()
