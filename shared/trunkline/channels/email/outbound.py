"""What we ask of the relay: one transaction with the whole mail. DKIM and SPF are the relay's and the domain's."""

from __future__ import annotations

import base64
import quopri
import re
from collections.abc import Iterable
from email.headerregistry import Address as MailAddress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from urllib.parse import quote

from trunkline.channels.base import Account, Mail, SendStep
from trunkline.channels.email import tokens
from trunkline.channels.email.settings import EmailSettings, mailbox, same
from trunkline.channels.plain import said
from trunkline.messages import Blob, MailHead, Media, OutboundMessage, Part, Quote, Reaction

TEXT_LIMIT = 500_000
MAX_FILES = 40
MAX_FILE_BYTES = 18_000_000
"""All files of a reply: with base64 and the rest they stay below the 25 MiB that relays take."""

Piece = bytes | Blob

_MESSAGE_ID = re.compile(rb"Message-ID: <([^>\r\n]{1,250})>")


def message_id(message: OutboundMessage, account: Account, settings: EmailSettings) -> str:
    """The reply's own Message-ID, the same at each attempt."""
    thread = _head(message).thread
    return tokens.own_message_id(settings, account.name, tokens.Own(message.id, message.conversation, thread))


def plan(message: OutboundMessage, account: Account, settings: EmailSettings) -> tuple[SendStep, ...]:
    """The transaction that sends a reply; ValueError with a sentence for the agent when mail cannot say it."""
    head = _head(message)
    if message.agent is None and head.automatic is not None:
        raise ValueError(f"A machine wrote that mail ({head.automatic}): it gets no automatic answer.")
    to = mailbox(message.contact.value) if message.contact.scheme == "mailto" else None
    if to is None:
        raise ValueError("The customer's address is none that mail can be sent to.")
    cc = [one for one in head.cc if same(one) != same(to) and not settings.is_ours(one)]
    header = _header(message, account, settings, cc=cc)
    host = settings.relay_host
    mail = Mail(
        host=host,
        port=settings.relay_port,
        security=settings.relay_security,
        sender=tokens.bounce_address(settings, account.name, message.id),
        recipients=(to, *cc),
        pieces=tuple(_pieces(header, message, settings)),
    )
    auth = None
    if settings.relay_user is not None and settings.relay_password is not None:
        auth = (settings.relay_user, settings.relay_password.get_secret_value())
    url = f"smtp://{host}:{settings.relay_port}"
    return (SendStep(method="MAIL", url=url, basic_auth=auth, bucket=host, timeout_s=120.0, mail=mail),)


def sent_id(step: SendStep) -> str:
    """The Message-ID of the mail in a step: what a report about it will name."""
    first = step.mail.pieces[0] if step.mail is not None else b""
    found = _MESSAGE_ID.match(first) if isinstance(first, bytes) else None
    if found is None:
        raise ValueError("not a step of this channel's")
    return found[1].decode("ascii")


def _head(message: OutboundMessage) -> MailHead:
    return next((part for part in message.parts if isinstance(part, MailHead)), MailHead())


def _header(message: OutboundMessage, account: Account, settings: EmailSettings, *, cc: list[str]) -> bytes:
    head = _head(message)
    shown = EmailMessage(policy=SMTP)
    shown["From"] = _named(settings.addresses[0], settings.name)
    shown["To"] = _named(message.contact.value, message.contact.display or "")
    if cc:
        shown["Cc"] = [_named(one, "") for one in cc]
    if head.thread is not None:
        shown["Reply-To"] = _named(tokens.reply_address(settings, account.name, head.thread), settings.name)
    shown["Subject"] = " ".join(head.subject.split())
    shown["Date"] = format_datetime(message.written_at)
    shown["MIME-Version"] = "1.0"
    if message.agent is None:
        shown["Auto-Submitted"] = "auto-replied"
    # Written by hand: the library would encode ids longer than a line as words, and no reader would know them again.
    ids = [f"Message-ID: <{message_id(message, account, settings)}>"]
    if head.references:
        ids.append(f"In-Reply-To: <{head.references[-1]}>")
        ids.append("References: " + "\r\n ".join(f"<{one}>" for one in head.references))
    return "\r\n".join(ids).encode("ascii", "replace") + b"\r\n" + shown.as_bytes().rstrip(b"\r\n") + b"\r\n"


