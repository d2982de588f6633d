"""What a letter means to an account: a customer's message, news of a reply of ours, or something to set aside."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256

from trunkline.channels.base import Account, MessageIn, Parsed, Problem, RawRequest, Receipt
from trunkline.channels.email import tokens
from trunkline.channels.email.bounces import Bounce
from trunkline.channels.email.failures import meaning
from trunkline.channels.email.letter import Letter, read
from trunkline.channels.email.scan import TooMuch
from trunkline.channels.email.settings import EmailSettings, mailbox
from trunkline.messages import Address, Blob, DeliveryStatus, MailHead, Media, Part, Unsupported

SENDER = "x-envelope-from"
RECIPIENT = "x-envelope-to"
"""How the SMTP envelope stands among a request's headers; one of the latter for each recipient of the account."""

_STATUSES = {
    "failed": DeliveryStatus.FAILED,
    "delayed": DeliveryStatus.ACCEPTED,
    "relayed": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "complaint": DeliveryStatus.DELIVERED,
}
_FAILED = re.compile(r"\b(dmarc|dkim|spf)\s*=\s*(fail|softfail|permerror)\b", re.IGNORECASE)


def parse(request: RawRequest, account: Account, settings: EmailSettings) -> Parsed:
    """All of a mail in one go: what `read` and `judge` do, with the files beside it. Never raises for a bad mail."""
    kept: list[bytes] = []

    def keep(content: bytes) -> Blob:
        kept.append(content)
        return Blob(digest=sha256(content).hexdigest(), size=len(content))

    original = keep(request.body)
    letter: Letter | str
    try:
        letter = read(request.body, keep)
    except (TooMuch, RecursionError) as error:
        letter = str(error)[:400] if isinstance(error, TooMuch) else "it is nested too deeply"
    parsed = judge(letter, original, request, account, settings)
    return parsed.model_copy(update={"contents": tuple(kept)})


def judge(
    letter: Letter | str, original: Blob, request: RawRequest, account: Account, settings: EmailSettings
) -> Parsed:
    """What a letter, or the reason why it could not be read, means. Cheap, and pure."""
    envelope_from = mailbox(request.header(SENDER) or "")
    if isinstance(letter, str):
        return _unread(letter, original, request, envelope_from)
    if letter.bounce is not None and (receipt := _receipt(letter.bounce, request, account, settings)) is not None:
        return Parsed(events=(receipt,))
    contact = _contact(letter, envelope_from, settings)
    if contact is not None:  # in practice no server minds the case, and one person shall not be two contacts
        contact = contact.model_copy(update={"value": contact.value.lower()})
    if contact is None or (letter.bounce is not None and letter.bounce.certain):
        reason = (
            "a report about a mail that is not ours" if letter.bounce is not None else "nobody is named as its sender"
        )
        return Parsed(problems=(Problem(kind="unknown", reason=reason, original=_beginning(request)),))
    head = _head(letter, original, contact, settings, null_sender=not request.header(SENDER))
    parts: tuple[Part, ...] = (head, *letter.parts)
    return Parsed(events=(_message(letter, contact, parts, original),))


def _message(letter: Letter, contact: Address, parts: tuple[Part, ...], original: Blob) -> MessageIn:
    return MessageIn(
        provider_id=letter.message_id or f"sha256-{letter.digest}",
        contact=contact,
        parts=parts[:64],
        sent_at=letter.sent_at,
        reply_to=letter.references[-1] if letter.references else None,
    )


def _unread(reason: str, original: Blob, request: RawRequest, sender: str | None) -> Parsed:
    """A mail nobody could read is still a customer's: it goes to an agent, as a file with the reason."""
    if sender is None:
        return Parsed(problems=(Problem(kind="broken", reason=reason, original=_beginning(request)),))
    parts = (
        MailHead(sender=sender, original=original),
        Unsupported(reason=f"This mail could not be read: {reason}.", original=_beginning(request)),
        Media(content_type="message/rfc822", name="mail.eml", blob=original),
    )
    contact = Address(scheme="mailto", value=sender)
    return Parsed(events=(MessageIn(provider_id=f"sha256-{original.digest}", contact=contact, parts=parts),))


def _head(letter: Letter, original: Blob, contact: Address, settings: EmailSettings, *, null_sender: bool) -> MailHead:
    theirs: Callable[[str], bool] = lambda one: not settings.is_ours(one) and one.lower() != contact.value.lower()  # noqa: E731  used twice, in one line each
    return MailHead(
        subject=letter.subject,
        message_id=letter.message_id,
        references=letter.references,
        sender=contact.value,
        to=tuple(filter(theirs, letter.to)),
        cc=tuple(filter(theirs, letter.cc)),
        automatic=letter.automatic or ("its envelope has no sender" if null_sender else None),
        failed_checks=_failed_checks(letter, settings),
        digest=letter.digest,
        original=original,
    )


def _contact(letter: Letter, envelope_from: str | None, settings: EmailSettings) -> Address | None:
    """Who is answered: where they ask answers to, unless that is us or a list; else who wrote; else the envelope's."""
    asked = letter.answer_to
    if asked is not None and letter.automatic is None and not settings.is_ours(asked.value):
        display = asked.display or (letter.sender.display if letter.sender is not None else None)
        return asked.model_copy(update={"display": display})
    if letter.sender is not None and not settings.is_ours(letter.sender.value):
        return letter.sender
    if envelope_from is not None and not settings.is_ours(envelope_from):
        return Address(scheme="mailto", value=envelope_from)
    return None


def _failed_checks(letter: Letter, settings: EmailSettings) -> str | None:
    """What our own relay found wrong; Authentication-Results of any other name are anybody's to write (RFC 8601 5)."""
    if settings.trusted_checks is None:
        return None
    for text in letter.checks:
        name, _, results = text.partition(";")
        if name.strip().split(" ")[0].lower() == settings.trusted_checks.lower():
            return (
                ", ".join(dict.fromkeys(f"{what}={how}".lower() for what, how in _FAILED.findall(results)))[:200]
                or None
            )
    return None


def _receipt(bounce: Bounce, request: RawRequest, account: Account, settings: EmailSettings) -> Receipt | None:
    """News of a reply of ours, known by a name only we can have made; None if it names none of ours."""
    own = next((found for one in bounce.ids if (found := tokens.read_message_id(settings, account.name, one))), None)
    recipients = [value for name, value in request.headers if name == RECIPIENT]
    message = own.message if own is not None else None
    for recipient in recipients:
        message = message or tokens.read_bounce_address(settings, account.name, recipient)
    if message is None:
        return None
    status = _STATUSES[bounce.action]
    provider_id = tokens.own_message_id(settings, account.name, own) if own is not None else f"reply-{message}"
    return Receipt(
        provider_id=provider_id,
        status=status,
        message=message,
        conversation=own.conversation if own is not None else None,
        code=bounce.code,
        text=_sentence(bounce) if status in {DeliveryStatus.FAILED, DeliveryStatus.ACCEPTED} else None,
    )


def _sentence(bounce: Bounce) -> str:
    whom = f" to {bounce.recipient}" if bounce.recipient else ""
    what = "It is late, and is still tried" if bounce.action == "delayed" else "It could not be delivered"
    said = f" (their server: {bounce.said})" if bounce.said else ""
    return f"{what}{whom}: {meaning(bounce.code)}{said}"[:500]


def _beginning(request: RawRequest) -> str:
    return request.body[:4_000].decode("ascii", "backslashreplace")[:4_000].replace("\0", "?")
