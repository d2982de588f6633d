"""The machine a run was made on, in a few lines: figures without it mean nothing."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import psutil

from trunkline.embedded import valkey_binary
from trunkline.testing.kafka_jars import VERSION as KAFKA_VERSION

_LIBRARIES = ("aiokafka", "aiohttp", "fastapi", "pydantic", "redis", "sqlalchemy", "uvicorn", "uvloop")
_SYNCS = 20


def describe() -> list[str]:
    """Processor, memory, disk, software, and how busy it is now."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = psutil.virtual_memory()
    load = " ".join(f"{one:.2f}" for one in os.getloadavg())
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return [
        f"processor   {cores} cores, {_processor()}",
        f"memory      {memory.total / 2**30:.1f} GB, {memory.available / 2**30:.1f} free",
        f"disk        fsync of one page {_fsync_ms():.2f} ms (median of {_SYNCS})",
        f"system      {platform.system()} {platform.release()}, Python {platform.python_version()}",
        f"servers     Kafka {KAFKA_VERSION}, Valkey {_valkey_version()}",
        f"libraries   {libraries}",
        f"load before {load} (1, 5, 15 minutes)",
    ]


def busy() -> str | None:
    """A warning if the machine had other work in the last minute; None if it is quiet."""
    load = os.getloadavg()[0]
    return f"the machine is not quiet (load {load:.2f}): figures mean little" if load > 0.5 else None


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()


def _valkey_version() -> str:
    told = subprocess.run([valkey_binary(), "--version"], capture_output=True, text=True, timeout=10, check=True)
    found = re.search(r"v=(\S+)", told.stdout)
    return found[1] if found else "unknown"


def _fsync_ms() -> float:
    """What `appendfsync always` pays for each append, where the bench's servers keep their data."""
    taken = []
    with tempfile.TemporaryFile() as file:
        for _ in range(_SYNCS):
            file.write(b"x" * 4_096)
            began = time.perf_counter()
            file.flush()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - began)
    return sorted(taken)[_SYNCS // 2] * 1_000
