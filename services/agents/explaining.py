"""Explaining: from the story of a conversation, the board and the roster to `trunkline.explanation`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from services.agents.reach import reached
from services.agents.repository import Ability, Agent, Conversation, PastEvent, Repository
from trunkline.board import Board, hash_of
from trunkline.due import due_by
from trunkline.events import (
    ConversationOffered,
    ConversationReordered,
    OfferAccepted,
    OfferAutoAccepted,
    OfferDeclined,
    OfferDetails,
    OfferExpired,
    OfferRescinded,
    PassedOver,
    Presence,
    ReorderDetails,
    Status,
    asked_of,
)
from trunkline.explanation import AgentNow, Asked, AskedBeside, Decided, Explanation, MovedToFront, Now, Reason, Wider
from trunkline.moments import moment_if_any, moment_of
from trunkline.requirements import ONLY
from trunkline.standing import Standing, lacking
from trunkline.widening import rungs_of

_MOST_DECISIONS = 50
_AT_ONCE = 100
_OUTCOMES = {
    kind.type: name
    for kind, name in (
        (OfferAccepted, "accepted"), (OfferAutoAccepted, "auto-accepted"), (OfferDeclined, "declined"),
        (OfferExpired, "expired"), (OfferRescinded, "rescinded"),
    )
}  # fmt: skip
_MAKES = {ConversationOffered.type, OfferAutoAccepted.type}
_FIRST = {Standing.NO_QUEUE: Reason.PERMISSION, Standing.NO_SKILL: Reason.SKILL, Standing.NO_LEVEL: Reason.LEVEL}
_RUNGS = 9
"""Where in an agent's line the standings to the rungs begin."""
_UNOWNED = {Status.QUEUED, Status.OFFERED}


async def explain(repository: Repository, board: Board, one: Conversation, *, seen_by: Agent | None) -> Explanation:
    """Why this conversation was offered to whom it was, and why it still waits. BoardClosed or BoardAway.

    `seen_by`: an agent sees how they stand themselves, a supervisor (or None: the operator) how everybody does.
    """
    names = await repository.roster.names()
    events = await repository.history.events(one.id)
    decisions = decided(events, names)
    rules = next((made.reasons.rules for made in decisions if made.reasons), "")
    now = None
    if one.status in _UNOWNED:
        now = await _now(repository, board, one.id, names, events)
        rules = now[1] if now else rules
    version, _, deciders = rules.partition(":")
    only = "" if seen_by is None or seen_by.supervises else seen_by.id
    return Explanation(
        conversation=one.id, version=one.version, status=one.status, configuration=version,
        rules=tuple(name for name in deciders.split(",") if name),
        decisions=decisions, now=_limited(now[0], only) if now else None,
    )  # fmt: skip


def decided(events: Sequence[PastEvent], names: Mapping[str, str]) -> list[Decided]:
    """The offers of a story with their reasons and what became of each, the newest first."""
    made: list[Decided] = []
    for event in events:
        if event.type in _MAKES:
            made.append(_made(event, names))
        elif made and event.type in _OUTCOMES:
            made[-1] = _ended(made[-1], set(asked_of(event.agent)), _OUTCOMES[event.type])
    return made[: -_MOST_DECISIONS - 1 : -1]


def _made(event: PastEvent, names: Mapping[str, str]) -> Decided:
    reasons = OfferDetails.model_validate(event.details) if event.details else None
    best, *others = asked_of(event.agent) or ("",)
    return Decided(
        at=event.at, version=event.version, agent=best, name=names.get(best, best),
        given=event.reason if reasons and not reasons.parts else "",
        asked=Asked.of(reasons.requirement) if reasons else None, reasons=reasons,
        outcome=_OUTCOMES.get(event.type, ""),
        beside=tuple(AskedBeside(agent=other, name=names.get(other, other), outcome="") for other in others),
    )  # fmt: skip


def _ended(made: Decided, agents: set[str], outcome: str) -> Decided:
    """What became of it with these agents, unless that is known already."""
    beside = tuple(
        one.model_copy(update={"outcome": outcome}) if one.agent in agents and not one.outcome else one
        for one in made.beside
    )
    mine = made.agent in agents and not made.outcome
    return made.model_copy(update={"beside": beside, "outcome": outcome if mine else made.outcome})


async def _now(
    repository: Repository, board: Board, conversation: str, names: Mapping[str, str], events: Sequence[PastEvent]
) -> tuple[Now, str] | None:
    """The present moment, and the rules that decided; None if the board has it otherwise than the record by now."""
    _, present = await board.call("present")
    lines: list[list[Any]] = []
    shut = b""
    for first in range(0, max(1, len(present)), _AT_ONCE):
        answer = await board.call("stand", conversation, *present[first : first + _AT_ONCE])
        if answer[0] != b"ok":
            return None
        _, flat, some, clock, shut = answer
        lines += some
    state = hash_of(flat)
    if state["status"] not in _UNOWNED:
        return None
    state["shut"] = shut.decode()
    now = _told(state, lines, int(clock), names, await repository.roster.abilities())
    front = _moved(events, names) if int(state.get("front", 0)) else None
    return now.model_copy(update={"front": front}), state.get("rules", "")


