"""Random skill graphs: who can do what, and how fast, by lot. What a router may know of speed is the level alone."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any

from trunkline.config.model import Config
from trunkline.simulation.floor import Floor
from trunkline.simulation.scenario import Scenario, scenario

_HANDLE_S = 300.0
_LEVEL_OF_SPEED = 5
"""Level of an agent of mean speed: levels 1 to 10 tell speeds of 0.2 to 2, in steps of 0.2."""


@dataclass(frozen=True)
class Kind:
    """One sort of floor."""

    agents: int
    skills: int
    load: float
    """Work that comes ÷ work that all can do."""
    patience_s: float
    spread: float = 0.3
    """Of the agents' speeds, log-normal; 0: all are equally fast."""
    pace: tuple[float, ...] = ()
    """How fast each of 1, 2, 3, … conversations goes; none: one at a time."""


KINDS = {
    "s1": Kind(agents=60, skills=10, load=0.95, patience_s=180),
    "s5": Kind(agents=60, skills=10, load=0.75, patience_s=180),
    "s4": Kind(agents=24, skills=8, load=0.92, patience_s=120, pace=(1, 1.7 / 2, 2.2 / 3, 2.5 / 4)),
    "equal_speeds": Kind(agents=60, skills=10, load=0.95, patience_s=180, spread=0),
}


def graph(name: str, seed: int, policy: str, *, arrivals: int) -> Scenario:
    """The graph of this kind and seed under a policy, with about so many conversations after the warm-up."""
    kind = KINDS[name]
    chance = random.Random(f"{name}/{seed}")
    shares = [chance.uniform(0.5, 1.5) for _ in range(kind.skills)]
    groups = {f"agent-{number}": _agent(kind, chance, number) for number in range(kind.agents)}
    room = kind.agents * (len(kind.pace) * kind.pace[-1] if kind.pace else 1)
    per_hour = kind.load * room / _HANDLE_S * 3_600
    classes = {
        f"class-{skill}": {
            "queue": "q",
            "requires": {f"skill-{skill}": 1},
            "per_hour": per_hour * share / sum(shares),
            "handle": {"mean_s": _HANDLE_S},
            "patience": {"mean_s": kind.patience_s},
        }
        for skill, share in enumerate(shares)
    }
    floor = {"hours": arrivals / per_hour + 2, "warm_up_h": 2, "classes": classes, "agents": groups}
    queue = {"title": "q", "policy": policy, "offer_timeout_s": 600, "wrap_up_s": 0}
    config = Config.model_validate({"default_queue": "q", "queues": {"q": queue}, "digest": ""})
    return scenario(policy, Floor.model_validate(floor), config)


def _agent(kind: Kind, chance: random.Random, number: int) -> dict[str, Any]:
    """One to four skills; the first ones go round, so that each skill has its people."""
    others = [skill for skill in range(kind.skills) if skill != number % kind.skills]
    has = [number % kind.skills, *chance.sample(others, chance.randint(0, 3))]
    speeds = {skill: math.exp(chance.gauss(0, kind.spread) - kind.spread**2 / 2) for skill in has}
    levels = {skill: min(10, max(1, round(speed * _LEVEL_OF_SPEED))) for skill, speed in speeds.items()}
    return {
        "count": 1,
        "skills": {f"skill-{skill}": level for skill, level in levels.items()},
        "speeds": {f"class-{skill}": speed for skill, speed in speeds.items()},
        "capacity": len(kind.pace) or 1,
        "pace": kind.pace,
    }
