"""The streams of all shards, entry by entry: what may follow what. Pure.

Not the last state but every state on the way there: versions dense, one owner at a time, one outcome an offer and
agent, who is consulted, who is in front, what is quiet, what was told; each operation once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.soak.barred import Barred
from trunkline.events import asked_of
from trunkline.requirements import room_of

_OFFERED = "conversation.offered"
_ACCEPTED, _GIVEN = "offer.accepted", "offer.auto-accepted"
_OUTCOMES = {_ACCEPTED, "offer.declined", "offer.expired", "offer.rescinded"}
_ASSIGNED, _TAKEN_OVER = "conversation.assigned", "conversation.taken-over"
_OWNS = {_ACCEPTED, _GIVEN, _ASSIGNED, _TAKEN_OVER, "conversation.begun"}
_CONSULTED, _CONSULTATION_ENDED = "conversation.consulted", "conversation.consultation-ended"
_TOLD = "conversation.told"
_NOBODYS = {"queued", "snoozed", "closed"}
_SOMEBODYS = {"active", "wrapping-up"}
_LINES = {"queued", "offered"}
_MOST_CONSULTED = 3

State = dict[str, Any]
_BEGIN: State = {"version": 0, "status": "", "owner": "", "offered_to": "", "keeps": "", "fence": 0}


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a conversation, and the states around it."""

    kind: str
    before: State
    state: State
    told: tuple[str, ...]
    """The agents whom it is sent to."""

    def __str__(self) -> str:
        was, now = self.before, self.state
        return f"{now['id']} {was['version']} {was['status']} → {now['version']} {self.kind} {now['status']}"


@dataclass
class Story:
    """What was read so far."""

    shards: int
    entries: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    """How many events of each kind."""
    states: dict[str, State] = field(default_factory=dict)
    """Each conversation's last."""
    operations: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Operation → shard and outbox id of its event. Emptied by `forget`: nothing is repeated across a barrier."""
    wrong: list[str] = field(default_factory=list)
    barred: Barred = field(default_factory=Barred)
    _sequences: dict[int, int] = field(default_factory=dict)
    _words: set[tuple[str, str]] = field(default_factory=set)

    def take(self, shard: int, entry: list[Any]) -> None:
        """One outbox entry, as the script gives it: id, fields."""
        name, fields = entry[0].decode(), entry[1]
        head = [part.decode() for part in fields[1].split(b"\n")]
        kind, subject, operation = head[0].removeprefix("trunkline.").removesuffix(".v1"), *head[1:3]
        sequence = int(name.partition("-")[0])
        if sequence != self._sequences.get(shard, 0) + 1:
            self._say(f"shard {shard}: entry {name} after {self._sequences.get(shard, 0)}")
        self._sequences[shard] = sequence
        self.entries += 1
        self.kinds[kind] += 1
        if operation:
            if operation in self.operations:
                self._say(f"{operation} was made twice: {self.operations[operation]} and {shard} {name}")
            self.operations[operation] = (shard, name)
        state = orjson.loads(fields[5]) if len(fields) > 4 else {}
        if kind.startswith(("agent.", "queue.")):
            self.barred.take(int(head[5]), kind, subject, state)
        elif state:
            self._take_step(int(head[5]), Step(kind, self.states.get(subject, _BEGIN), state, asked_of(head[4])))

    def settle(self) -> None:
        """All streams were read to their end: judge what only all of them together say."""
        self.wrong += self.barred.settle()

    def forget(self) -> None:
        """All operations asked so far were answered and looked up."""
        self.operations.clear()

    def _say(self, text: str) -> None:
        self.wrong.append(text)

    def _take_step(self, at_ms: int, it: Step) -> None:
        self.states[it.state["id"]] = it.state
        if it.state["version"] != it.before["version"] + 1:
            self._say(f"{it}: versions are not dense")
        for judge in (_offers, _owners, _consultations, _rests):
            self.wrong += [f"{it}: {wrong}" for wrong in judge(it)]
        if it.kind == _TOLD:
            self._told(it)
        if it.kind in {_OFFERED, _GIVEN}:
            self.barred.offered(at_ms, it.state)

    def _told(self, it: Step) -> None:
        """Only who waits is told something without an agent, and nothing twice in a thread (within a day)."""
        words = it.state["told"].rsplit(" ", 1)[-1].partition(":")[0]
        if it.before["status"] != "queued" or it.state["status"] != "queued":
            self._say(f"{it}: was told {words} and does not wait")
        if (it.state["thread"], words) in self._words:
            self._say(f"{it}: was told {words} twice")
        self._words.add((it.state["thread"], words))


def _offers(it: Step) -> list[str]:
    """Whoever was asked has one outcome, by an event that is sent to them; nobody is asked twice at once."""
    was, now = set(asked_of(it.before["offered_to"])), set(asked_of(it.state["offered_to"]))
    wrong = []
    if it.kind == _OFFERED and (was or not now or it.state["fence"] != it.before["fence"] + 1):
        wrong.append(f"offer {it.state['fence']} after {it.before['fence']}, of which {sorted(was)} have no outcome")
    if it.kind != _OFFERED and (now - was or it.state["fence"] != it.before["fence"]):
        wrong.append(f"asks {sorted(now - was)} and is no offer")
    if was - now and it.kind not in _OUTCOMES:
        wrong.append(f"offer {it.before['fence']} has no outcome for {sorted(was - now)}")
    if it.kind in _OUTCOMES and not was - now:
        wrong.append(f"another outcome of offer {it.before['fence']}")
    if was - now - set(it.told):
        wrong.append(f"{sorted(was - now - set(it.told))} do not hear of it")
    if it.kind == _ACCEPTED and was != {it.state["owner"]}:
        wrong.append(f"offered to {sorted(was)}, accepted by {it.state['owner']}")
    if (it.state["status"] == "offered") != bool(now):
        wrong.append(f"offered to {it.state['offered_to'] or 'nobody'}")
    return wrong


def _owners(it: Step) -> list[str]:
    """Nobody takes what another has, but by a supervisor's word, by being asked, or when it was passed on to them."""
    status, owner, before = it.state["status"], it.state["owner"], it.before["owner"]
    wrong = []
    if (status in _NOBODYS and owner) or (status in _SOMEBODYS and not owner):
        wrong.append(f"is {owner or 'nobody'}'s")
    if owner and owner != before:
        may = not before or it.kind in {_ASSIGNED, _TAKEN_OVER}
        if it.kind not in _OWNS or not (may or (it.kind == _ACCEPTED and it.before["keeps"] == before)):
            wrong.append(f"went from {before or 'nobody'} to {owner}")
    if it.kind == _TAKEN_OVER and owner not in asked_of(it.before.get("consulted", "")):
        wrong.append(f"was taken over by {owner}, who was not consulted")
    return wrong


