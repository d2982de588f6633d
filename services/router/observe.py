"""Metrics from what is relayed: each event passes one router's relay once, so the sums are right."""

from __future__ import annotations

import contextlib
from collections import Counter as Count
from typing import Any

import orjson

from trunkline.board.relay import Entry
from trunkline.events import (
    ConversationClosed,
    ConversationOffered,
    Header,
    OfferAccepted,
    OfferAutoAccepted,
    OfferDeclined,
    OfferExpired,
    OfferRescinded,
    ReplyWritten,
    asked_of,
)
from trunkline.metrics import (
    CLOCKS,
    FIRST_REPLY_SECONDS,
    INBOUND_LAG,
    LEDGER,
    OFFERS,
    RELAYED,
    UNRELAYED,
    UNRELAYED_AGE,
    VERIFIED,
    WAIT_SECONDS,
)

_MADE = ConversationOffered.type.encode()
_EXPIRED = OfferExpired.type.encode()
_RESCINDED = OfferRescinded.type.encode()
_OUTCOMES = {
    _MADE: "made",
    OfferAccepted.type.encode(): "accepted",
    OfferAutoAccepted.type.encode(): "auto-accepted",
    OfferDeclined.type.encode(): "declined",
    _EXPIRED: "expired",
    _RESCINDED: "rescinded",
}
_TAKEN = {OfferAccepted.type.encode(), OfferAutoAccepted.type.encode()}
_REPLY = ReplyWritten.type.encode()
_CLOSED = ConversationClosed.type.encode()


_JUDGED = b'"judged":"'


def observe(batch: list[Entry]) -> None:
    """Count a relayed batch; only offers' outcomes, replies, and the ends of what had clocks are looked into."""
    kinds: Count[bytes] = Count(entry.record.headers[0][1] for entry in batch)
    for kind, count in kinds.items():
        RELAYED.labels(kind.decode()).inc(count)
    for entry in batch:
        kind = entry.record.headers[0][1]
        if kind in _OUTCOMES or kind == _REPLY or (kind == _CLOSED and _JUDGED in entry.record.value):
            _look_into(kind, entry)


def _look_into(kind: bytes, entry: Entry) -> None:
    data = orjson.loads(entry.record.value)["data"]
    state = data["state"]
    labels = (state["queue"], state["channel"])
    at = entry.at_ms
    for clock, outcome in _judged(state.get("judged", ""), data["version"]):
        CLOCKS.labels(state["queue"], clock, outcome).inc()
    if kind == _CLOSED:
        return
    if kind == _REPLY:
        if state["replied_at"] == at:
            FIRST_REPLY_SECONDS.labels(*labels).observe((at - state["opened_at"]) / 1_000)
        return
    reason = state["reason"] if kind == _RESCINDED else ""
    OFFERS.labels(*labels, _OUTCOMES[kind], reason).inc(_offers(kind, state, entry))
    if kind in _TAKEN:
        WAIT_SECONDS.labels(*labels).observe(max(0, at - state["queued_at"]) / 1_000)


def _judged(said: str, version: int) -> list[tuple[str, str]]:
    """The clocks that ended with this version, each with `met` or `breached`."""
    number, *ends = said.split() or [""]
    if number != str(version):
        return []
    return [(clock, outcome) for clock, _, outcome in (end.partition(":") for end in ends)]


def _offers(kind: bytes, state: dict[str, Any], entry: Entry) -> int:
    """How many it tells of, one an agent. Those it ended were of who is told and neither has it nor is still asked."""
    asked = asked_of(state["offered_to"])
    if kind == _MADE:
        return len(asked)
    if kind in {_EXPIRED, _RESCINDED}:
        told = dict(entry.record.headers)[Header.AGENTS].decode().split(",")
        return len(set(told) - {state["owner"], *asked})
    return 1


def forget_shard(shard: int) -> None:
    """Another router shows this shard's figures now; ours would be counted beside them."""
    for gauge in (INBOUND_LAG, LEDGER, UNRELAYED, UNRELAYED_AGE, VERIFIED):
        with contextlib.suppress(KeyError):
            gauge.remove(str(shard))
