"""What `routing-events` say of some hours, event by event: visits, hands, attendance. Pure; `log` reads them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from trunkline.events import (
    AgentArrived,
    AgentLeft,
    AgentPresenceChanged,
    AgentProfileChanged,
    ConversationAssigned,
    ConversationBegun,
    ConversationClosed,
    ConversationOffered,
    ConversationOpened,
    ConversationReopened,
    OfferAccepted,
    Presence,
    Profile,
)

OF_AGENTS = {AgentArrived.type, AgentLeft.type, AgentPresenceChanged.type, AgentProfileChanged.type}
_COMES = {ConversationOpened.type, ConversationReopened.type}

State = dict[str, Any]


@dataclass(slots=True)
class Stay:
    """One conversation from its coming (or coming again) to its end; times in ms since the epoch."""

    state: State
    """As it came."""
    held_ms: int = 0
    """How long agents owned it: from acceptance to close, without what it was put off or waited again."""
    answered: bool = False
    given_up_at: int | None = None
    ended: bool = False
    _since: int | None = None
    _offered_at: int | None = None

    def step(self, kind: str, at: int, state: State) -> int | None:
        """One more event; how long an agent took to accept, if that is what it says."""
        accepted_in = None
        if kind == ConversationOffered.type:
            self._offered_at = at
        if kind == OfferAccepted.type:
            self.answered = True
            accepted_in = None if self._offered_at is None else at - self._offered_at
        if kind == ConversationAssigned.type and not self.answered:
            self.given_up_at = at  # unless a reply follows
        if self._since is not None and not state["owner"]:
            self.held_ms += at - self._since
            self._since = None
        elif self._since is None and state["owner"]:
            self._since = at
        self.answered = self.answered or bool(state.get("replied_at"))
        if kind == ConversationClosed.type:
            self.ended = True
            if not self.answered and self.given_up_at is None:
                self.given_up_at = at
        return accepted_in


@dataclass(slots=True)
class Presences:
    """One agent: (ms, profile, available), from the first event on."""

    steps: list[tuple[int, Profile, bool]] = field(default_factory=list)

    def step(self, kind: str, at: int, data: dict[str, Any]) -> None:
        """One more event; what comes before the first profile says too little."""
        if kind in {AgentArrived.type, AgentProfileChanged.type}:
            profile = Profile.model_validate(data["details"]["profile"])
        elif self.steps:
            profile = self.steps[-1][1]
        else:
            return
        available = kind != AgentLeft.type and data["state"]["presence"] == Presence.AVAILABLE
        self.steps.append((at, profile, available))


@dataclass(slots=True)
class Recording:
    """All of it, between two times (ms since the epoch)."""

    since: int
    until: int
    stays: list[Stay] = field(default_factory=list)
    agents: dict[str, Presences] = field(default_factory=lambda: defaultdict(Presences))
    accepted_in_ms: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    begun: int = 0
    """Conversations that agents began."""
    under_way: set[str] = field(default_factory=set)
    """Those that had come before."""
    _open: dict[str, Stay] = field(default_factory=dict)

    def take_agent(self, kind: str, name: str, at: int, data: dict[str, Any]) -> None:
        """An agent's event: also of before, for it says who was there at the beginning."""
        if at < self.until:
            self.agents[name].step(kind, at, data)

    def take_conversation(self, kind: str, name: str, at: int, state: State) -> None:
        """A conversation's event; its end counts also after the time, its coming only within."""
        if kind in _COMES and self.since <= at < self.until:
            self._open[name] = Stay(state)
            self.stays.append(self._open[name])
        if kind == ConversationBegun.type and self.since <= at < self.until:
            self.begun += 1
        stay = self._open.get(name)
        if stay is None:
            if self.since <= at < self.until and kind not in {ConversationBegun.type, *_COMES}:
                self.under_way.add(name)
            return
        accepted_in = stay.step(kind, at, state)
        if accepted_in is not None:
            self.accepted_in_ms[state["owner"]].append(accepted_in)
        if stay.ended:
            del self._open[name]
