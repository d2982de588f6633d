"""Random floors: skills, levels, capacities, paces, shifts, policies, how queues ask, slow acceptances, all by lot."""

from __future__ import annotations

import random
from typing import Any

from trunkline.config.model import Config
from trunkline.config.plain import parse_as
from trunkline.index import PRESETS
from trunkline.simulation.floor import Floor
from trunkline.simulation.scenario import Scenario, scenario

SKILLS = ("lang.en", "lang.lv", "lang.tr", "billing")
QUEUES = ("support", "sales", "senior")
CHANNELS = ("webchat", "email", "voice")

_CONFIG: dict[str, Any] = {"default_queue": "support", "accounts": {}, "rules": ()}


def random_scenario(chance: random.Random, *, hours: float) -> Scenario:
    """One floor, somewhat overloaded or not, small enough to be over soon."""
    floor = Floor.model_validate(
        {
            "hours": hours,
            "starts_at": chance.randrange(24),
            "classes": {f"class-{number}": _customers(chance) for number in range(chance.randint(2, 6))},
            "agents": {f"group-{number}": _group(chance) for number in range(chance.randint(2, 6))},
        }
    )
    return scenario("random", floor, _config(chance))


def with_shifts(chance: random.Random) -> Scenario:
    """An hour on a floor where some go home at its end, and everybody takes long to accept: offers are open then."""
    slow = {"accepts": {"mean_s": 4, "shape": "fixed"}}  # within the shortest offer
    groups = {f"group-{number}": _group(chance) | slow | {"shift": [7, 8 + number // 2 * 4]} for number in range(4)}
    classes = {f"class-{number}": _customers(chance) | {"per_hour": 100} for number in range(3)}
    floor = Floor.model_validate({"hours": 1.05, "starts_at": 7, "classes": classes, "agents": groups})
    return scenario("shifts", floor, _config(chance))


def _config(chance: random.Random) -> Config:
    queues = {name: _queue(chance, name) for name in QUEUES}
    taking = {
        "email": {"interruptible": chance.random() < 0.5, "most": chance.choice([0, 0, 1, 2])},
        "voice": {"exclusive": chance.random() < 0.5},
    }
    skills = {name: {"title": name} for name in SKILLS}
    return Config.model_validate(
        {**_CONFIG, "channels": taking, "queues": queues, "skills": skills, "digest": "random"}
    )


def _queue(chance: random.Random, name: str) -> dict[str, Any]:
    reasons = ("skill", "flexibility", "load", "idle", "turn")
    by_weights = {reason: round(chance.uniform(0.01, 2), 3) for reason in reasons}
    steps = [
        {"after_s": 10, "lower": {"lang.*": chance.randint(0, 3)}},
        {"after_s": 25, "queues": (chance.choice([other for other in QUEUES if other != name]),)},
        {"after_s": 40, "drop": ("billing",), "supervisors": chance.random() < 0.5},
    ]
    return {
        "title": name,
        "target_s": chance.choice([20, 60, 60, 300]),
        "offer_timeout_s": chance.choice([5, 20]),
        "wrap_up_s": chance.choice([0, 0, 15]),
        "policy": chance.choice([*PRESETS, by_weights]),
        **chance.choice([{}, {}, {}, {"offer_to": 2}, {"offer_to": 3}, {"auto_accept": True}]),
        "widening": tuple(chance.sample(steps[:1], chance.randint(0, 1)) + steps[1 : chance.randint(1, 3)]),
    }


def _customers(chance: random.Random) -> dict[str, Any]:
    skills = chance.sample(SKILLS, chance.randint(0, 2))
    return {
        "queue": chance.choice(QUEUES),
        "channel": chance.choice(CHANNELS),
        "requires": {skill: chance.randint(1, 6) for skill in skills},
        "prefers": {skill: chance.randint(1, 3) for skill in chance.sample(SKILLS, chance.randint(0, 1))},
        "priority": chance.choice([None, None, 0, 3]),
        "weight": chance.choice([None, None, 2]),
        "per_hour": chance.choice([60, 120, 200]),
        "handle": {"mean_s": chance.choice([30, 90, 180]), "shape": chance.choice(["exponential", "lognormal"])},
        "patience": chance.choice([None, {"mean_s": 60}, {"mean_s": 30, "shape": "uniform"}]),
    }


def _group(chance: random.Random) -> dict[str, Any]:
    capacity = chance.choice([1, 2, 3])
    return {
        "count": chance.randint(1, 6),
        "skills": {skill: chance.randint(1, 8) for skill in chance.sample(SKILLS, chance.randint(1, 4))},
        "queues": chance.choice([[], [], chance.sample(QUEUES, 2)]),
        "supervises": chance.random() < 0.3,
        "capacity": capacity,
        "speed": chance.choice([0.8, 1.0, 1.3]),
        "pace": [1, 0.85, 0.7][:capacity] if capacity > 1 and chance.random() < 0.5 else [],
        "shift": chance.choice([None, None, None, [chance.randrange(24), chance.randrange(24)]]),
        "accepts": chance.choice([None, None, {"mean_s": 4}, {"mean_s": 2, "shape": "fixed"}]),
    }


def floor_of(text: str) -> Floor:
    """A floor from YAML."""
    return parse_as(text.encode(), Floor)
