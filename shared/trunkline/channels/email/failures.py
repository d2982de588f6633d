"""What a relay's answer means: RFC 5321 4.2 for the reply code, RFC 3463 for the enhanced one."""

from __future__ import annotations

import re

from trunkline.channels.base import Accepted, Failed, FailureClass, NoResponse, Outcome, Response
from trunkline.messages import DeliveryStatus

_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_SUBJECTS = {
    "1.1": "there is no such mailbox",
    "1.2": "there is no such domain",
    "1.3": "the address is not a possible one",
    "1.6": "the mailbox has moved",
    "1.10": "the domain takes no mail",
    "2.1": "the mailbox is disabled",
    "2.2": "the mailbox is full",
    "2.3": "the mail is too large for the mailbox",
    "3.4": "the mail is too large",
    "4.1": "their server does not answer",
    "4.4": "their server cannot be found",
    "4.6": "the mail went round in a circle",
    "4.7": "it was tried for too long",
    "7.1": "their server refuses our mail",
    "7.25": "our server's address has no name",
    "7.26": "their server wants our mail signed",
}
_CLASSES = {
    "1": "the address is wrong",
    "2": "the mailbox does not take it",
    "3": "their server cannot take it",
    "4": "their server cannot be reached",
    "5": "the servers did not understand each other",
    "6": "its content is not taken",
    "7": "it was refused for reasons of policy",
}
_UNREACHABLE = {"1.1", "1.2", "1.3", "1.6", "1.10", "2.1"}


def meaning(code: str | None) -> str:
    """An enhanced status code as a sentence for people."""
    found = _ENHANCED.fullmatch(code or "")
    if found is None:
        return "their server gave no reason we know"
    _, subject, detail = found.groups()
    return _SUBJECTS.get(f"{subject}.{detail}") or _CLASSES.get(subject) or "their server gave no reason we know"


def interpret(outcome: Response | NoResponse, message_id: str) -> Outcome:
    """What came of a transaction. Silence after the last dot is ambiguous: the relay may have taken it."""
    if isinstance(outcome, NoResponse):
        if outcome.sent:
            return Failed(kind=FailureClass.AMBIGUOUS, text="The relay did not say whether it took the mail.")
        return Failed(kind=FailureClass.RETRY, text="The relay could not be reached.")
    text = outcome.body[:2_000].decode("utf-8", "replace")
    found = _ENHANCED.search(text)
    code = found[0] if found is not None else str(outcome.status)
    if 200 <= outcome.status < 300:
        # A relay that has taken a mail has it on its disk and answers for it: a bounce comes if it fails.
        return Accepted(provider_ids=(message_id,), status=DeliveryStatus.SENT)
    kind = _kind(outcome.status, f"{found[2]}.{found[3]}" if found is not None else "")
    return Failed(kind=kind, code=code, text=_text(kind, code))


def _kind(status: int, subject: str) -> FailureClass:
    if status in {530, 534, 535, 538, 454}:
        return FailureClass.AUTH
    if 400 <= status < 500:
        # 421 and 4.7.x: it is asked of us to come more slowly (RFC 5321 4.2.3; greylisting and rate limits).
        return FailureClass.THROTTLED if status == 421 or subject.startswith("7.") else FailureClass.RETRY
    if status == 552 or subject in {"2.3", "3.4"}:
        return FailureClass.MEDIA_REJECTED
    if subject in _UNREACHABLE or (not subject and status in {550, 551, 553}):
        return FailureClass.UNREACHABLE
    if status in {500, 501, 502, 503, 504, 555}:
        return FailureClass.CONFIG
    return FailureClass.UNKNOWN_PERMANENT


def _text(kind: FailureClass, code: str) -> str:
    match kind:
        case FailureClass.AUTH:
            return "The relay does not let us in: its user or password must be put right."
        case FailureClass.THROTTLED:
            return "The relay asks us to come more slowly."
        case FailureClass.RETRY:
            return f"The relay cannot take it at the moment ({code})."
        case FailureClass.MEDIA_REJECTED:
            return "The mail is too large for the relay: send fewer or smaller attachments."
        case FailureClass.CONFIG:
            return f"The relay does not understand us ({code}): its settings must be put right."
        case _:
            return f"The mail was refused: {meaning(code)}."
