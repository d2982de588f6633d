"""The SQL around the fold of `deliveries`: whose a receipt is, and what a message's status becomes.

News of a message is kept whether or not the message is projected already; a receipt whose provider id nobody has
named yet waits in `pending_receipts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from services.agents.repository.bulk import Row
from services.agents.repository.decoding import Reading
from services.agents.repository.deliveries import Delivery, Fact, Piece, fact_of, stronger
from services.agents.repository.engine import Database
from services.agents.repository.story import Story
from services.agents.tables import DELIVERIES, DELIVERY_PARTS, MESSAGES, PENDING_RECEIPTS
from trunkline.events import ReceiptReceived, ReplySent, SendFailed, StepAccepted
from trunkline.messages import DeliveryStatus

_NEWS = {StepAccepted, ReplySent, SendFailed}

ProviderKey = tuple[str, str]
"""Account and provider id."""


class SendingStatements:
    """The statements of `Sending`, prepared once."""

    def __init__(self, database: Database) -> None:
        provider_id = (DELIVERY_PARTS.c.account, DELIVERY_PARTS.c.provider_id)
        waiting = (PENDING_RECEIPTS.c.account, PENDING_RECEIPTS.c.provider_id)
        self.owners = database.look(select(*provider_id, DELIVERY_PARTS.c.message), *provider_id)
        self.deliveries = database.look(select(DELIVERIES), DELIVERIES.c.message)
        self.parts = database.look(select(DELIVERY_PARTS), DELIVERY_PARTS.c.message)
        self.messages = database.look(select(MESSAGES.c.id, MESSAGES.c.account, MESSAGES.c.conversation), MESSAGES.c.id)
        self.pending = database.look(select(PENDING_RECEIPTS), *waiting)
        self.put_deliveries = database.many(database.upsert(DELIVERIES))
        self.put_parts = database.many(database.insert(DELIVERY_PARTS))
        self.put_pending = database.many(database.upsert(PENDING_RECEIPTS))
        self.forget_parts = database.many(
            delete(DELIVERY_PARTS).where(DELIVERY_PARTS.c.message == bindparam("of_message"))
        )
        self.forget_pending = database.many(
            delete(PENDING_RECEIPTS).where(
                waiting[0] == bindparam("of_account"), waiting[1] == bindparam("of_provider_id")
            )
        )
        columns = ("status", "status_code", "status_text", "provider_ids", "possible_duplicate")
        ours = (MESSAGES.c.id == bindparam("of_message")) & (MESSAGES.c.direction == "outbound")
        news = {name: bindparam(f"new_{name}", type_=MESSAGES.c[name].type) for name in columns}
        self.put_outcomes = database.many(update(MESSAGES).where(ours).values(news))


class Sending:
    """One transaction's deliveries."""

    def __init__(self, statements: SendingStatements, connection: Connection) -> None:
        self._statements = statements
        self._connection = connection
        self._known: dict[str, Delivery] = {}
        self._stored: set[str] = set()

    def send(self, readings: Sequence[Reading], story: Story) -> None:
        """Fold what the readings say of replies, and write it with each message's new status."""
        news = [reading for reading in readings if type(reading.event) in _NEWS]
        receipts = [reading.event for reading in readings if type(reading.event) is ReceiptReceived]
        named = [receipt for receipt in receipts if receipt.message]
        nameless = [receipt for receipt in receipts if not receipt.message]
        touched = {reading.event.message for reading in news} | {receipt.message for receipt in named}
        touched |= {row["id"] for row in story.messages if row["direction"] == "outbound"}
        touched |= {failure.message for failure in story.failures}
        touched |= self._owners({(receipt.account, receipt.provider_id) for receipt in nameless})
        if not touched and not nameless:
            return
        self._load(touched)
        self._fold(news, named, story)
        self._place(nameless)
        self._write()

    def _fold(self, news: Sequence[Reading], receipts: Sequence[ReceiptReceived], story: Story) -> None:
        for reading in news:
            delivery = self._known[reading.event.message]
            if isinstance(reading.event, StepAccepted) and reading.at is not None:
                delivery.accept(reading.event, reading.at)
            elif isinstance(reading.event, ReplySent):
                delivery.send(reading.event)
            else:
                delivery.fail(reading.event)
        for failure in story.failures:
            self._known[failure.message].fail(failure)
        for receipt in receipts:
            self._known[receipt.message].receive(receipt)

    def _owners(self, wanted: set[ProviderKey]) -> set[str]:
        return {row["message"] for row in self._statements.owners.rows(self._connection, wanted)}

    def _load(self, messages: set[str]) -> None:
        self._known = {message: Delivery(message) for message in messages}
        for row in self._statements.deliveries.rows(self._connection, messages):
            self._known[row["message"]] = _delivery(row)
            self._stored.add(row["message"])
        for row in self._statements.parts.rows(self._connection, self._stored):
            self._known[row["message"]].put(_piece(row))
        for row in self._statements.messages.rows(self._connection, messages):
            known = self._known[row["id"]]
            known.account, known.conversation = row["account"], row["conversation"]

    def _place(self, receipts: Sequence[ReceiptReceived]) -> None:
        """Give nameless receipts, these and earlier ones, to the message that owns their provider id."""
        index = {
            (delivery.account, piece.provider_id): piece
            for delivery in self._known.values()
            for piece in delivery.pieces.values()
            if delivery.account and piece.provider_id
        }
        wanted = {(each.account, each.provider_id) for each in receipts} | set(index)
        before = {
            (row["account"], row["provider_id"]): _fact(row)
            for row in self._statements.pending.rows(self._connection, wanted)
        }
        waiting = dict(before)
        for receipt in receipts:
            key = (receipt.account, receipt.provider_id)
            waiting[key] = stronger(waiting.get(key), fact_of(receipt))
        for key in index.keys() & waiting.keys():
            index[key].fact = stronger(index[key].fact, waiting.pop(key))
        self._keep(before, waiting)

    def _keep(self, before: dict[ProviderKey, Fact], waiting: dict[ProviderKey, Fact]) -> None:
        placed = sorted(before.keys() - waiting.keys())
        self._statements.forget_pending.run(
            self._connection, [{"of_account": account, "of_provider_id": name} for account, name in placed]
        )
        rows = [
            {"account": key[0], "provider_id": key[1]} | _fact_row(fact)
            for key, fact in sorted(waiting.items(), key=lambda item: item[0])
            if before.get(key) != fact
        ]
        self._statements.put_pending.run(self._connection, rows)

    def _write(self) -> None:
        # A new message of which nothing was said yet needs no row.
        told = [each for each in self._known.values() if each.pieces or each.sent or each.failure is not None]
        pieces = [_piece_row(each, piece) for each in told for piece in each.pieces.values()]
        self._statements.put_deliveries.run(self._connection, [_delivery_row(each) for each in told])
        stored = [{"of_message": message} for message in sorted(self._stored)]
        self._statements.forget_parts.run(self._connection, stored)
        self._statements.put_parts.run(self._connection, pieces)
        self._statements.put_outcomes.run(self._connection, [_outcome_row(each) for each in told])


