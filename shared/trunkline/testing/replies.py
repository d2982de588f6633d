"""Which bytes from a server answer which request of a client, for RESP and for HTTP/1.1."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from trunkline.testing.resp import Frames, is_push

Chosen = Callable[[bytes], bool]
"""Whether the answer to this request is to be lost; asked once for each request."""


class Replies(Protocol):
    """One connection's requests and answers, in order."""

    def asked(self, data: bytes, chosen: Chosen) -> None:
        """Bytes that went to the server."""
        ...

    def answered(self, data: bytes) -> tuple[bytes, bool]:
        """Bytes that came back: what may pass, and whether what follows is an answer to be lost."""
        ...


class RespReplies:
    """RESP: one frame answers one command, in order; pushes answer none."""

    def __init__(self) -> None:
        self._commands = Frames()
        self._replies = Frames()
        self._lost: deque[bool] = deque()

    def asked(self, data: bytes, chosen: Chosen) -> None:
        """Note each whole command."""
        self._lost += [chosen(command) for command in self._commands.feed(data)]

    def answered(self, data: bytes) -> tuple[bytes, bool]:
        """Whole answers pass; half of one waits for its rest, which is all the same to a client."""
        passing = b""
        for frame in self._replies.feed(data):
            if not is_push(frame) and self._lost and self._lost.popleft():
                return passing, True
            passing += frame
        return passing, False


class HttpReplies:
    """HTTP/1.1 without pipelining: what comes after a request's head answers that request."""

    def __init__(self) -> None:
        self._head = b""
        self._answering = True
        self._lose = False

    def asked(self, data: bytes, chosen: Chosen) -> None:
        """Note each request once its head is whole."""
        if self._answering:  # the first bytes since an answer: another request
            self._head, self._answering = b"", False
        if self._head.endswith(b"\r\n\r\n"):
            return  # its body
        before, end, _ = (self._head + data).partition(b"\r\n\r\n")
        self._head = before + end
        if end:
            self._lose = chosen(self._head)

    def answered(self, data: bytes) -> tuple[bytes, bool]:
        """All or nothing."""
        if self._lose:
            return b"", True
        self._answering = True
        return data, False
