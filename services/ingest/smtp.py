"""The door for mail: SMTP (RFC 5321), with STARTTLS where a certificate is configured. 250 means: it is in the log.

Nobody's relay: a recipient must be one of our accounts'. Sizes, connections and mails a minute are bounded; who is
turned away for now (4xx) comes again, as every mail server does for days.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.ingest.mail_intake import MailIntake
from services.ingest.mailboxes import Mailboxes
from trunkline.channels.email.settings import MAX_BYTES
from trunkline.config.accounts import Configured
from trunkline.errors import StartFailed
from trunkline.metrics import RECEIVED

log = structlog.get_logger()

MAX_RECIPIENTS = 100
_IDLE_S = 60.0
_DATA_S = 600.0
"""For all of a mail, however small its pieces."""
ANSWER_S = 300.0
"""Longest that a peer waits for our answer to its mail before we hang up; it is given up long before."""
_PIECE_BYTES = 1_048_576
"""More than the stream ever holds, so that one read empties it."""
_END = b"\r\n.\r\n"
_STOP_S = 4.0
_PEERS = 10_000


@dataclass(frozen=True)
class Limits:
    """What one peer, and all together, may do."""

    max_bytes: int = MAX_BYTES
    max_connections: int = 50
    mails_per_minute: int = 300
    """Of one peer's address."""


class SmtpDoor:
    """Listens for mail; a component (`async with`). While no account is of mail, nobody is listened to."""

    def __init__(
        self, intake: MailIntake, mailboxes: Mailboxes, *, host: str, port: int, tls: ssl.SSLContext | None = None,
        limits: Limits | None = None,
    ) -> None:  # fmt: skip
        self._host, self._port = host, port
        self._mailboxes = mailboxes
        self._tls = tls
        self._limits = limits or Limits()
        self._state = _State(self._limits)
        self._handler = _Handler(intake, mailboxes, self._limits, self._state)
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """StartFailed if there are accounts of mail and the port cannot be had."""
        try:
            await self._agree()
        except OSError as error:
            what = f"{self._host}:{self._port} for mail cannot be had ({error.strerror}): set TRUNKLINE_SMTP_PORT"
            raise StartFailed(what) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def run(self, changed: asyncio.Event) -> None:
        """Open or close when the configuration says so, for ever."""
        while True:
            await changed.wait()
            changed.clear()
            try:
                await self._agree()
            except OSError as error:
                log.error("smtp_not_listening", host=self._host, port=self._port, reason=error.strerror)

    async def _agree(self) -> None:
        if self._mailboxes.any and self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(self._connection, self._host, self._port)
            log.info("smtp_listening", host=self._host, port=self._port, starttls=self._tls is not None)
        elif not self._mailboxes.any and self._server is not None:
            await self._close()

    def _connection(self) -> SMTP:
        return _Connection(
            self._handler,
            state=self._state,
            hostname="trunkline",
            ident="ESMTP",
            data_size_limit=self._limits.max_bytes,
            timeout=_IDLE_S,
            tls_context=self._tls,
            command_call_limit={"*": 1_000},
            loop=asyncio.get_running_loop(),
        )

    async def _close(self) -> None:
        """Take no new mail, finish what has come whole."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        if self._state.taking:
            await asyncio.wait(self._state.taking, timeout=_STOP_S)
        for connection in list(self._state.connections):
            connection.hang_up()
        await server.wait_closed()


class _State:
    """What the connections share."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.connections: set[_Connection] = set()
        self.taking: set[asyncio.Task[str]] = set()
        self._peers: OrderedDict[str, tuple[float, float]] = OrderedDict()

    @property
    def full(self) -> bool:
        """Are there as many connections as there may be?"""
        return len(self.connections) >= self._limits.max_connections

    def may_send(self, peer: str) -> bool:
        """Draw one mail from the peer's allowance, which fills up in a minute."""
        now, most = time.monotonic(), float(self._limits.mails_per_minute)
        left, at = self._peers.get(peer, (most, now))
        left = min(most, left + (now - at) * most / 60)
        self._peers[peer] = (left - 1 if left >= 1 else left, now)
        self._peers.move_to_end(peer)
        if len(self._peers) > _PEERS:
            self._peers.popitem(last=False)
        return left >= 1


