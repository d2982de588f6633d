"""A real Apache Kafka: one node, KRaft, loopback; or a broker that somebody else runs."""

from __future__ import annotations

import asyncio
import shutil
import struct
from pathlib import Path
from typing import ClassVar

from trunkline.testing.child import Child
from trunkline.testing.errors import ServerFailedError
from trunkline.testing.kafka_jars import cache_dir, java, kafka_jars
from trunkline.testing.ports import HOST
from trunkline.testing.servers.base import Server

_PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{host}:{broker},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{advertised}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}/log
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=300
log.index.size.max.bytes=1048576
log.cleaner.dedupe.buffer.size=4194304
log.cleaner.threads=1
num.network.threads=2
num.io.threads=2
num.recovery.threads.per.data.dir=1
background.threads=2
"""

# broker.session.timeout.ms: after a kill -9 the controller refuses the broker's next life until the last one's session
# has run out; with the default of 9 s that would be most of every restart.

_METADATA = 3
"""Kafka protocol, api key of Metadata. Version 1 lists the brokers that are alive: a fenced one is not among them."""


class Kafka(Server):
    """One broker with its controller, -Xmx384m, started in 2 to 4 s; the data survive `kill` and `restart`.

    Topics are not made by being written to. `advertised` names another port that clients are told to use (a
    `FaultProxy` in front of it).
    """

    label: ClassVar[str] = "kafka"
    ready_within_s: ClassVar[float] = 45
    stop_within_s: ClassVar[float] = 30
    ports_needed: ClassVar[int] = 2

    def __init__(self, *, advertised: int | None = None) -> None:
        self._java = java()
        super().__init__()
        self.advertised = advertised
        self._jars = Path()

    @property
    def url(self) -> str:
        """host:port, the bootstrap server."""
        return self.address

    async def start(self) -> None:
        """Start it, fetching the jars if need be; returns when its broker is registered and unfenced."""
        self._jars = await kafka_jars()
        await super().start()

    def _prepare(self) -> None:
        super()._prepare()
        self._properties.write_text(
            _PROPERTIES.format(
                host=HOST,
                broker=self.port,
                controller=self._ports[1],
                advertised=self.advertised or self.port,
                data=self.data_dir,
            )
        )

    @property
    def _properties(self) -> Path:
        return self.home / "server.properties"

    async def _start_once(self) -> None:
        if not (self.data_dir / "log").exists():
            self._prepare()
            await self._format()
        await super()._start_once()

    async def _format(self) -> None:
        """Lay out an empty log. What it holds names no port, so one copy in the cache saves a JVM per broker."""
        formatted = cache_dir() / "formatted"
        if not formatted.is_dir():
            words: list[str | Path] = [
                "kafka.tools.StorageTool",
                "format",
                "-t",
                "trunkline-tests-00000w",
                "-c",
                self._properties,
            ]
            tool = Child.run([*self._jvm(96), *words], log=self.log, cwd=self.home)
            if await tool.wait(30):
                raise ServerFailedError(f"kafka's data could not be laid out:\n{tool.output(20)}")
            fresh = self.home / "formatted"
            shutil.copytree(self.data_dir / "log", fresh)
            try:
                fresh.rename(formatted)
            except OSError:  # another process was first, or the cache is on another file system: next time, then
                shutil.rmtree(fresh)
            return
        shutil.copytree(formatted, self.data_dir / "log")

    def _jvm(self, megabytes: int) -> list[str | Path]:
        # -XX:TieredStopAtLevel=1: a broker that lives for a minute never earns back what the optimising compiler costs
        # (measured: four tenths of its CPU in the first half minute). -XX:-UsePerfData: no memory-mapped file per JVM.
        options = [
            f"-Xmx{megabytes}m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-XX:-UsePerfData",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        ]
        return [self._java, *options, "-cp", f"{self._jars}/*"]

    def _argv(self) -> list[str | Path]:
        return [*self._jvm(384), "kafka.Kafka", self._properties]

    async def _answers(self) -> bool:
        return await alive_brokers(HOST, self.port) > 0


class ExternalKafka:
    """A broker that somebody else runs, from TRUNKLINE_TEST_KAFKA=host:port: it can be used, not hurt."""

    def __init__(self, address: str) -> None:
        host, colon, port = address.rpartition(":")
        if not colon or not host or not port.isdigit():
            raise ServerFailedError(f"TRUNKLINE_TEST_KAFKA must be host:port, not {address!r}")
        self.address = self.url = address
        self.port = int(port)
        self._host = host

    async def check(self) -> None:
        """ServerFailedError unless it answers with a live broker within 10 s."""
        try:
            async with asyncio.timeout(10):
                if await alive_brokers(self._host, self.port) > 0:
                    return
        except (OSError, TimeoutError) as error:
            raise ServerFailedError(f"no Kafka answers at {self.address} (TRUNKLINE_TEST_KAFKA): {error!r}") from error
        raise ServerFailedError(f"the Kafka at {self.address} (TRUNKLINE_TEST_KAFKA) lists no live broker")


async def alive_brokers(host: str, port: int) -> int:
    """How many brokers a Metadata answer lists; OSError if nobody answers in the protocol."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        # Request header v1: api key, version, correlation id, client id; body v1: no topics.
        request = struct.pack(">hhih3si", _METADATA, 1, 1, 3, b"rig", 0)
        writer.write(struct.pack(">i", len(request)) + request)
        (size,) = struct.unpack(">i", await reader.readexactly(4))
        answer = await reader.readexactly(size)
        _correlation, brokers = struct.unpack_from(">ii", answer)
        return int(brokers)
    except (asyncio.IncompleteReadError, struct.error) as error:
        raise OSError(f"no Kafka answer from {host}:{port}") from error
    finally:
        writer.close()
