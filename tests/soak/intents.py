"""What an agent does with a conversation, by lot: often two things at once, of which one must lose."""

from __future__ import annotations

import random
import time
from typing import Any

from tests.soak.floor import CAPACITIES, ROUTES
from tests.soak.journal import Fields

_CLOSED = '{"code":"","note":""}'
Intent = tuple[str, Fields]


class Intents:
    """One process's chance."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def of(self, agent: str, state: dict[str, str]) -> list[Intent]:
        """What is asked at once; nothing as often as a person is slow."""
        who: dict[str, Any] = {"agent": agent, "conversation": state["id"]}
        if state["offered_to"] == agent:
            return self._answering(who, int(state["fence"]))
        if state["keeps"] == agent:
            return [self._owned(self._chance.choice(["close", "to_queue"]), who)] if self._chance.random() < 0.2 else []
        if state["owner"] != agent:
            return []
        verbs = self._chance.choices(
            [["reply"], ["close"], ["wrap_up"], ["snooze"], ["to_queue"], ["reply", "close"], ["snooze", "to_queue"],
             [], ["to_agent"], ["close", "to_agent"]],
            weights=[30, 22, 8, 4, 5, 5, 2, 14, 6, 4],
        )[0]  # fmt: skip
        return [self._owned(verb, who) for verb in verbs]

    def _answering(self, who: dict[str, Any], fence: int) -> list[Intent]:
        accept, decline = ("accept", who | {"fence": fence}), ("decline", who | {"fence": fence, "reason": "busy"})
        older: Intent = ("accept", who | {"fence": max(1, fence - 1)})
        choices: list[list[Intent]] = [[accept], [decline], [accept, decline], [decline, accept], [older, accept], []]
        return self._chance.choices(choices, weights=[60, 8, 6, 4, 4, 18])[0]

    def _owned(self, verb: str, who: dict[str, Any]) -> Intent:
        match verb:
            case "reply":
                return "reply", who | {"body": '{"message":{"id":"x"}}'}
            case "close":
                return "close", who | {"body": _CLOSED}
            case "snooze":
                wake_at = int(time.time() * 1_000) + self._chance.randint(-20, 600)
                return "snooze", who | {"wake_at": wake_at, "body": '{"note":""}'}
            case "to_agent":
                return "transfer_to_agent", who | {"to": self._chance.choice(list(CAPACITIES)), "body": "{}"}
            case "to_queue":
                to = self._chance.choice(ROUTES)
                return "transfer_to_queue", who | {
                    "queue": to.queue, "requirement": to.requirement, "weight": to.weight, "limits": to.limits,
                    "ladder": to.ladder, "body": "{}",
                }  # fmt: skip
        return verb, who
