"""The streams of all shards, entry by entry: what may follow what. Pure.

Not the last state but every state on the way there: versions dense, one owner at a time, one outcome an offer, each
operation once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

_OFFERED = "conversation.offered"
_ACCEPTED = "offer.accepted"
_OUTCOMES = {_ACCEPTED, "offer.declined", "offer.expired", "offer.rescinded"}
# What else ends a pending transfer: its sender or a supervisor decides otherwise.
_ENDS = _OUTCOMES | {"conversation.closed", "conversation.transferred", "conversation.assigned"}
_OWNS = {_ACCEPTED, "conversation.assigned", "conversation.begun"}
_NOBODYS = {"queued", "snoozed", "closed"}
_SOMEBODYS = {"active", "wrapping-up"}

State = dict[str, Any]
_BEGIN: State = {"version": 0, "status": "", "owner": "", "offered_to": "", "keeps": "", "fence": 0}


@dataclass
class Story:
    """What was read so far."""

    shards: int
    entries: int = 0
    offers: int = 0
    states: dict[str, State] = field(default_factory=dict)
    """Each conversation's last."""
    operations: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Operation → shard and outbox id of its event. Emptied by `forget`: nothing is repeated across a barrier."""
    wrong: list[str] = field(default_factory=list)
    _sequences: dict[int, int] = field(default_factory=dict)

    def take(self, shard: int, entry: list[Any]) -> None:
        """One outbox entry, as the script gives it: id, fields."""
        name, fields = entry[0].decode(), entry[1]
        kind, subject, operation = (part.decode() for part in fields[1].split(b"\n", 3)[:3])
        kind = kind.removeprefix("trunkline.").removesuffix(".v1")
        sequence = int(name.partition("-")[0])
        if sequence != self._sequences.get(shard, 0) + 1:
            self._say(f"shard {shard}: entry {name} after {self._sequences.get(shard, 0)}")
        self._sequences[shard] = sequence
        self.entries += 1
        if operation:
            if operation in self.operations:
                self._say(f"{operation} was made twice: {self.operations[operation]} and {shard} {name}")
            self.operations[operation] = (shard, name)
        if len(fields) > 4 and not kind.startswith("agent."):
            self._step(kind, subject, orjson.loads(fields[5]))

    def forget(self) -> None:
        """All operations asked so far were answered and looked up."""
        self.operations.clear()

    def _say(self, text: str) -> None:
        self.wrong.append(text)

    def _step(self, kind: str, name: str, state: State) -> None:
        before = self.states.get(name, _BEGIN)
        said = f"{name} {before['version']} {before['status']} → {state['version']} {kind} {state['status']}"
        self.states[name] = state
        if state["version"] != before["version"] + 1:
            self._say(f"{said}: versions are not dense")
        self._offer(said, kind, before, state)
        self._owner(said, kind, before, state)

    def _offer(self, said: str, kind: str, before: State, state: State) -> None:
        pending = before["status"] == "offered"
        if kind == _OFFERED:
            self.offers += 1
            if pending or state["fence"] != before["fence"] + 1:
                self._say(f"{said}: offer {state['fence']} after {before['fence']}, which has no outcome")
            return
        ended = pending and (state["status"] != "offered" or state["fence"] != before["fence"])
        if ended and kind not in _ENDS:
            self._say(f"{said}: offer {before['fence']} has no outcome")
        if kind in _OUTCOMES and not ended:
            self._say(f"{said}: another outcome of offer {before['fence']}")
        if kind == _ACCEPTED and state["owner"] != before["offered_to"]:
            self._say(f"{said}: offered to {before['offered_to']}, accepted by {state['owner']}")

    def _owner(self, said: str, kind: str, before: State, state: State) -> None:
        status, owner = state["status"], state["owner"]
        if (status in _NOBODYS and owner) or (status in _SOMEBODYS and not owner):
            self._say(f"{said}: is {owner or 'nobody'}'s")
        if (status == "offered") != bool(state["offered_to"]):
            self._say(f"{said}: offered to {state['offered_to'] or 'nobody'}")
        if owner and owner != before["owner"]:
            passed_on = kind == _ACCEPTED and before["keeps"] == before["owner"]
            if kind not in _OWNS or (before["owner"] and kind != "conversation.assigned" and not passed_on):
                self._say(f"{said}: went from {before['owner'] or 'nobody'} to {owner}")
