"""Customers' end of the wire, as lean as can be: signed forms, and keep-alive connections that post them.

Nothing of the channel under test is used, the signature included.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast
from urllib.parse import quote_plus, urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_MOST_ANSWER = 65_536

Done = Callable[[int], None]
"""Told the status of an answer; 0 if the connection broke without one."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where Twilio would post an account's messages, and with what it would sign them."""

    url: str
    account_sid: str
    token: str
    to: str

    def request(self, *, sender: str, body: str, number: int, nonce: int) -> bytes:
        """A whole POST: the parameters of Twilio's message webhook (its nineteen for SMS), signed."""
        sid = f"SM{nonce & (2**64 - 1):016x}{number:016x}"
        # In the order of their names, as they are signed.
        form = (
            ("AccountSid", self.account_sid), ("ApiVersion", "2010-04-01"), ("Body", body), ("From", sender),
            ("FromCity", ""), ("FromCountry", "LV"), ("FromState", ""), ("FromZip", ""), ("MessageSid", sid),
            ("NumMedia", "0"), ("NumSegments", "1"), ("SmsMessageSid", sid), ("SmsSid", sid),
            ("SmsStatus", "received"), ("To", self.to), ("ToCity", ""), ("ToCountry", "LV"), ("ToState", ""),
            ("ToZip", ""),
        )  # fmt: skip
        signed = self.url + "".join([name + value for name, value in form])
        signature = base64.b64encode(hmac.digest(self.token.encode(), signed.encode(), hashlib.sha1)).decode()
        content = "&".join([f"{name}={quote_plus(value)}" for name, value in form])
        parts = urlsplit(self.url)
        return (
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n"
            f"X-Twilio-Signature: {signature}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(content)}\r\n\r\n{content}"
        ).encode()


class Connection(asyncio.Protocol):
    """One keep-alive connection, one request at a time."""

    def __init__(self, free: Callable[[Connection], None]) -> None:
        self._free = free
        self._transport: asyncio.Transport | None = None
        self._done: Done | None = None
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance

    def post(self, request: bytes, done: Done) -> None:
        """Send a request; `done` is called once."""
        self._done = done
        if self._transport is None or self._transport.is_closing():
            self._finish(0)
        else:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self._buffer, 0, end)
        if length is None or len(self._buffer) > _MOST_ANSWER:
            self.close()
        elif len(self._buffer) >= end + 4 + int(length[1]):
            status = int(self._buffer[9:12])
            self._buffer = self._buffer[end + 4 + int(length[1]) :]
            self._finish(status)

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish(0)
        self._transport = None

    def _finish(self, status: int) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(status)
            self._free(self)

    @property
    def alive(self) -> bool:
        """Whether it can be used."""
        return self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        """End it."""
        if self._transport is not None:
            self._transport.close()


class Pool:
    """Connections to one address; those that broke are replaced."""

    def __init__(self, url: str, *, size: int, on_free: Callable[[], None]) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._size = size
        self._on_free = on_free
        self._idle: deque[Connection] = deque()
        self._all: set[Connection] = set()
        self._mending: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Make them all."""
        await asyncio.gather(*(self._connect() for _ in range(self._size)))

    async def _connect(self) -> None:
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: Connection(self._freed), self._host, self._port
        )
        self._all.add(connection)
        self._idle.append(connection)

    def _freed(self, connection: Connection) -> None:
        if connection.alive:
            self._idle.append(connection)
        else:
            self._all.discard(connection)
            task = asyncio.ensure_future(self._connect())
            self._mending.add(task)
            task.add_done_callback(self._mended)
        self._on_free()

    def _mended(self, task: asyncio.Task[None]) -> None:
        self._mending.discard(task)
        if not task.cancelled():
            task.exception()  # nobody listens there: the pool stays smaller, and each post of the row tells

    def take(self) -> Connection | None:
        """An idle connection that lives, the one longest idle; None if all are busy."""
        while self._idle:
            connection = self._idle.popleft()
            if connection.alive:
                return connection
            self._all.discard(connection)
        return None

    def close(self) -> None:
        """End them."""
        for task in self._mending:
            task.cancel()
        for connection in self._all:
            connection.close()
