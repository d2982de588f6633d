"""What an agent does with a conversation, by lot: often two things at once, of which one must lose."""

from __future__ import annotations

import random
import time
from typing import Any

import orjson

from tests.soak.floor import CAPACITIES, LOOSE, ROUTES
from tests.soak.journal import Fields
from trunkline.events import asked_of
from trunkline.route import Route

_CLOSED = '{"code":"","note":""}'
_SLOW = 0.99
"""How often nothing is done with what may fall quiet after our word: so that a second passes now and then."""
_PATIENT = 0.6
"""How often an owner waits for who was asked to look on."""
Intent = tuple[str, Fields]


class Intents:
    """One process's chance."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def of(self, agent: str, state: dict[str, str]) -> list[Intent]:
        """What is asked at once; nothing as often as a person is slow."""
        who: dict[str, Any] = {"agent": agent, "conversation": state["id"]}
        consulted = asked_of(state.get("consulted", ""))
        if agent in asked_of(state["offered_to"]):
            return self._answering(who, int(state["fence"]))
        if state["keeps"] == agent:
            return [self._owned(self._chance.choice(["close", "to_queue"]), who)] if self._chance.random() < 0.2 else []
        if agent in consulted:
            return self._looking_on(who)
        if state["owner"] != agent or self._waits(state, consulted):
            return []
        verbs = self._chance.choices(
            [["reply"], ["close"], ["wrap_up"], ["snooze"], ["to_queue"], ["reply", "close"], ["snooze", "to_queue"],
             [], ["to_agent"], ["close", "to_agent"], ["escalate"], ["consult"], ["consult", "close"],
             ["consult", "to_agent"]],
            weights=[30, 18, 8, 4, 5, 5, 2, 10, 10, 4, 3, 9, 2, 2],
        )[0]  # fmt: skip
        if consulted and self._chance.random() < 0.2:
            return [("end_consult", who | {"of": self._chance.choice(consulted)})]
        return [self._owned(verb, who) for verb in verbs]

    def _waits(self, state: dict[str, str], consulted: tuple[str, ...]) -> bool:
        """For the customer, or for a colleague's advice."""
        if "~" in state["requirement"] and state.get("quiet_at", "0") != "0":
            return self._chance.random() < _SLOW
        return bool(consulted) and self._chance.random() < _PATIENT

    def _answering(self, who: dict[str, Any], fence: int) -> list[Intent]:
        accept, decline = ("accept", who | {"fence": fence}), ("decline", who | {"fence": fence, "reason": "busy"})
        older: Intent = ("accept", who | {"fence": max(1, fence - 1)})
        choices: list[list[Intent]] = [[accept], [decline], [accept, decline], [decline, accept], [older, accept], []]
        return self._chance.choices(choices, weights=[60, 8, 6, 4, 4, 18])[0]

    def _looking_on(self, who: dict[str, Any]) -> list[Intent]:
        """Who is consulted; only whom supervisors may overload takes it over by a supervisor's word."""
        take: Intent = ("take_over", who | {"supervisor": who["agent"] in LOOSE and self._chance.random() < 0.5})
        end: Intent = ("end_consult", who | {"of": who["agent"]})
        choices: list[list[Intent]] = [[take], [end], [take, end], [end, take], []]
        return self._chance.choices(choices, weights=[30, 15, 5, 5, 45])[0]

    def _owned(self, verb: str, who: dict[str, Any]) -> Intent:
        match verb:
            case "reply":
                return "reply", who | {"body": '{"message":{"id":"x"}}'}
            case "close":
                return "close", who | {"body": _CLOSED}
            case "snooze":
                wake_at = int(time.time() * 1_000) + self._chance.randint(-20, 600)
                return "snooze", who | {"wake_at": wake_at, "body": '{"note":""}'}
            case "to_agent" | "consult":
                move = "consult" if verb == "consult" else "transfer_to_agent"
                return move, who | _word(who["agent"], self._chance.choice([*CAPACITIES, *LOOSE * 2]))
            case "to_queue":
                return "transfer_to_queue", who | _moved(self._chance.choice(ROUTES))
            case "escalate":
                harder = max(self._chance.sample(ROUTES, 4), key=lambda route: route.requirement.count(":"))
                return "transfer_to_queue", who | _moved(harder) | {"reason": "escalation"}
        return verb, who


def _word(agent: str, to: str) -> Fields:
    return {"to": to, "body": orjson.dumps({"by": agent, "to": to, "note": ""}).decode()}


def _moved(to: Route) -> Fields:
    return {
        "queue": to.queue, "requirement": to.requirement, "weight": to.weight, "limits": to.limits,
        "ladder": to.ladder, "clocks": to.clocks, "say": to.say, "body": "{}",
    }  # fmt: skip
