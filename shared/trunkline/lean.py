"""What a service imports before all else, so that its memory holds what it uses and no more.

structlog imports rich, and rich pygments, wherever they are installed (typer brings them), for tracebacks that print
local variables: ours never do (see `trunkline.logging`). It allows for their absence, so that is what it finds.
"""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""`mallopt`'s numbers, in malloc.h of glibc."""

_ARENAS = 2
_LARGE = 256 * 1024
_KEPT_FREE = 1024 * 1024

_UNUSED = "rich"


def without_rich() -> None:
    """Import structlog without rich; whoever imports rich afterwards gets it."""
    if "structlog" in sys.modules or _UNUSED in sys.modules:
        return
    sys.modules[_UNUSED] = None  # type: ignore[assignment]  # Python's own way to say that there is no such module
    try:
        import structlog  # noqa: F401, PLC0415  that is what this is for
    finally:
        del sys.modules[_UNUSED]


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
