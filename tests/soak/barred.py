"""To whom nothing may be offered, and nothing of what: between which moments of the server's clock. Pure.

Agents, queues and conversations are in the streams of different shards, so only time puts their events in order. What
falls into the very millisecond in which something began or ended is not judged.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from trunkline.events import asked_of
from trunkline.requirements import queue_of

_EVER = 10**15


class _Span(NamedTuple):
    """From when until when it is barred, both in ms."""

    begins: int
    ends: int


class _Offer(NamedTuple):
    at: int
    conversation: str
    asked: tuple[str, ...]
    waited_in: str
    """The queue; '' for what a colleague passes on."""


@dataclass
class Barred:
    """Fold the streams in, and settle when all of them were read to their end."""

    judged: int = 0
    """Offers that were held against what was barred."""
    _since: dict[str, int] = field(default_factory=dict)
    """What is barred now → since when."""
    _spans: defaultdict[str, list[_Span]] = field(default_factory=lambda: defaultdict(list))
    _offers: list[_Offer] = field(default_factory=list)

    def take(self, at_ms: int, kind: str, subject: str, state: dict[str, Any]) -> None:
        """An event of an agent or a queue."""
        if kind.startswith("queue."):
            self._turn(at_ms, f"queue {subject}", barred=kind == "queue.shut")
        else:
            able = kind != "agent.left" and state["presence"] == "available" and str(state["draining"]) != "1"
            self._turn(at_ms, f"agent {subject}", barred=not able)

    def offered(self, at_ms: int, state: dict[str, Any]) -> None:
        """A conversation was offered, or given."""
        asked = asked_of(state["offered_to"]) or (state["owner"],)
        waited_in = "" if state["keeps"] else queue_of(state["requirement"])
        self._offers.append(_Offer(at_ms, state["id"], asked, waited_in))

    def settle(self) -> list[str]:
        """The offers that should not have been; they are forgotten, what is barred now stays so."""
        for what, since in self._since.items():
            self._spans[what].append(_Span(since, _EVER))
        wrong = [text for offer in self._offers for text in self._wrong(offer)]
        self.judged += len(self._offers)
        self._offers.clear()
        self._spans.clear()
        return wrong

    def _wrong(self, offer: _Offer) -> list[str]:
        asked = [f"agent {agent}" for agent in offer.asked]
        return [
            f"{offer.conversation} was offered at {offer.at}, and {what} is barred from {span.begins} to {span.ends}"
            for what in [*asked, f"queue {offer.waited_in}"]
            for span in self._spans.get(what, ())
            if span.begins < offer.at < span.ends
        ]

    def _turn(self, at_ms: int, what: str, *, barred: bool) -> None:
        if barred:
            self._since.setdefault(what, at_ms)
        elif (since := self._since.pop(what, None)) is not None:
            self._spans[what].append(_Span(since, at_ms))
