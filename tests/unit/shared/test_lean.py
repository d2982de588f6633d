"""What services keep out of their memory; each in a process of its own, for what is imported here stays."""

from __future__ import annotations

import subprocess
import sys

import pytest

_ARENAS = """
import ctypes, re, sys, threading
from pathlib import Path
from trunkline.lean import frugal_malloc
if sys.argv[1] == "few":
    frugal_malloc()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
libc.malloc.restype = ctypes.c_void_p
together = threading.Barrier(9)
def work():
    libc.malloc(1000)
    together.wait()
    together.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
together.wait()
file = ctypes.c_void_p(libc.fopen(sys.argv[2].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
together.wait()
print(len(re.findall("<heap nr", Path(sys.argv[2]).read_text())))
"""


def _told(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("service", ["agents", "ingest", "notify", "router"])
def test_a_service_imports_nothing_that_it_never_uses(service: str) -> None:
    unused = {"rich", "pygments"}
    if service == "agents":
        unused |= {"cel_expr_python", "asyncpg", "aiohttp", "sqlalchemy.dialects.postgresql"}
    code = f"import sys, services.{service}.__main__; print(*sorted({unused} & sys.modules.keys()))"
    assert not _told(code)


def test_rich_is_there_for_whoever_imports_it_afterwards() -> None:
    assert _told("import services.agents, rich, structlog; print(rich.__name__, structlog.dev.rich)") == "rich None"


def test_the_board_s_library_is_imported_without_telemetry_which_others_may_import() -> None:
    code = "import sys, services.router.__main__; print('opentelemetry' in sys.modules); import opentelemetry.trace"
    assert _told(code) == "False"


def test_a_start_is_not_held_up_by_the_collector_and_a_running_service_has_one() -> None:
    code = """
import gc, services.agents.__main__
from trunkline.service import settle_memory
starts = sum(generation["collections"] for generation in gc.get_stats())
settle_memory()
print(starts < 30, gc.isenabled(), gc.get_threshold()[0])
"""
    assert _told(code) == "True True 20000"


@pytest.mark.skipif(sys.platform != "linux", reason="malloc_info is glibc's")
def test_threads_share_two_of_mallocs_arenas(tmp_path: object) -> None:
    many, few = (int(_told(_ARENAS, how, f"{tmp_path}/{how}")) for how in ("many", "few"))
    assert (few, many > few) == (2, True)
