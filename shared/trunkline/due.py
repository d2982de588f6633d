"""When waiting work is due, and when its first answer was promised: two times, apart by the priority's head start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HEAD_START_S = 60
"""Seconds a conversation is moved forward in the line for each step of its priority (0-10)."""


def due_in_ms(target_s: int, priority: int) -> int:
    """Milliseconds after queueing at which it is due: target less the priority's head start, which may be past.

    Waiting work is ordered by due time only, so nothing starves: work of priority 0 is overtaken for at most
    its target + 10 × HEAD_START_S by anything that comes later.
    """
    return (target_s - priority * HEAD_START_S) * 1_000


def target_ms(due_ms: int, priority: int) -> int:
    """When its target ends, from when it is due: what people are told, for nobody promised the head start."""
    return due_ms + priority * HEAD_START_S * 1_000


def place(state: Mapping[str, Any]) -> int:
    """Its place in the line, lowest first: when it is due; before all of these what was moved to the front, the latest
    first."""
    front = int(state.get("front", 0))
    return -front if front else int(state["due"])