class _Connection(SMTP):
    """One peer. Too many of them: told to come later, before anything is read."""

    def __init__(self, handler: _Handler, *, state: _State, **options: Any) -> None:
        super().__init__(handler, **options)
        self._state = state
        self._most_bytes = int(self.data_size_limit or 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self.transport is None and self._state.full:
            if isinstance(transport, asyncio.WriteTransport):
                transport.write(b"421 4.3.2 too many connections, come again\r\n")
                transport.close()
            return
        self._state.connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self in self._state.connections:
            self._state.connections.discard(self)
            super().connection_lost(error)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  aiosmtpd's name
        """The mail, read in large pieces: aiosmtpd's own way makes an object a line, which a mail of empty lines turns
        into seconds and gigabytes. Lines may be longer than RFC 5321's 1 000 characters: programs do send such."""
        if await self.check_helo_needed():
            return
        if arg or self.envelope is None or not self.envelope.rcpt_tos:
            await self.push("501 5.5.4 DATA has no parameters" if arg else "503 5.5.1 first MAIL and RCPT")
            return
        await self.push("354 end with <CR><LF>.<CR><LF>")
        async with asyncio.timeout(_DATA_S):
            content = await self._content()
        if content is None:
            await self.push("552 5.3.4 the mail is too large")
        else:
            self.envelope.content = content
            self._reset_timeout(ANSWER_S)
            await self.push(await self.event_handler.handle_DATA(self, self.session, self.envelope))
        self._reset_timeout()
        self._set_post_data_state()  # type: ignore[no-untyped-call]  # aiosmtpd has it without types

    async def _content(self) -> bytes | None:
        """What comes before the lone dot; None if it is too large, which is told when all of it has come (RFC 5321)."""
        kept, too_large = bytearray(b"\r\n"), False
        while True:
            piece = await self._reader.read(_PIECE_BYTES)
            if not piece:
                raise ConnectionResetError
            self._reset_timeout()
            searched = max(0, len(kept) - len(_END) + 1)
            kept += piece
            if (at := kept.find(_END, searched)) >= 0:
                # Read to its end, so what came behind the dot goes back to where it was.
                self._reader.feed_data(bytes(kept[at + len(_END) :]))
                del kept[at + 2 :]
                break
            if len(kept) > self._most_bytes:
                too_large = True
                del kept[: -len(_END)]
        if too_large or len(kept) > self._most_bytes:
            return None
        return await asyncio.to_thread(_undotted, kept)

    def hang_up(self) -> None:
        """End it; what was answered with 250 is safe, all else the peer sends again."""
        if self.transport is not None:
            self.transport.close()


def _undotted(content: bytearray) -> bytes:
    """Without the dots that the sender has put before dots (RFC 5321 4.5.2); `content` begins with a line end."""
    return bytes(content.replace(b"\r\n.", b"\r\n")[2:])


class _Handler:
    """aiosmtpd's hooks. Each answers with an SMTP reply."""

    def __init__(self, intake: MailIntake, mailboxes: Mailboxes, limits: Limits, state: _State) -> None:
        self._intake = intake
        self._mailboxes = mailboxes
        self._limits = limits
        self._state = state

    async def handle_MAIL(  # noqa: N802  aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: Sequence[str]
    ) -> str:
        """Who sends it; empty for a report."""
        peer = str(session.peer[0]) if isinstance(session.peer, tuple) else "-"
        if not self._state.may_send(peer):
            RECEIVED.labels("", "too-many").inc()
            return "451 4.7.1 too many mails in a minute, come again"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 ok"

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: Sequence[str]
    ) -> str:
        """Whom it is for; we relay for nobody."""
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        if self._mailboxes.of(address) is None:
            # Its name came from outside: it is no label.
            RECEIVED.labels("", "unknown-recipient").inc()
            return "550 5.1.1 nobody of that name is here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 ok"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        """The mail itself, whole."""
        accounts: dict[str, tuple[Configured, list[str]]] = {}
        for recipient in envelope.rcpt_tos:
            if (configured := self._mailboxes.of(recipient)) is not None:
                accounts.setdefault(configured.account.name, (configured, []))[1].append(recipient)
        if not accounts:  # the configuration changed since RCPT
            return "550 5.1.1 nobody of that name is here"
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        task = asyncio.ensure_future(self._intake.take(content, envelope.mail_from or "", accounts))
        self._state.taking.add(task)
        task.add_done_callback(self._state.taking.discard)
        # Shielded: the peer may hang up now, and the mail is in good hands; it is taken once if it comes again.
        return await asyncio.shield(task)

    async def handle_exception(self, error: Exception) -> str:
        """A fault of ours must not become a bounce: the sender keeps the mail and comes again."""
        if isinstance(error, (ConnectionError, asyncio.IncompleteReadError, TimeoutError)):
            return "421 4.4.2 the connection was lost, or too slow"
        log.error("smtp_failed", exc_info=error)
        return "451 4.3.0 something went wrong here, come again"
