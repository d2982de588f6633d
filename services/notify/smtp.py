"""One SMTP transaction with a relay: its reply, or what its silence means."""

from __future__ import annotations

import asyncio
import base64
import ssl

import aiosmtplib
import structlog

from trunkline.blobs import BlobMissing, Blobs
from trunkline.channels.base import Mail, NoResponse, Response, SendStep
from trunkline.messages import Blob

log = structlog.get_logger()

_CONNECT_S = 10.0
_LINE = 57
"""Bytes that base64 makes a line of 76 characters of (RFC 2045 6.8)."""


async def transact(step: SendStep, mail: Mail, blobs: Blobs) -> Response | NoResponse:
    """Hand the mail to the relay once. A whole mail goes, or nothing: the contact must be taken by the relay.

    Who of the others is refused does not hold up the contact; it is logged. A file that is not in the blobs is waited
    for: the folder may not be mounted yet.
    """
    try:
        content = await _content(mail, blobs)
    except (BlobMissing, OSError) as error:
        log.warning("mail_file_missing", relay=mail.host, reason=f"{type(error).__name__}: {error}")
        return NoResponse(sent=False, reason=type(error).__name__)
    client = aiosmtplib.SMTP(
        hostname=mail.host, port=mail.port, timeout=step.timeout_s, use_tls=mail.security == "tls", start_tls=False,
        tls_context=ssl.create_default_context() if mail.security != "none" else None, local_hostname="trunkline",
    )  # fmt: skip
    sending = False
    try:
        async with asyncio.timeout(step.timeout_s):
            async with asyncio.timeout(_CONNECT_S):
                await client.connect()
            await _greet(client, step, mail)
            await client.mail(mail.sender)
            await _recipients(client, mail)
            sending = True
            answer = await client.data(content)
            return Response(status=answer.code, body=answer.message.encode("utf-8", "replace"))
    except aiosmtplib.SMTPResponseException as error:
        return Response(status=error.code, body=str(error.message).encode("utf-8", "replace"))
    except (aiosmtplib.SMTPException, TimeoutError, OSError) as error:
        return NoResponse(sent=sending, reason=type(error).__name__)
    finally:
        await _leave(client)


async def _greet(client: aiosmtplib.SMTP, step: SendStep, mail: Mail) -> None:
    if mail.security == "starttls":
        await client.starttls()
    if step.basic_auth is not None:
        await client.login(*step.basic_auth)


async def _recipients(client: aiosmtplib.SMTP, mail: Mail) -> None:
    contact, *others = mail.recipients
    await client.rcpt(contact)
    for other in others:
        try:
            await client.rcpt(other)
        except aiosmtplib.SMTPRecipientRefused as error:
            # No address in the log: it belongs to somebody.
            log.warning("cc_refused", relay=mail.host, code=error.code)


async def _leave(client: aiosmtplib.SMTP) -> None:
    """Politely if it can be had at once; the outcome stands already."""
    try:
        async with asyncio.timeout(1.0):
            await client.quit()
    except (aiosmtplib.SMTPException, TimeoutError, OSError):
        client.close()


async def _content(mail: Mail, blobs: Blobs) -> bytes:
    pieces = []
    for piece in mail.pieces:
        if isinstance(piece, Blob):
            data = await blobs.get(piece.digest)
            pieces.append(await asyncio.to_thread(_encoded, data))
        else:
            pieces.append(piece)
    return b"".join(pieces)


def _encoded(data: bytes) -> bytes:
    lines = (base64.b64encode(data[at : at + _LINE]) for at in range(0, len(data), _LINE))
    return b"\r\n".join(lines)