def _moved(events: Sequence[PastEvent], names: Mapping[str, str]) -> MovedToFront | None:
    """By whom it was last moved in its line; None while the record has not heard of it."""
    event = next((event for event in reversed(events) if event.type == ConversationReordered.type), None)
    if event is None:
        return None
    details = ReorderDetails.model_validate(event.details)
    return MovedToFront(at=event.at, by=details.by, name=names.get(details.by, details.by), note=details.note)


def _told(
    state: Mapping[str, str],
    lined: list[list[Any]],
    clock: int,
    names: Mapping[str, str],
    roster: Mapping[str, Ability],
) -> Now:
    requirement, shut = state["requirement"], state["shut"]
    skills = {agent: ability.skills for agent, ability in roster.items()}
    agents = sorted((_agent_now(line, requirement, names, skills, shut=bool(shut)) for line in lined), key=_nearness)
    counts = Counter(agent.reason for agent in agents)
    able, lacks = reached(requirement, ((ability, 1) for ability in roster.values()))
    return Now(
        at=moment_of(clock), asked=Asked.of(requirement),
        waited_s=max(0, clock - int(state["queued_at"])) / 1_000, due_in_s=(int(state["due"]) - clock) / 1_000,
        due_by=due_by(state).name,
        passed_over=PassedOver(**{reason.value: count for reason, count in counts.items() if reason}),
        could_be_asked=0 if shut else counts[Reason.NONE], agents=agents, wider=_wider(state, lined, clock),
        roster_able=able, roster_lacks=lacks, shut=bool(shut), shut_until=moment_if_any(int(shut or 0)),
    )  # fmt: skip


def _agent_now(
    line: list[Any], requirement: str, names: Mapping[str, str], skills: Mapping[str, Mapping[str, int]], *, shut: bool
) -> AgentNow:
    agent, presence, comes, load, capacity, declined, index, draining, turn_at, *_ = line
    name, there = agent.decode(), Presence(presence.decode())
    reason = _FIRST.get(Standing(int(comes)), Reason.NONE)
    if reason is Reason.NONE and there is not Presence.AVAILABLE:
        reason = Reason.PRESENCE
    elif reason is Reason.NONE and int(draining):
        reason = Reason.DRAINING
    elif reason is Reason.NONE and int(declined):
        reason = Reason.DECLINED
    elif reason is Reason.NONE and turn_at:
        reason = Reason.RAMPING
    elif reason is Reason.NONE and not index and not shut:
        reason = Reason.ROOM
    return AgentNow(
        agent=name, name=names.get(name, name), presence=there, reason=reason,
        lacks=_lacks(requirement, skills.get(name, {})), load=int(load), capacity=int(capacity),
        turn_at=moment_if_any(int(turn_at or 0)),
        index=float(index) if index else None,
    )  # fmt: skip


def _lacks(requirement: str, skills: Mapping[str, int]) -> dict[str, int]:
    """Nothing where only another agent is asked for now: that can be given to nobody."""
    return {skill: level for skill, level in lacking(requirement, skills).items() if not skill.startswith(ONLY)}


_ORDER = [
    Reason.NONE, Reason.RAMPING, Reason.ROOM, Reason.DECLINED, Reason.DRAINING, Reason.PRESENCE, Reason.LEVEL,
    Reason.SKILL, Reason.PERMISSION,
]  # fmt: skip


def _nearness(agent: AgentNow) -> tuple[int, int, float, str]:
    return _ORDER.index(agent.reason), len(agent.lacks), agent.index or 0.0, agent.name


def _wider(state: Mapping[str, str], lines: list[list[Any]], clock: int) -> list[Wider]:
    rungs = rungs_of(state.get("ladder", ""))
    here = int(state.get("rung") or 0)
    due = int(state.get("widen_at") or 0)
    found = []
    for number, rung in enumerate(rungs):
        if number > here:
            at = due + rung.after_ms - rungs[here + 1].after_ms - clock if due else None
            found.append(
                Wider(
                    in_s=at / 1_000 if at is not None else None, asked=Asked.of(rung.requirement), tells=rung.tells,
                    would_do=sum(int(line[_RUNGS + number]) == Standing.SATISFIES for line in lines),
                )
            )  # fmt: skip
    return found


def _limited(now: Now, only: str) -> Now:
    return now.model_copy(update={"agents": [agent for agent in now.agents if agent.agent == only]}) if only else now
