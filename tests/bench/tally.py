"""A count that one process of the bench writes and others read at no cost: eight bytes of a file they all map."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

_COUNT = struct.Struct("<Q")


class Tally:
    """The count in a file, 0 if it is new. One writer only."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(_COUNT.size))
        with path.open("r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), _COUNT.size)

    @property
    def value(self) -> int:
        """The count as it is now."""
        return int(_COUNT.unpack_from(self._bytes)[0])

    @value.setter
    def value(self, count: int) -> None:
        _COUNT.pack_into(self._bytes, 0, count)
