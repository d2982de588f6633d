"""The log and the board as docker-compose.yml describes them, on real programs of this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from trunkline.testing.child import Child
from trunkline.testing.errors import ServerFailedError
from trunkline.testing.ports import HOST
from trunkline.testing.servers import Kafka, Redis


def kafka_property(variable: str) -> str:
    """The property that the Kafka image makes of a KAFKA_… variable: `_` a dot, `__` an underscore, `___` a dash."""
    name = variable.removeprefix("KAFKA_").lower()
    return name.replace("___", "-").replace("__", "\0").replace("_", ".").replace("\0", "_")


class DescribedKafka(Kafka):
    """A broker with the properties of the service `kafka`, all of them and no others.

    Only its addresses and its folder are this machine's.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__()
        self._environment = environment

    def _prepare(self) -> None:
        self.data_dir.mkdir(exist_ok=True)
        addresses = {
            "kafka:9092": f"{HOST}:{self.port}",
            "kafka:9093": f"{HOST}:{self._ports[1]}",
            "//:9092": f"//{HOST}:{self.port}",
            "//:9093": f"//{HOST}:{self._ports[1]}",
            "/var/lib/kafka/data": str(self.data_dir / "log"),
        }
        lines = []
        for variable, value in self._environment.items():
            if variable.startswith("KAFKA_"):
                here = value
                for there, ours in addresses.items():
                    here = here.replace(there, ours)
                lines.append(f"{kafka_property(variable)}={here}\n")
        self._properties.write_text("".join(lines))

    async def _format(self) -> None:
        words: list[str | Path] = ["kafka.tools.StorageTool", "format", "-t", self._environment["CLUSTER_ID"]]
        tool = Child.run([*self._jvm(96), *words, "-c", self._properties], log=self.log, cwd=self.home)
        if await tool.wait(30):
            raise ServerFailedError(f"kafka's data could not be laid out:\n{tool.output(20)}")


class DescribedBoard(Redis):
    """The system's Redis with the command line of the service `valkey`, and no other option."""

    def __init__(self, command: Sequence[str]) -> None:
        super().__init__()
        self._words = list(command[1:])

    def _argv(self) -> list[str | Path]:
        return [self._binary, "--bind", HOST, "--port", str(self.port), "--dir", self.data_dir, *self._words]
