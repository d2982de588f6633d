"""What a service imports before all else, so that its memory holds what it uses and no more.

structlog imports rich, and rich pygments, wherever they are installed (typer brings them), for tracebacks that print
local variables: ours never do (see `trunkline.logging`). It allows for their absence, so that is what it finds.
"""

from __future__ import annotations

import ctypes
import sys

_M_ARENA_MAX = -8
"""`mallopt`'s number for it, in malloc.h of glibc."""

_ARENAS = 2

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


def few_arenas() -> None:
    """Let all threads share two of malloc's arenas: each of the many would keep what its threads have freed.

    Before the first thread. Does nothing where the C library knows no arenas (musl, macOS).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _ARENAS)
