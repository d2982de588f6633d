"""Twilio's statuses and error codes, and what an answer to our call, or its silence, means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from trunkline.channels.base import Accepted, Failed, FailureClass, NoResponse, Outcome, Response
from trunkline.channels.retry_after import retry_after_s
from trunkline.messages import DeliveryStatus

STATUSES: Mapping[str, DeliveryStatus] = {
    "accepted": DeliveryStatus.ACCEPTED,
    "scheduled": DeliveryStatus.ACCEPTED,
    "queued": DeliveryStatus.ACCEPTED,
    "sending": DeliveryStatus.ACCEPTED,
    "sent": DeliveryStatus.SENT,
    # Some of a group have it. We never claim more than is known of all.
    "partially_delivered": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "undelivered": DeliveryStatus.FAILED,
    "failed": DeliveryStatus.FAILED,
    "canceled": DeliveryStatus.FAILED,
}
"""MessageStatus of a message of ours; `receiving` and `received` are said of a customer's."""

CODES: Mapping[int, tuple[FailureClass, str]] = {
    20003: (FailureClass.AUTH, "Twilio does not accept our credentials."),
    20404: (FailureClass.CONFIG, "Twilio does not know this account."),
    20429: (FailureClass.THROTTLED, "Twilio asks us to slow down."),
    21211: (FailureClass.INVALID, "This is not a valid phone number."),
    21408: (FailureClass.CONFIG, "This Twilio account may not write to that country."),
    21602: (FailureClass.INVALID, "The message is empty."),
    21603: (FailureClass.CONFIG, "No sender is configured for this account."),
    21604: (FailureClass.INVALID, "The message has no recipient."),
    21606: (FailureClass.CONFIG, "The configured sender cannot send messages."),
    21608: (FailureClass.CONFIG, "A trial account may write to verified numbers only."),
    21610: (FailureClass.OPTED_OUT, "The customer has asked not to be written to."),
    21611: (FailureClass.THROTTLED, "Too many messages of this sender are waiting at Twilio."),
    21612: (FailureClass.UNREACHABLE, "Twilio has no route to this number."),
    21614: (FailureClass.UNREACHABLE, "This number cannot receive text messages."),
    21617: (FailureClass.INVALID, "The message is too long."),
    21620: (FailureClass.MEDIA_REJECTED, "Twilio cannot use the address of an attachment."),
    30001: (FailureClass.RETRY, "Twilio's queue is full."),
    30002: (FailureClass.AUTH, "The Twilio account is suspended."),
    30003: (FailureClass.UNREACHABLE, "The phone is switched off or out of reach."),
    30004: (FailureClass.UNREACHABLE, "The phone blocks our messages."),
    30005: (FailureClass.UNREACHABLE, "The number does not exist."),
    30006: (FailureClass.UNREACHABLE, "A landline, or a carrier that cannot be reached."),
    30007: (FailureClass.INVALID, "A carrier filtered the message."),
    30008: (FailureClass.UNKNOWN_PERMANENT, "The carrier did not deliver it and does not say why."),
    30022: (FailureClass.THROTTLED, "The carrier's rate for this sender is used up."),
    30023: (FailureClass.THROTTLED, "The carrier's daily number of messages for this sender is used up."),
    30034: (FailureClass.CONFIG, "The sender is not registered with the carriers (10DLC)."),
    63012: (FailureClass.RETRY, "The channel's provider had an internal error."),
    63016: (FailureClass.WINDOW_CLOSED, "The customer last wrote too long ago; only a template may be sent."),
    63018: (FailureClass.THROTTLED, "The channel's rate for this sender is used up."),
    63019: (FailureClass.RETRY, "The channel could not fetch an attachment."),
    63024: (FailureClass.UNREACHABLE, "The recipient cannot receive this kind of message."),
    63032: (FailureClass.UNREACHABLE, "The channel's policy forbids this message to this recipient."),
    63033: (FailureClass.UNREACHABLE, "The recipient is blocked on this channel."),
}
"""Twilio's error codes, from its error dictionary, with what the agent reads."""

