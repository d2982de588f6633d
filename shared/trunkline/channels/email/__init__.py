"""E-mail: in by SMTP, out by a relay. What is done, left and not wanted: README.md beside this file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from trunkline.channels.base import (
    Account,
    AckPolicy,
    Answer,
    Manifest,
    MediaRule,
    NoResponse,
    Outcome,
    Parsed,
    RawRequest,
    Rejected,
    Response,
    SendStep,
    Verdict,
    Verified,
)
from trunkline.channels.email import failures, inbound, outbound, replies, tokens
from trunkline.channels.email.letter import Letter
from trunkline.channels.email.settings import EmailSettings
from trunkline.messages import Address, Blob, DeliveryStatus, OutboundMessage, Parts

__all__ = ["Email", "EmailSettings"]


_FILES = MediaRule(
    types=("image/", "audio/", "video/", "text/", "application/", "message/"),
    max_bytes=outbound.MAX_FILE_BYTES,
    max_count=outbound.MAX_FILES,
    total_bytes=outbound.MAX_FILE_BYTES,
)


class Email:
    """Mail of one organisation's addresses, as a channel."""

    manifest: ClassVar[Manifest] = Manifest(
        type="email",
        name="E-mail",
        address_schemes=("mailto",),
        begins=("mailto",),
        account_schema=EmailSettings,
        max_body_bytes=1_024,  # of a webhook, which is refused; mail's own limit is the listener's
        text_limit=outbound.TEXT_LIMIT,
        text_unit="characters",
        media=_FILES,
        sends=_FILES,
        receipts=(DeliveryStatus.ACCEPTED, DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.FAILED),
        # The SMTP listener answers with its own codes; this is for who posts to the account's webhook address.
        ack=AckPolicy(
            accepted=Answer(status=202), retry_later=Answer(status=503), refused=Answer(status=403), budget_s=30.0
        ),
        idempotent_send=False,
        send_before_s=2 * 86_400,
        # Five-minute pauses: relays are tried for hours, as RFC 5321 4.5.4.1 asks of senders.
        max_attempts=100,
    )

    def verify(self, request: RawRequest, account: Account) -> Verdict:
        """Only the SMTP listener hands mail in: it judged the envelope. What comes by HTTP is nobody's."""
        return Verified() if request.method == "SMTP" else Rejected(reason="mail comes by SMTP, not by HTTP")

    def parse(self, request: RawRequest, account: Account) -> Parsed:
        """The message or the report in a mail."""
        return inbound.parse(request, account, settings_of(account))

    def judge(self, letter: Letter | str, original: Blob, request: RawRequest, account: Account) -> Parsed:
        """As `parse`, of a mail that was read elsewhere; a text says why it could not be."""
        return inbound.judge(letter, original, request, account, settings_of(account))

    def thread_key(self, contact: Address, account: Account) -> str:
        """For what we begin with a contact; a mail's own thread is found by its ids (DESIGN 2)."""
        return f"{account.name}|{contact.scheme}:{contact.value.lower()}"

    def new_thread(self, name: str, account: Account) -> str:
        """As of a mail of that name, so that our first one has a reply address that leads back to it."""
        return tokens.thread_key(account.name, tokens.thread_token(account.name, name))

    def complete(
        self, parts: Parts, before: Sequence[Parts], *, contact: str, thread: str, author: str | None
    ) -> Parts:
        """The agent's parts under the head of a reply."""
        return replies.complete(parts, before, contact=contact, thread=thread, author=author)

    def plan(self, message: OutboundMessage, account: Account) -> Sequence[SendStep]:
        """The transaction that sends a reply; ValueError with a sentence for the agent."""
        return outbound.plan(message, account, settings_of(account))

    def interpret(self, step: SendStep, outcome: Response | NoResponse, account: Account) -> Outcome:
        """What the relay's answer means."""
        return failures.interpret(outcome, outbound.sent_id(step))


def settings_of(account: Account) -> EmailSettings:
    """The account's settings, which the configuration has checked."""
    settings: object = account.settings
    if not isinstance(settings, EmailSettings):
        raise TypeError(f"account {account.name} has no settings of e-mail's")
    return settings
