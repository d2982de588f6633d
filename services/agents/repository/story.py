"""The fold of `routing-events`: from what happened to how conversations stand. Pure: rows in, rows out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, Final

from services.agents.repository.bulk import Row
from services.agents.repository.decoding import Reading
from services.agents.repository.search import folded
from services.agents.repository.words import words_of
from services.agents.tables import CONVERSATIONS
from trunkline.events import (
    ConsultationEnded,
    ConversationReordered,
    ConversationTransferred,
    FailureDetails,
    InboundDetails,
    OfferDeclined,
    OfferExpired,
    OfferRescinded,
    PreferenceChanged,
    ReplyDetails,
    TellingDetails,
    asked_of,
)
from trunkline.messages import InboundMessage, OutboundMessage, plain_text

AddressKey = tuple[str, str]

FOLDED: Final[Row] = {
    "version": 0,
    "owner": "",
    "offered_to": "",
    "last_words": "",
    "unanswered": 0,
    "last_sequence": 0,
}
"""What the fold must know of a conversation that is there (all else is in its newest event), and of a new one."""

FOUND_BY: Final = tuple(
    sorted({column.name for index in CONVERSATIONS.indexes for column in index.columns} - {"id", "changed_at"})
)
"""Columns that a conversation is looked for by; most events leave them all as they are, and so their indexes."""

KNOWN: Final = tuple(dict.fromkeys(("id", *FOLDED, *FOUND_BY)))
"""What is read of each conversation that a batch tells of."""

_STANDS: Final = itemgetter(*FOUND_BY)

# By type, not isinstance: pydantic's metaclass makes that ten times as slow, and this runs for every event.
_ENDED_OFFER: Final = {OfferDeclined, OfferExpired, OfferRescinded}
_SAYING: Final = {InboundDetails, ReplyDetails, TellingDetails}


@dataclass(slots=True)
class Story:
    """What a batch adds to the record.

    `known` is KNOWN of the conversations that are there, `there` the ids of this batch's messages that the record has
    already, `contacts` whose each address is.
    """

    known: dict[str, Row]
    there: set[str]
    contacts: Mapping[AddressKey, str]
    changed: dict[str, Row] = field(default_factory=dict)
    messages: list[Row] = field(default_factory=list)
    words: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    failures: list[FailureDetails] = field(default_factory=list)
    preferences: dict[str, bool] = field(default_factory=dict)
    retold: int = 0
    gaps: int = 0
    _before: dict[str, Row] = field(init=False)

    def __post_init__(self) -> None:
        self._before = dict(self.known)

    def tell(self, reading: Reading) -> None:
        """Fold one event in. An event that is not newer than its conversation's row changes nothing."""
        if reading.columns is not None and reading.at is not None:
            self._conversation(reading, reading.columns, reading.at)
        elif type(reading.event) is PreferenceChanged:
            self.preferences[reading.event.thread] = reading.event.opted_out

    def finish(self) -> None:
        """Make what is needed once for each changed conversation."""
        for row in self.changed.values():
            row["search"] = folded(f"{row['display']} {row['address']} {row['last_words']}")

    def moved(self) -> list[Row]:
        """The changed conversations that are new, or are no longer found where they were."""
        return [row for row in self.changed.values() if not self._stands(row)]

    def still(self) -> list[Row]:
        """The other changed ones."""
        return [row for row in self.changed.values() if self._stands(row)]

    def _stands(self, row: Row) -> bool:
        before = self._before.get(row["id"])
        return before is not None and _STANDS(before) == _STANDS(row)

    def _conversation(self, reading: Reading, columns: Row, at: datetime) -> None:
        name, version = columns["id"], columns["version"]
        before = self.known.get(name, FOLDED)
        if version <= before["version"]:
            self.retold += 1
            return
        if version != before["version"] + 1:
            self.gaps += 1
        row = before | columns
        row["shard"] = reading.record.partition
        row["contact"] = self.contacts[row["scheme"], row["address"]]
        row["changed_at"] = at
        details: Any = getattr(reading.event, "details", None)
        if type(details) in _SAYING:
            self._say(row, details.message, reading.parts)
        elif type(details) is FailureDetails:
            self.failures.append(details)
        self.known[name] = self.changed[name] = row
        self.events.append(
            {
                "conversation": name,
                "version": version,
                "type": reading.type,
                "at": at,
                "agent": _agent(reading.event, before, row),
                "reason": row["reason"],
                "details": _shown(details),
            }
        )

    def _say(self, row: Row, message: InboundMessage | OutboundMessage, parts: list[Any] | None) -> None:
        if message.id in self.there:
            return
        self.there.add(message.id)
        row["last_sequence"] += 1
        said = _message(message, row) | {"parts": parts}
        if type(message) is InboundMessage:
            row["unanswered"] += 1
            row["last_words"] = plain_text(message.parts)
            said |= {"direction": "inbound", "at": message.received_at, "provider_ids": [message.provider_id]}
        elif type(message) is OutboundMessage:
            if message.agent is not None:  # words without an agent are no answer
                row["unanswered"] = 0
            said |= {"direction": "outbound", "at": message.written_at, "agent": message.agent}
        self.messages.append(said)
        if words := words_of(parts or ()):
            self.words.append({"message": message.id, "words": words})


def _message(message: InboundMessage | OutboundMessage, row: Row) -> Row:
    return {
        "id": message.id,
        "conversation": row["id"],
        "sequence": row["last_sequence"],
        "account": message.account,
        "reply_to": message.reply_to,
        "agent": None,
        "version": row["version"],
        "provider_ids": [],
        "status": None,
        "status_code": None,
        "status_text": None,
        "possible_duplicate": False,
    }


def _agent(event: Any, before: Row, after: Row) -> str:
    """Who did it, or whom it concerned, commas between several: an ended offer is told by the state before it."""
    kind = type(event)
    if kind in _ENDED_OFFER:
        still = asked_of(after["offered_to"])
        return ",".join(agent for agent in asked_of(before["offered_to"]) if agent not in still)
    if kind is ConversationTransferred:
        return str(event.details.sender)
    if kind is ConversationReordered:
        return str(event.details.by)
    if kind is ConsultationEnded:
        return str(event.details.agent)
    details = getattr(event, "details", None)
    if type(details) is ReplyDetails:
        return details.message.agent or ""
    if type(details) is TellingDetails:
        return ""
    return str(after["offered_to"] or after["owner"] or before["owner"])


def _shown(details: Any) -> Row:
    """What a history shows beside the event; words are in the messages."""
    if details is None:
        return {}
    if type(details) in _SAYING:
        return {"message": details.message.id}
    shown: Row = details.model_dump(mode="json", exclude_defaults=True)
    return shown
