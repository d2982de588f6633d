"""Apache Kafka's jars, fetched once by Maven into a cache of this user.

`python -m trunkline.testing.kafka_jars` fetches them ahead of the tests, whose time limit is shorter than a
download may take.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trunkline.testing.errors import ServerMissingError

VERSION = "4.3.0"
FETCH_WITHIN_S = 300

# slf4j-simple so that a broker that does not start says why; its version is that of Kafka's slf4j-api.
_POM = f"""<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>trunkline</groupId>
  <artifactId>kafka-for-tests</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>{VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
"""


def java() -> Path:
    """The `java` program; ServerMissingError if this machine has none."""
    return _program("java", "Debian: apt-get install default-jre-headless")


def cache_dir() -> Path:
    """Where the jars are kept between runs: $XDG_CACHE_HOME or ~/.cache, then trunkline/kafka/<version>."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "trunkline" / "kafka" / VERSION


async def kafka_jars() -> Path:
    """The directory of Kafka's jars, fetched if it is not there; several processes may ask at once.

    ServerMissingError if java or mvn is missing, or if Maven failed (no network, say); the text has its last lines.
    """
    java()
    jars = cache_dir() / "libs"
    if jars.is_dir():
        return jars
    maven = _program("mvn", "Debian: apt-get install maven")
    cache_dir().mkdir(parents=True, exist_ok=True)
    with _locked(cache_dir() / "lock"):
        if not jars.is_dir():
            await _fetch(maven, jars)
    return jars


async def _fetch(maven: Path, jars: Path) -> None:
    """Into a directory beside it first, so that half a download is never taken for all of it."""
    with tempfile.TemporaryDirectory(dir=jars.parent) as scratch:
        (Path(scratch) / "pom.xml").write_text(_POM)
        process = await asyncio.create_subprocess_exec(
            maven, "-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=libs",
            cwd=scratch, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            output, _ = await asyncio.wait_for(process.communicate(), FETCH_WITHIN_S)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise ServerMissingError(f"Maven did not fetch Kafka {VERSION} within {FETCH_WITHIN_S} s") from None
        if process.returncode:
            last = "\n".join(output.decode(errors="replace").splitlines()[-10:])
            raise ServerMissingError(
                f"Maven could not fetch Kafka {VERSION} (exit status {process.returncode}):\n{last}"
            )
        shutil.move(Path(scratch) / "libs", jars)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock among processes; freed by the kernel if we die."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _program(name: str, install: str) -> Path:
    found = shutil.which(name)
    if found is None:
        raise ServerMissingError(f"a Kafka for tests needs {name} ({install}), or TRUNKLINE_TEST_KAFKA=host:port")
    return Path(found)


if __name__ == "__main__":
    try:
        sys.stdout.write(f"Kafka {VERSION}: {asyncio.run(kafka_jars())}\n")
    except ServerMissingError as missing:
        sys.exit(str(missing))
