"""Mail for tests and the demo: a real SMTP server that keeps what it gets, and somebody who writes."""

from __future__ import annotations

import asyncio
import email
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from types import TracebackType
from typing import NamedTuple, Self

import aiosmtplib
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from trunkline.testing.ports import free_port


class Told(NamedTuple):
    """An SMTP reply."""

    code: int
    text: str


@dataclass(frozen=True)
class Received:
    """A mail that came to the sink."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    message: EmailMessage = field(repr=False)

    @property
    def text(self) -> str:
        """Its plain words, with line ends as Python has them."""
        body = self.message.get_body(("plain",))
        return str(body.get_content()).replace("\r\n", "\n") if body is not None else ""


@dataclass
class Manners:
    """How the sink behaves; each may be changed while it runs."""

    recipients: dict[str, str] = field(default_factory=dict)
    """Reply to RCPT, by address."""
    data: list[str] = field(default_factory=list)
    """Replies to the next mails, whole; taken from the front. Empty: 250. `drop`: taken, and then no reply at all."""


class MailSink:
    """A relay on loopback. `on_mail` is told of each mail it takes."""

    def __init__(
        self, *, port: int = 0, host: str = "127.0.0.1", keep: int = 1_000, tls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
    ) -> None:  # fmt: skip
        self._tls = tls
        self._login = login
        self.host = host
        self.port = port or free_port()
        self.manners = Manners()
        self.received: list[Received] = []
        self.on_mail: Callable[[Received], Awaitable[None]] | None = None
        self._keep = keep
        self._news = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self._connections: set[SMTP] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, self.host, self.port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            for connection in self._connections:
                if connection.transport is not None:
                    connection.transport.close()
            await self._server.wait_closed()

    def _connection(self) -> SMTP:
        loop = asyncio.get_running_loop()
        made = SMTP(
            self,
            hostname="sink",
            data_size_limit=60_000_000,
            loop=loop,
            tls_context=self._tls,
            authenticator=self._admits,
            auth_required=self._login is not None,
            auth_require_tls=False,
        )
        self._connections.add(made)
        return made

    def _admits(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object
    ) -> AuthResult:
        given = (data.login.decode(), data.password.decode()) if isinstance(data, LoginPassword) else None
        return AuthResult(success=given == self._login, handled=False)

    async def wait_for(self, count: int, *, within: float = 20) -> list[Received]:
        """The mails, once there are so many."""
        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(lambda: len(self.received) >= count)
        return self.received

    # --- aiosmtpd's hooks ------------------------------------------------------------------------------------

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Sequence[str]
    ) -> str:
        """Taken, unless the sink's manners say otherwise."""
        answer = self.manners.recipients.get(address)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        """Kept, or answered as the sink's manners say."""
        answer = self.manners.data.pop(0) if self.manners.data else "250 2.0.0 taken"
        if answer.startswith("250") or answer == "drop":
            raw = envelope.content if isinstance(envelope.content, bytes) else b""
            message = email.message_from_bytes(raw, policy=policy.default)
            mail = Received(envelope.mail_from or "", tuple(envelope.rcpt_tos), raw, message)
            async with self._news:
                self.received.append(mail)
                del self.received[: -self._keep]
                self._news.notify_all()
            if self.on_mail is not None:
                await self.on_mail(mail)
        if answer == "drop" and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return answer


def written(  # a letter's fields are many, and most are left out
    sender: str,
    to: str,
    text: str,
    *,
    subject: str = "",
    message_id: str = "",
    headers: Mapping[str, str] | None = None,
) -> EmailMessage:
    """A plain mail."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"] = sender, to
    if subject:
        mail["Subject"] = subject
    if message_id:
        mail["Message-ID"] = f"<{message_id}>"
    for name, value in (headers or {}).items():
        mail[name] = value
    mail.set_content(text)
    return mail


async def hand_in(
    port: int, mail: EmailMessage | bytes, *, sender: str, recipients: Sequence[str], host: str = "127.0.0.1"
) -> Told:
    """Give a mail to an SMTP server; its last reply. Code 0: the connection broke before there was one."""
    client = aiosmtplib.SMTP(hostname=host, port=port, timeout=60, start_tls=False)
    raw = mail if isinstance(mail, bytes) else mail.as_bytes()
    try:
        await client.connect()
        await client.mail(sender)
        for recipient in recipients:
            await client.rcpt(recipient)
        answer = await client.data(raw)
        await client.quit()
        return Told(answer.code, answer.message)
    except aiosmtplib.SMTPResponseException as error:
        return Told(error.code, str(error.message))
    except (aiosmtplib.SMTPException, OSError) as error:
        return Told(0, type(error).__name__)
    finally:
        client.close()
