"""When waiting work is due, and what it was promised first: two times, apart by the priority's head start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

HEAD_START_S = 60
"""Seconds a conversation is moved forward in the line for each step of its priority (0-10)."""

Promise = Literal["target", "first_reply", "next_reply", "resolution", "window"]

_CLOCKS: Final[Mapping[Promise, str]] = {
    "first_reply": "first_reply_by", "next_reply": "next_reply_by", "resolution": "resolve_by",
}  # fmt: skip
_ENDS: Final[Mapping[Promise, str]] = {**_CLOCKS, "window": "window_by"}


class Ends(NamedTuple):
    """A promise and its moment, in ms."""

    name: Promise
    at_ms: int


def due_in_ms(target_s: int, priority: int) -> int:
    """Milliseconds after queueing at which it is due: target less the priority's head start, which may be past.

    Waiting work is ordered by due time only, so nothing starves: work of priority 0 is overtaken for at most
    its target + 10 × HEAD_START_S by anything that comes later, or whose clock began later; and for the policy's `fit`
    more by what the agent who becomes free is good at.
    """
    return (target_s - priority * HEAD_START_S) * 1_000


def target_ms(state: Mapping[str, str | int]) -> int:
    """When a conversation's target ends: what people are told, for nobody promised the head start."""
    at = int(state.get("target_at") or 0)
    return at or int(state["due"]) + int(state["priority"]) * HEAD_START_S * 1_000


def next_clock(state: Mapping[str, str | int]) -> Ends | None:
    """The first of a conversation's clocks to end; None while none runs."""
    return _first(state, _CLOCKS)


def promised_ms(state: Mapping[str, str | int]) -> int:
    """When the first of all its promises ends: its target, a clock, or what the channel's window leaves."""
    first = _first(state, _ENDS)
    return min(target_ms(state), first.at_ms) if first else target_ms(state)


def due_ms(state: Mapping[str, str | int]) -> int:
    """When it is due, from its promises; as the board reckons it when it is queued."""
    return due_by(state).at_ms


def due_by(state: Mapping[str, str | int]) -> Ends:
    """When it is due, and which of its promises that is."""
    target = Ends("target", target_ms(state) - int(state["priority"]) * HEAD_START_S * 1_000)
    first = _first(state, _ENDS)
    return first if first and first.at_ms < target.at_ms else target


def place(state: Mapping[str, str | int]) -> int:
    """Its place in the line, lowest first: when it is due; before all of these what was moved to the front, the latest
    first."""
    front = int(state.get("front", 0))
    return -front if front else int(state["due"])


def _first(state: Mapping[str, str | int], names: Mapping[Promise, str]) -> Ends | None:
    running = [Ends(name, at) for name, field in names.items() if (at := int(state.get(field) or 0))]
    return min(running, key=lambda ends: ends.at_ms, default=None)