_BY_STATUS: Mapping[int, tuple[FailureClass, str]] = {
    # A gateway that gave up waiting does not know whether Twilio took the message behind it.
    504: (FailureClass.AMBIGUOUS, "A gateway before Twilio gave up waiting; the message may have been sent."),
    401: (FailureClass.AUTH, "Twilio does not accept our credentials."),
    403: (FailureClass.AUTH, "Twilio refuses our credentials."),
    404: (FailureClass.CONFIG, "Twilio does not know this account."),
    408: (FailureClass.RETRY, "Twilio did not get the whole request in time."),
    409: (FailureClass.RETRY, "Twilio was busy with the same thing."),
    413: (FailureClass.INVALID, "The message is too large."),
    429: (FailureClass.THROTTLED, "Twilio asks us to slow down."),
}

_MAX_ANSWER = 65_536


def interpret(outcome: Response | NoResponse) -> Outcome:
    """Taken, or why not and whether to try again. Twilio has no idempotency key: silence after sending is ambiguous.

    Only our own sentences are shown: a provider's text could repeat what we sent it, secrets included.
    """
    if isinstance(outcome, NoResponse):
        if outcome.sent:
            return Failed(kind=FailureClass.AMBIGUOUS, text="Twilio did not answer; the message may have been sent.")
        return Failed(kind=FailureClass.RETRY, text="Twilio could not be reached.")
    answer = _json(outcome.body)
    if 200 <= outcome.status < 300:
        return _taken(answer)
    return _refused(outcome, answer)


def _taken(answer: Mapping[str, Any]) -> Outcome:
    sid, status = answer.get("sid"), answer.get("status")
    if not isinstance(sid, str) or not 0 < len(sid) <= 255:
        return Failed(kind=FailureClass.AMBIGUOUS, text="Twilio answered nonsense; the message may have been sent.")
    known = STATUSES.get(status, DeliveryStatus.ACCEPTED) if isinstance(status, str) else DeliveryStatus.ACCEPTED
    if known is not DeliveryStatus.FAILED:
        return Accepted(provider_ids=(sid,), status=known)
    code = code_of(answer.get("error_code"))
    kind, text = meaning(code)
    return Failed(kind=kind, code=code, text=text)


def _refused(response: Response, answer: Mapping[str, Any]) -> Outcome:
    code = code_of(answer.get("code"))
    wait = retry_after_s(response.headers)
    if code is not None and int(code) in CODES and response.status < 500:
        kind, text = CODES[int(code)]
    elif response.status in _BY_STATUS:
        kind, text = _BY_STATUS[response.status]
    elif response.status >= 500:
        kind, text = FailureClass.RETRY, "Twilio had an internal error."
    elif 300 <= response.status < 400:
        kind, text = FailureClass.CONFIG, "Twilio's address answers with a redirect; check api_base."
    else:
        kind, text = meaning(code)
    return Failed(kind=kind, code=code, text=text, retry_after_s=wait if kind.transient else None)


def meaning(code: str | None) -> tuple[FailureClass, str]:
    """Class and sentence of an error code; an unknown one is permanent, and named so that one can look it up."""
    if code is None:
        return FailureClass.UNKNOWN_PERMANENT, "Twilio refused the message and does not say why."
    return CODES.get(int(code), (FailureClass.UNKNOWN_PERMANENT, f"Twilio refused the message (error {code})."))


def code_of(value: object) -> str | None:
    """An error code as digits, from a JSON number or a form value; None if it is none (Twilio writes 0, too)."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) == 0:
        return None
    return str(int(text))


def _json(body: bytes) -> Mapping[str, Any]:
    if len(body) > _MAX_ANSWER:
        return {}
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}
