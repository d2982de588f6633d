"""What agents and supervisors do besides answering, now and then, by lot."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterable

import orjson

from tests.soak.floor import FOR_EVER_MS, LOOSE, QUEUES, RAMPS, SUPERVISOR, profile
from tests.soak.inbound import Inbound
from tests.soak.intents import Intent
from trunkline.events import QueueOpened, QueueShut

_KEPT = 30
Call = tuple[str, ...]


class Occasions:
    """One process's chance, and what it remembers that there is to do."""

    def __init__(self, chance: random.Random, inbound: Inbound) -> None:
        self._chance = chance
        self._inbound = inbound
        self._open: deque[str] = deque(maxlen=_KEPT)
        self._waiting: deque[str] = deque(maxlen=_KEPT)
        self._put_off: deque[Intent] = deque(maxlen=_KEPT)
        self._moves: dict[Callable[[str], Intent | None], int] = {
            self._come_back: 40, self._go_away: 10, self.arrival: 20, self._edit: 5, self._drain: 8, self._undrain: 25,
            self._wake: 25, self._assign: 12, self._begin: 5, self._shut: 3, self._open_again: 6, self._reorder: 25,
        }  # fmt: skip

    # --- what there is to do ------------------------------------------------------------------------------

    def seen(self, states: Iterable[dict[str, str]]) -> None:
        """Conversations that somebody has or waits for."""
        for state in states:
            (self._waiting if state["status"] == "queued" else self._open).append(state["id"])

    def put_off(self, agent: str, conversation: str) -> None:
        """The agent snoozed it."""
        self._put_off.append(("wake", {"agent": agent, "conversation": conversation}))

    # --- what is done -------------------------------------------------------------------------------------

    def move(self, agent: str) -> Intent | None:
        """A move; none on most occasions, nor where there is nothing that it could be made of."""
        if self._chance.random() > sum(self._moves.values()) / 1_000:
            return None
        chosen = self._chance.choices(list(self._moves), weights=list(self._moves.values()))[0]
        return chosen(agent)

    def call(self, agent: str) -> Call | None:
        """The same of what takes no operation id."""
        luck = self._chance.random()
        if luck < 0.006:
            return "leave", agent, "desk", "0"
        if luck < 0.016:
            return "flex", agent, f"{self._chance.uniform(0, 3):.4f}"
        if luck < 0.026:
            return "heartbeat", agent, "desk", str(FOR_EVER_MS)
        if luck < 0.046:
            return "line", self._chance.choice(QUEUES), "2"
        return None

    def arrival(self, agent: str) -> Intent:
        """The agent comes, as the roster has them by now; who is there already only has a newer profile."""
        return "arrive", {
            "profile": self._profile(agent), "presence": "available",
            "draining": self._chance.random() < 0.1, "ramp_up": self._chance.choice(RAMPS),
        }  # fmt: skip

    def _come_back(self, agent: str) -> Intent:
        return "set_presence", {"agent": agent, "presence": "available", "ramp_up": self._chance.choice(RAMPS)}

    def _go_away(self, agent: str) -> Intent:
        return "set_presence", {"agent": agent, "presence": "away"}

    def _edit(self, agent: str) -> Intent:
        return "set_profile", {"profile": self._profile(agent)}

    def _profile(self, agent: str) -> dict[str, object]:
        return profile(agent, time.time_ns() // 1_000_000, self._chance).model_dump()

    def _drain(self, agent: str) -> Intent:
        return "drain", {"agent": agent, "draining": True, "by": self._chance.choice([agent, SUPERVISOR])}

    def _undrain(self, agent: str) -> Intent:
        return "drain", {"agent": agent, "draining": False, "by": SUPERVISOR}

    def _wake(self, _: str) -> Intent | None:
        return self._put_off.pop() if self._put_off else None

    def _assign(self, _: str) -> Intent | None:
        known = [*self._open, *self._waiting]
        if not known:
            return None
        to = self._chance.choice(LOOSE)
        body = orjson.dumps({"by": SUPERVISOR, "to": to, "note": ""}).decode()
        return "assign", {"agent": SUPERVISOR, "conversation": self._chance.choice(known), "to": to, "body": body}

    def _begin(self, _: str) -> Intent:
        return "begin", self._inbound.beginning(self._chance.choice(LOOSE))

    def _shut(self, _: str) -> Intent:
        """Until a time that soon comes or, now and then, until somebody opens it."""
        queue = self._chance.choice(QUEUES)
        lasts = self._chance.choice([0, 50, 200, 600])
        until = int(time.time() * 1_000) + lasts if lasts else 0
        said = QueueShut(queue=queue, by=SUPERVISOR, until=until, note="a drill")
        body = said.model_dump_json(exclude={"version", "operation"})
        return "shut", {"agent": SUPERVISOR, "queue": queue, "until": until, "body": body}

    def _open_again(self, _: str) -> Intent:
        queue = self._chance.choice(QUEUES)
        body = QueueOpened(queue=queue, by=SUPERVISOR).model_dump_json(exclude={"version", "operation"})
        return "unshut", {"agent": SUPERVISOR, "queue": queue, "body": body}

    def _reorder(self, _: str) -> Intent | None:
        if not self._waiting:
            return None
        front = self._chance.random() < 0.7
        body = orjson.dumps({"by": SUPERVISOR, "front": front, "note": ""}).decode()
        which = self._chance.choice(self._waiting)
        return "reorder", {"agent": SUPERVISOR, "conversation": which, "front": front, "body": body}
