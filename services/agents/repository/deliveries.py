"""The fold of `deliveries`: what became of a reply, the same whatever order the news came in. Pure.

A message is sent in parts, a part has provider ids (usually one). Notify names them when the provider took the
part; receipts speak of them, sometimes before. Everything is kept as facts that only grow, and the message's status
is computed from them anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from trunkline.events import FailureDetails, ReceiptReceived, ReplySent, SendFailed, StepAccepted
from trunkline.messages import DeliveryStatus, advance, of_parts

_ARRIVED = (DeliveryStatus.DELIVERED, DeliveryStatus.READ)


class Fact(NamedTuple):
    """The strongest thing said about one provider id."""

    status: DeliveryStatus
    at: datetime
    code: str | None = None
    text: str | None = None


def stronger(known: Fact | None, news: Fact) -> Fact:
    """The one that counts; of two with the same status the earlier, so that their order does not matter."""
    if known is None or (known.status is not news.status and advance(known.status, news.status) is news.status):
        return news
    if known.status is news.status:
        return min(known, news, key=lambda fact: (fact.at, fact.code or "", fact.text or ""))
    return known


def fact_of(receipt: ReceiptReceived) -> Fact:
    """What a receipt says."""
    return Fact(receipt.status, receipt.received_at, receipt.code, receipt.text)


@dataclass(slots=True)
class Piece:
    """One provider id of one part; `named` once notify said so."""

    part: int
    provider_id: str
    named: bool
    fact: Fact


@dataclass(slots=True)
class Outcome:
    """What the record says of a message's sending."""

    status: DeliveryStatus | None
    code: str | None
    text: str | None
    provider_ids: list[str]


@dataclass(slots=True)
class Delivery:
    """Everything known of sending one message."""

    message: str
    conversation: str = ""
    account: str = ""
    parts: int | None = None
    sent: bool = False
    failure: tuple[str | None, str | None] | None = None
    possible_duplicate: bool = False
    pieces: dict[tuple[str, int], Piece] = field(default_factory=dict)

    def put(self, piece: Piece) -> None:
        """Add what is known of a provider id; a named part is the right one."""
        # Several parts may have no provider id; each is then its own piece.
        key = (piece.provider_id, 0 if piece.provider_id else piece.part)
        known = self.pieces.get(key)
        if known is None:
            self.pieces[key] = piece
            return
        known.fact = stronger(known.fact, piece.fact)
        if piece.named and not known.named:
            known.part, known.named = piece.part, True

    def accept(self, step: StepAccepted, at: datetime) -> None:
        """The provider took a part."""
        self.conversation = self.conversation or step.conversation
        self.parts = step.parts
        self.possible_duplicate |= step.possible_duplicate
        for provider_id in step.provider_ids or ("",):
            self.put(Piece(step.part, provider_id, named=True, fact=Fact(step.status, at)))

    def send(self, sent: ReplySent) -> None:
        """The provider took every part. Ids that no step named belong to the last part."""
        self.conversation = self.conversation or sent.conversation
        self.account = self.account or sent.account
        self.sent = True
        self.possible_duplicate |= sent.possible_duplicate
        named = {piece.provider_id for piece in self.pieces.values() if piece.named}
        for provider_id in sent.provider_ids:
            if provider_id not in named:
                fact = Fact(DeliveryStatus.SENT, sent.sent_at)
                self.put(Piece((self.parts or 1) - 1, provider_id, named=True, fact=fact))

    def fail(self, failed: SendFailed | FailureDetails) -> None:
        """It will not be sent."""
        if isinstance(failed, SendFailed):
            self.conversation = self.conversation or failed.conversation
            self.account = self.account or failed.account
        if self.failure is None:
            self.failure = (failed.code, failed.text)

    def receive(self, receipt: ReceiptReceived) -> None:
        """The provider said what became of a part."""
        self.conversation = self.conversation or receipt.conversation
        self.account = self.account or receipt.account
        self.put(Piece(receipt.part, receipt.provider_id, named=False, fact=fact_of(receipt)))

    def outcome(self) -> Outcome:
        """What all of it comes to."""
        by_part: dict[int, list[Piece]] = {}
        for piece in sorted(self.pieces.values(), key=lambda piece: (piece.part, piece.provider_id)):
            by_part.setdefault(piece.part, []).append(piece)
        ids = [piece.provider_id for pieces in by_part.values() for piece in pieces if piece.provider_id]
        status = self._status({part: self._part(pieces) for part, pieces in by_part.items()})
        if status is not DeliveryStatus.FAILED:
            return Outcome(status, None, None, ids)
        code, text = self.failure or self._why(by_part)
        return Outcome(status, code, text, ids)

    def _part(self, pieces: list[Piece]) -> DeliveryStatus:
        named = [piece.fact.status for piece in pieces if piece.named]
        strays = [piece.fact.status for piece in pieces if not piece.named]
        status = of_parts(named or strays[:1])
        for stray in strays:
            # An attempt nobody knows the outcome of was repeated; its failure says nothing of the repeat.
            if not named or stray in _ARRIVED:
                status = advance(status, stray)
        if self.sent:
            status = advance(status, DeliveryStatus.SENT)
        return status if self.failure is None else advance(status, DeliveryStatus.FAILED)

    def _status(self, known: dict[int, DeliveryStatus]) -> DeliveryStatus | None:
        statuses = list(known.values())
        missing = self.parts is not None and any(part not in known for part in range(self.parts))
        if self.failure is not None:
            return of_parts([*statuses, DeliveryStatus.FAILED] if missing or not statuses else statuses)
        if self.sent:
            return of_parts([*statuses, DeliveryStatus.SENT] if missing or not statuses else statuses)
        if not statuses:
            return None
        if DeliveryStatus.FAILED in statuses:
            return DeliveryStatus.FAILED
        # Until every part is known to be taken, no receipt of one part speaks for the whole.
        return DeliveryStatus.ACCEPTED if missing or self.parts is None else of_parts(statuses)

    @staticmethod
    def _why(by_part: dict[int, list[Piece]]) -> tuple[str | None, str | None]:
        for pieces in by_part.values():
            for piece in pieces:
                if piece.fact.status is DeliveryStatus.FAILED:
                    return piece.fact.code, piece.fact.text
        return None, None
