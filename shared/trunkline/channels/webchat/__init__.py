"""Web chat: visitors write from a page of ours or of a shop's, over a socket that our own ingest holds.

`README.md` beside this file says what is done and what is not; `docs/chat-protocol.md` what goes over the socket.
"""

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
    Response,
    SendStep,
    Verdict,
)
from trunkline.channels.webchat import identity, inbound, outbound
from trunkline.channels.webchat.settings import WebChatSettings
from trunkline.messages import Address, DeliveryStatus, InboundMessage, OutboundMessage

__all__ = ["WebChat", "WebChatSettings", "settings_of"]


class WebChat:
    """Chat on a web page, as a channel. Its provider is our own ingest."""

    manifest: ClassVar[Manifest] = Manifest(
        type="webchat",
        name="Web chat",
        address_schemes=(identity.VISITOR, identity.CUSTOMER),
        account_schema=WebChatSettings,
        max_body_bytes=inbound.MAX_FRAME_BYTES,
        text_limit=outbound.TEXT_LIMIT,
        text_unit="characters",
        media=MediaRule(types=("image/", "application/pdf", "text/plain"), max_bytes=20_000_000, max_count=5),
        # Whatever it is: what no browser draws harmlessly is only saved (ingest's headers see to it).
        sends=MediaRule(types=("image/", "application/", "text/plain"), max_bytes=20_000_000, max_count=5),
        receipts=(DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ),
        ack=AckPolicy(
            accepted=Answer(status=204),
            retry_later=Answer(status=503, headers={"retry-after": "2"}),
            refused=Answer(status=403),
            budget_s=10.0,
        ),
        idempotent_send=True,
    )

    def verify(self, request: RawRequest, account: Account) -> Verdict:
        """Did the shop's server sign this frame? A visitor's own socket is judged by ingest, before it asks `parse`."""
        return inbound.verify(request, settings_of(account))

    def parse(self, request: RawRequest, account: Account) -> Parsed:
        """The message in a frame, or the problem with it."""
        return inbound.parse(request, settings_of(account))

    def thread_key(self, contact: Address, account: Account) -> str:
        """Account and contact: a visitor who signs in begins another thread, which only the customer may read."""
        return outbound.thread_key(contact, account.name)

    def plan(self, message: OutboundMessage, account: Account) -> Sequence[SendStep]:
        """One signal to the visitor's sockets; ValueError with a sentence for the agent."""
        return outbound.plan(message, account, settings_of(account))

    def interpret(self, step: SendStep, outcome: Response | NoResponse, account: Account) -> Outcome:
        """A signal is taken."""
        return outbound.interpret(step, outcome)

    def echo(self, message: InboundMessage, conversation: str, number: int, account: Account) -> SendStep:
        """The visitor's own message, with its number, for all their windows."""
        return outbound.echo(message, conversation, number, settings_of(account))


def settings_of(account: Account) -> WebChatSettings:
    """The account's settings; TypeError if it is another channel's."""
    settings: object = account.settings
    if not isinstance(settings, WebChatSettings):
        raise TypeError(f"account {account.name} has no settings of web chat's")
    return settings
