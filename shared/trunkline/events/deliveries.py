"""What became of a reply at its provider."""

from __future__ import annotations

from datetime import datetime

from trunkline.events.base import Data, Topic
from trunkline.messages import DeliveryStatus


class _Delivery(Data):
    topic = Topic.DELIVERIES
    conversation: str
    message: str


class StepAccepted(_Delivery):
    """The provider took part `part` of `parts`; a retry begins after it."""

    type = "trunkline.delivery.step-accepted.v1"
    part: int
    parts: int
    provider_ids: tuple[str, ...]
    status: DeliveryStatus
    possible_duplicate: bool = False


class ReplySent(_Delivery):
    """Every part was taken."""

    type = "trunkline.delivery.sent.v1"
    account: str
    provider_ids: tuple[str, ...]
    attempts: int
    possible_duplicate: bool = False
    sent_at: datetime


class SendFailed(_Delivery):
    """It will not be sent: the provider refused it for good, or its time ran out."""

    type = "trunkline.delivery.failed.v1"
    account: str
    kind: str
    code: str | None = None
    text: str
    attempts: int
    failed_at: datetime


class ReceiptReceived(Data):
    """The provider said what became of a message; applied on the lattice of `trunkline.messages.advance`."""

    type = "trunkline.delivery.receipt.v1"
    topic = Topic.DELIVERIES
    account: str
    provider_id: str
    status: DeliveryStatus
    conversation: str = ""
    message: str = ""
    part: int = 0
    code: str | None = None
    text: str | None = None
    received_at: datetime
