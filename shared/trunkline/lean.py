"""What a service does before all else, so that it is soon at work, and its memory holds what it uses and no more.

structlog imports rich, and rich pygments, wherever they are installed (typer brings them), for tracebacks that print
local variables: ours never do (see `trunkline.logging`). redis imports OpenTelemetry's API (FastAPI brings it) for
figures of its own, which nobody asks for. Both allow for the absence, so that is what they find.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""`mallopt`'s numbers, in malloc.h of glibc."""

_ARENAS = 2
_LARGE = 256 * 1024
_KEPT_FREE = 1024 * 1024

_OBJECTS_OF_A_START = 1_000_000
"""More than the largest service has made when it is ready (agents 650 000)."""

_WITHOUT = {"structlog": "rich", "redis": "opentelemetry"}
"""Library → what it imports if it is there, and does without."""


def start_lean() -> None:
    """Import what imports too much without that; who imports it afterwards gets it.

    And look for garbage seldom: imports make none worth finding, and the looks take an eighth of their time (measured).
    """
    gc.set_threshold(_OBJECTS_OF_A_START)
    for library, unused in _WITHOUT.items():
        if library not in sys.modules and unused not in sys.modules:
            _import_without(library, unused)


def _import_without(library: str, unused: str) -> None:
    sys.modules[unused] = None  # type: ignore[assignment]  # Python's own way to say that there is no such module
    try:
        importlib.import_module(library)
    finally:
        del sys.modules[unused]


def frugal_malloc() -> None:
    """Let what is freed be given back: threads share two arenas, and large blocks have a mapping of their own.

    By itself malloc gives each thread an arena, which keeps what the thread has freed; and after a first large block
    was freed it puts such blocks (a batch of the log is up to 1 MB) among the small ones, where they leave holes.
    Before the first thread. Does nothing where the C library is not glibc (musl, macOS).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, value in (
            (_M_ARENA_MAX, _ARENAS), (_M_MMAP_THRESHOLD, _LARGE), (_M_TRIM_THRESHOLD, _KEPT_FREE),
        ):  # fmt: skip
            mallopt(option, value)
