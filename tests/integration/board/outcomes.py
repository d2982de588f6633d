"""What became of each offer, as the events tell it: whoever was asked has one outcome, and hears of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.integration.board.conftest import short
from trunkline.board.relay import Entry
from trunkline.events import Header, asked_of

ENDS = ("offer.accepted", "offer.declined", "offer.expired", "offer.rescinded")


@dataclass
class Outcomes:
    """Fold the events of a board in; `problems` is what does not add up."""

    ended: dict[tuple[str, int, str], str] = field(default_factory=dict)
    """(conversation, fence, agent) → how that agent's offer ended, and `reason` of the event behind a slash."""
    problems: list[str] = field(default_factory=list)
    _last: dict[str, dict[str, Any]] = field(default_factory=dict)

    def fold(self, entries: list[Entry]) -> None:
        """In the order of the log."""
        for entry in entries:
            data = orjson.loads(entry.record.value)["data"]
            if "fence" in (state := data.get("state", {})):
                agents = dict(entry.record.headers).get(Header.AGENTS, b"").decode().split(",")
                self._next(short(entry), state, agents)

    def _next(self, kind: str, state: dict[str, Any], told: list[str]) -> None:
        name = state["id"]
        before = self._last.get(name, {"version": 0, "fence": 0, "offered_to": ""})
        self._last[name] = state
        if state["version"] != before["version"] + 1:
            self.problems.append(f"{name} is at {state['version']} by {kind}, after {before['version']}")
        was, now = set(asked_of(before["offered_to"])), set(asked_of(state["offered_to"]))
        if now - was and kind != "conversation.offered":
            self.problems.append(f"{name}: {kind} asks {now - was}")
        if kind == "conversation.offered" and (was or state["fence"] <= before["fence"] or not now):
            self.problems.append(f"{name} is offered to {now} by {state['fence']}, after {was} by {before['fence']}")
        for agent in was - now:
            self._ends(kind, state, before["fence"], agent, told)
        if kind == "offer.accepted" and was != {state["owner"]}:
            self.problems.append(f"{name}, offered to {was}, was accepted by {state['owner']}")
        if kind.startswith("offer.") and kind != "offer.auto-accepted" and not was - now:
            self.problems.append(f"{name}: {kind} ends nobody's offer")

    def _ends(self, kind: str, state: dict[str, Any], fence: int, agent: str, told: list[str]) -> None:
        offer = (state["id"], fence, agent)
        if kind not in ENDS or agent not in told or offer in self.ended:
            self.problems.append(f"{offer} ended by {kind}, told to {told}, after {self.ended.get(offer)}")
        self.ended[offer] = f"{kind.removeprefix('offer.')}/{state['reason']}".rstrip("/")
