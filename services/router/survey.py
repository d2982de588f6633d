"""Queue metrics from the board's survey."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from trunkline.board import hash_of
from trunkline.metrics import AGENTS, ELIGIBLE, FREE_ROOM, OLDEST, QUEUE_SHUT, SLACK, UNSERVED, WAITING
from trunkline.requirements import channel_of, queue_of


@dataclass(slots=True)
class _Line:
    waiting: int = 0
    oldest_ms: int = 0
    target_ms: int = 0
    eligible: int = 0
    unserved: int = 0


class Survey:
    """Shows one router's view of the queues; only the owner of shard 0 has one."""

    def __init__(self) -> None:
        self._shown: set[tuple[str, str]] = set()

    def show(self, answer: list[Any]) -> None:
        """Set the gauges; queues that are no more are set to nothing waiting."""
        now = int(answer[2])
        lines: defaultdict[tuple[str, str], _Line] = defaultdict(_Line)
        shut = set(hash_of(answer[7]))
        for raw in answer[1]:
            requirement = raw[0].decode()
            line = lines[queue_of(requirement), channel_of(requirement)]
            _add(line, waiting=int(raw[1]), oldest=raw[2], target=raw[3], eligible=int(raw[4]))
            if int(raw[1]) and not int(raw[4]) and queue_of(requirement) not in shut:
                line.unserved += int(raw[1])
        for labels in self._shown - set(lines):
            lines[labels] = _Line()
        for labels, line in lines.items():
            WAITING.labels(*labels).set(line.waiting)
            OLDEST.labels(*labels).set(max(0, now - line.oldest_ms) / 1_000 if line.oldest_ms else 0)
            SLACK.labels(*labels).set((line.target_ms - now) / 1_000 if line.target_ms else 0)
            ELIGIBLE.labels(*labels).set(line.eligible)
            UNSERVED.labels(*labels).set(line.unserved)
        self._shown = set(lines)
        AGENTS.labels("available").set(int(answer[3]))
        AGENTS.labels("away").set(int(answer[4]))
        AGENTS.labels("draining").set(int(answer[6]))
        FREE_ROOM.set(int(answer[5]))
        QUEUE_SHUT.clear()
        for queue in shut:
            QUEUE_SHUT.labels(queue).set(1)

    def clear(self) -> None:
        """Another router shows them now."""
        for gauge in (WAITING, OLDEST, SLACK, ELIGIBLE, UNSERVED, AGENTS, QUEUE_SHUT):
            gauge.clear()
        FREE_ROOM.set(0)
        self._shown = set()


def _add(line: _Line, *, waiting: int, oldest: bytes, target: bytes, eligible: int) -> None:
    line.waiting += waiting
    line.eligible = max(line.eligible, eligible)
    if oldest:
        line.oldest_ms = min(line.oldest_ms or int(oldest), int(oldest))
    if target:
        line.target_ms = min(line.target_ms or int(target), int(target))
