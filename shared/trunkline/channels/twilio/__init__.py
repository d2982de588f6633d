"""SMS, MMS and WhatsApp by Twilio. What is done, left and not wanted: README.md beside this file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
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
    Response,
    SendStep,
    Verdict,
)
from trunkline.channels.twilio import failures, files, inbound, outbound, signature
from trunkline.channels.twilio.settings import TwilioSettings
from trunkline.messages import Address, DeliveryStatus, Media, OutboundMessage

__all__ = ["TwilioSettings", "TwilioSms"]


class TwilioSms:
    """Programmable Messaging of Twilio, as a channel."""

    manifest: ClassVar[Manifest] = Manifest(
        type="twilio-sms",
        name="SMS (Twilio)",
        address_schemes=("tel", "whatsapp"),
        begins=("tel",),  # WhatsApp: only with a template the provider approved
        account_schema=TwilioSettings,
        text_limit=outbound.TEXT_LIMIT,
        text_unit="utf16",
        media=MediaRule(
            types=("image/", "audio/", "video/", "text/", "application/"),
            max_bytes=outbound.MAX_MEDIA_BYTES,
            max_count=outbound.MAX_MEDIA,
        ),
        # Of what Twilio takes, what phones show and WhatsApp takes too; 5 MB is for a message with all its files.
        sends=MediaRule(
            types=("image/jpeg", "image/png", "image/gif", "application/pdf"), max_bytes=outbound.MAX_MEDIA_BYTES,
            max_count=outbound.MAX_MEDIA, total_bytes=outbound.MAX_MEDIA_BYTES,
        ),
        windows={"whatsapp": 86_400},  # later only with a template the provider approved
        receipts=tuple(DeliveryStatus),
        ack=AckPolicy(
            accepted=Answer(status=200, body=b"<Response/>", content_type="text/xml"),
            # Heeded only if the webhook's URL asks for it (#rc=, README).
            retry_later=Answer(status=503),
            refused=Answer(status=403),
            budget_s=15.0,
        ),
        idempotent_send=False,
    )  # fmt: skip

    def verify(self, request: RawRequest, account: Account) -> Verdict:
        """Did one of the account's tokens sign this?"""
        return signature.verify(request, _settings(account))

    def parse(self, request: RawRequest, account: Account) -> Parsed:
        """The message or receipt in a request, and what could not be taken."""
        return inbound.parse(request, _settings(account))

    def thread_key(self, contact: Address, account: Account) -> str:
        """Account and address: a number's SMS and its WhatsApp are two threads, for each is answered its own way."""
        return f"{account.name}|{contact.scheme}:{contact.value}"

    def plan(self, message: OutboundMessage, account: Account) -> Sequence[SendStep]:
        """The calls that send a reply; ValueError with a sentence for the agent."""
        return outbound.plan(message, account, _settings(account))

    def interpret(self, step: SendStep, outcome: Response | NoResponse, account: Account) -> Outcome:
        """What Twilio's answer means; it depends on nothing but the answer."""
        return failures.interpret(outcome)

    def media_request(self, source: str, account: Account) -> SendStep:
        """The authenticated GET of an inbound attachment; ValueError for an address that is not Twilio's."""
        return outbound.media_request(source, _settings(account))

    def file_of(self, reference: str, account: Account, *, now: datetime) -> Media | None:
        """The attachment that Twilio comes to fetch, while the address holds."""
        return files.file_of(reference, _settings(account), now=now)


def _settings(account: Account) -> TwilioSettings:
    settings: object = account.settings
    if not isinstance(settings, TwilioSettings):
        raise TypeError(f"account {account.name} has no settings of Twilio's")
    return settings