def _consultations(it: Step) -> list[str]:
    """Who is consulted comes by word of the owner and goes by word, or all at once with the owner's work; they hear."""
    was, now = asked_of(it.before.get("consulted", "")), asked_of(it.state.get("consulted", ""))
    wrong = []
    if now and (it.state["status"] not in _SOMEBODYS or it.state["owner"] in now):
        wrong.append(f"is {it.state['owner'] or 'nobody'}'s, and {now} are consulted")
    if len(now) > _MOST_CONSULTED or len(set(now)) != len(now):
        wrong.append(f"has {now} consulted")
    came, went = set(now) - set(was), set(was) - set(now)
    if len(came) != (it.kind == _CONSULTED):
        wrong.append(f"now consults {sorted(came)}")
    works = it.state["status"] in _SOMEBODYS and it.state["owner"] == it.before["owner"]
    if works and len(went) != (it.kind == _CONSULTATION_ENDED):
        wrong.append(f"no longer consults {sorted(went)}")
    if not works and now:
        wrong.append(f"went on consulting {now}")
    if deaf := (came | set(was)) - set(it.told):
        wrong.append(f"{sorted(deaf)}, who look on, do not hear of it")
    return wrong


def _rests(it: Step) -> list[str]:
    """In front is only who waits, reordered only what waits, quiet only what somebody has."""
    state, wrong = it.state, []
    if state.get("front", 0) and state["status"] not in _LINES:
        wrong.append("is at the front of a line")
    if it.kind == "conversation.reordered" and not it.before["status"] == state["status"] == "queued":
        wrong.append("was reordered and does not wait")
    relief, quiet = state.get("relief", 0), room_of(state["requirement"]).quiet
    if relief and not (quiet and state["owner"] and state["quiet_at"] and state["weight"] - relief == quiet.weight):
        wrong.append(f"weighs {state['weight']} less {relief} by {quiet} for {state['owner'] or 'nobody'}")
    if it.kind == "conversation.quieted" and (it.before.get("relief", 0) or not relief):
        wrong.append(f"fell quiet by {relief} after {it.before.get('relief', 0)}")
    return wrong
