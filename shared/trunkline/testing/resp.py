"""Where one RESP frame ends and the next begins: all a proxy needs to tell which reply answers which request."""

from __future__ import annotations

_SCALARS = b"+-:_,#("
_BULKS = b"$=!"
_AGGREGATES = {b"*": 1, b"%": 2, b"~": 1, b">": 1}
_PUSH = b">"


class Frames:
    """Cuts a byte stream into whole frames, RESP2 and RESP3; ValueError if it is neither."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take more bytes, give the frames that are whole now."""
        self._data += data
        frames = []
        while (end := self._end(0)) is not None:
            frames.append(bytes(self._data[:end]))
            del self._data[:end]
        return frames

    @property
    def rest(self) -> bytes:
        """The beginning of a frame that is not whole yet."""
        return bytes(self._data)

    def _end(self, at: int) -> int | None:
        """Where the frame that begins at `at` ends; None while it is not whole. A loop: depth is the peer's choice."""
        missing = 1
        while missing:
            line_end = self._data.find(b"\r\n", at)
            if line_end < 0:
                return None
            kind, length = bytes(self._data[at : at + 1]), bytes(self._data[at + 1 : line_end])
            at = line_end + 2
            missing -= 1
            if kind in _AGGREGATES:
                missing += max(0, int(length)) * _AGGREGATES[kind]
            elif kind in _BULKS:
                at += int(length) + 2 if int(length) >= 0 else 0
            elif kind not in _SCALARS:
                raise ValueError(f"not RESP: {kind!r}")
            if at > len(self._data):
                return None
        return at


def is_push(frame: bytes) -> bool:
    """Whether a frame came unasked (RESP3 push), so that it answers no request."""
    return frame[:1] == _PUSH