def _named(address: str, display: str) -> MailAddress:
    return MailAddress(display_name=" ".join(display.split()), addr_spec=address)


def _pieces(header: bytes, message: OutboundMessage, settings: EmailSettings) -> Iterable[Piece]:
    files = [part for part in message.parts if isinstance(part, Media)]
    words = _text(message, settings)
    if not files:
        return [header + words]
    _check(files)
    boundary = f"=_{sha256(message.id.encode()).hexdigest()[:32]}".encode()
    start = b'Content-Type: multipart/mixed;\r\n boundary="' + boundary + b'"\r\n\r\n--' + boundary + b"\r\n"
    pieces: list[Piece] = [header + start + words]
    for file in files:
        if file.blob is None:
            raise ValueError("An attachment is not kept here, so it cannot be sent.")
        pieces += [b"\r\n--" + boundary + b"\r\n" + _file_header(file), file.blob]
    return [*pieces, b"\r\n--" + boundary + b"--\r\n"]


def _check(files: list[Media]) -> None:
    if len(files) > MAX_FILES:
        raise ValueError(f"A mail has at most {MAX_FILES} attachments.")
    if sum(file.blob.size for file in files if file.blob is not None) > MAX_FILE_BYTES:
        raise ValueError(f"The attachments are larger than the {MAX_FILE_BYTES // 1_000_000} MB that a mail can carry.")


def _file_header(file: Media) -> bytes:
    kind = file.content_type if file.content_type.isascii() and "\n" not in file.content_type else ""
    kind = kind.split(";")[0].strip() if "/" in kind and "\r" not in kind else "application/octet-stream"
    name = quote(file.name or "attachment", safe="")
    return (
        f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment;\r\n filename*=UTF-8''{name}\r\n\r\n"
    ).encode("ascii", "replace")


def _text(message: OutboundMessage, settings: EmailSettings) -> bytes:
    """The words and the signature as text/plain, in whichever encoding is shorter."""
    words = "\n\n".join(text for part in message.parts if (text := _words(part)))
    if not words.strip() and not any(isinstance(part, Media) for part in message.parts):
        raise ValueError("There is nothing to send.")
    if len(words) > TEXT_LIMIT:
        raise ValueError(f"This is too long for a mail: at most {TEXT_LIMIT} characters.")
    data = (words.rstrip() + _signature(message, settings) + "\n").replace("\r\n", "\n").replace("\n", "\r\n").encode()
    quoted = quopri.encodestring(data.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    encoded, name = min((quoted, "quoted-printable"), (base64.encodebytes(data).replace(b"\n", b"\r\n"), "base64"),
                        key=lambda one: len(one[0]))  # fmt: skip
    return f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {name}\r\n\r\n".encode() + encoded


def _signature(message: OutboundMessage, settings: EmailSettings) -> str:
    if not settings.signature or message.agent is None:
        return ""
    return "\n\n-- \n" + settings.signature.replace("{agent}", _head(message).author or "").strip()


def _words(part: Part) -> str:
    """A part as text/plain; ValueError when there is no honest way to say it."""
    words = said(part)
    if words is not None:
        return words
    match part:
        case MailHead():
            return ""
        case Quote():
            return "\n".join(f"> {line}" for line in part.quoted.splitlines())
        case Reaction():
            raise ValueError("Mail has no reactions: answer in words.")
        case _:
            raise ValueError("This part of the message cannot be sent by mail.")
