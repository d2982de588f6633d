"""What a soak must have seen made, and made to happen: without each of these it proves nothing of it. Pure."""

from __future__ import annotations

from collections import Counter

from tests.soak.journal import Fields, Told

MOVES = frozenset({
    "receive", "prefer", "undeliver", "refuse", "accept", "decline", "reply", "transfer_to_agent",
    "transfer_to_queue", "transfer_to_queue (escalation)", "wrap_up", "close", "snooze", "wake", "assign", "begin",
    "consult", "end_consult (by the owner)", "end_consult (by who was asked)", "take_over", "take_over (supervisor)",
    "reorder (front)", "reorder (back)", "shut (until a time)", "shut (until opened)", "unshut", "arrive",
    "set_presence (available)", "set_presence (away)", "set_profile", "drain", "drain (ended)",
    "leave", "heartbeat", "flex", "shown", "say", "recount", "spare", "sweep", "tick",
})  # fmt: skip
"""Verbs that were answered with `ok`, where need be with what makes two of one."""

EVENTS = frozenset({
    "conversation.opened", "conversation.reopened", "conversation.widened", "conversation.woken",
    "conversation.quieted", "conversation.told", "conversation.closed", "offer.expired", "offer.rescinded",
    "offer.auto-accepted", "agent.left", "queue.opened",
})  # fmt: skip
"""What timers, or other moves, make happen."""


def moves_of(told: Told) -> Counter[str]:
    """How often each was made, by one journal."""
    made = told.did.copy()
    for name, (code, *_) in told.answered.items():
        if code in {"ok", "refused"}:
            made[_named(*told.asked[name])] += 1
    return made


def never(moves: Counter[str], events: Counter[str]) -> list[str]:
    """What was not seen."""
    return sorted(MOVES - moves.keys()) + sorted(EVENTS - events.keys())


def _named(verb: str, fields: Fields) -> str:
    match verb:
        case "receive":
            return str(fields["move"][0])
        case "transfer_to_queue" if "reason" in fields:
            return f"{verb} ({fields['reason']})"
        case "end_consult":
            return f"{verb} (by {'who was asked' if fields['of'] == fields['agent'] else 'the owner'})"
        case "take_over" if fields["supervisor"]:
            return f"{verb} (supervisor)"
        case "reorder":
            return f"{verb} ({'front' if fields['front'] else 'back'})"
        case "shut":
            return f"{verb} ({'until a time' if fields['until'] else 'until opened'})"
        case "set_presence":
            return f"{verb} ({fields['presence']})"
        case "drain" if not fields["draining"]:
            return f"{verb} (ended)"
    return verb