def _fact(row: Any) -> Fact:
    return Fact(DeliveryStatus(row["status"]), row["at"], row["code"], row["text"])


def _fact_row(fact: Fact) -> Row:
    return {"status": fact.status.value, "at": fact.at, "code": fact.code, "text": fact.text}


def _piece(row: Any) -> Piece:
    return Piece(row["part"], row["provider_id"], row["named"], _fact(row))


def _piece_row(delivery: Delivery, piece: Piece) -> Row:
    return {
        "message": delivery.message,
        "part": piece.part,
        "provider_id": piece.provider_id,
        "account": delivery.account,
        "named": piece.named,
    } | _fact_row(piece.fact)


def _delivery(row: Any) -> Delivery:
    return Delivery(
        message=row["message"],
        conversation=row["conversation"],
        account=row["account"],
        parts=row["parts"],
        sent=row["sent"],
        failure=(row["code"], row["text"]) if row["failed"] else None,
        possible_duplicate=row["possible_duplicate"],
    )


def _delivery_row(delivery: Delivery) -> Row:
    code, text = delivery.failure or (None, None)
    return {
        "message": delivery.message,
        "conversation": delivery.conversation,
        "account": delivery.account,
        "parts": delivery.parts,
        "sent": delivery.sent,
        "failed": delivery.failure is not None,
        "code": code,
        "text": text,
        "possible_duplicate": delivery.possible_duplicate,
    }


def _outcome_row(delivery: Delivery) -> Row:
    outcome = delivery.outcome()
    return {
        "of_message": delivery.message,
        "new_status": None if outcome.status is None else outcome.status.value,
        "new_status_code": outcome.code,
        "new_status_text": outcome.text,
        "new_provider_ids": outcome.provider_ids,
        "new_possible_duplicate": delivery.possible_duplicate,
    }
