"""Which of the agents with room is taken first, and which work by who becomes free: the lowest number wins. Pure.

    index = - skill × proficiency + flexibility × flexibility of the agent + load × load ÷ capacity
            + idle × minutes of the clock when work was last taken or given back + turn × those when it was last taken
    urgency = due - fit × proficiency of the agent, in minutes

Time counts by the clock, not as an age: all who wait age alike, so the order of two agents changes only when one of
them takes or gives back work, and a sorted set can hold it. The formula and the weights of `index` were measured
against longest-idle on graphs of skills not seen before; docs/routing.md says what came of it. The board computes the
same in `board/lua/15_requirement.lua`; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

MINUTE_MS = 60_000
TOP_LEVEL = 10


@dataclass(frozen=True, slots=True)
class Policy:
    """How much each reason counts; 0: not at all."""

    skill: float = 0.0
    """Proficiency: the agent's mean level in what is asked for and preferred, from 0 to 1."""
    flexibility: float = 0.0
    """How much work of other kinds the agent could do instead: keep generalists for it."""
    load: float = 0.0
    """Share of the agent's capacity that is taken."""
    idle: float = 0.0
    """For each minute by which an agent took or gave back work later than another."""
    turn: float = 0.0
    """For each minute by which an agent was given work later than another."""
    fit: float = 0.0
    """Minutes by which waiting work goes ahead of its due time for an agent of full proficiency who becomes free."""

    @property
    def weights(self) -> str:
        """skill:flexibility:load:idle:turn:fit."""
        return ":".join(f"{getattr(self, field.name):.9g}" for field in fields(self))

    @property
    def text(self) -> str:
        """As requirement sets name it: its weights, '' for the default's."""
        return "" if self == DEFAULT else self.weights


PRESETS: Mapping[str, Policy] = {
    "index": Policy(skill=4, flexibility=1, load=4, turn=0.07, fit=4),
    "longest-idle": Policy(idle=1),
    "least-loaded": Policy(load=1, idle=1e-6),
    "best-skilled": Policy(skill=1, load=0.01, idle=1e-6),
    "round-robin": Policy(turn=1),
}
"""Policies by name. The small weights only part those who are equal otherwise."""

DEFAULT = PRESETS["index"]


def policy_of(text: str) -> Policy:
    """The policy that a requirement set names; '' is the default's. Older names lack the last weight."""
    return Policy(*map(float, text.split(":"))) if text else DEFAULT


def name_of(policy: Policy) -> str:
    """What people call a policy: its name, else its weights."""
    return next((name for name, preset in PRESETS.items() if preset == policy), policy.weights)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the index needs to know of an agent. Load and capacity in weights, times in ms since the epoch."""

    load: int
    capacity: int
    idle_since: int
    assigned_at: int
    flexibility: float = 0.0


def proficiency(levels: Mapping[str, int], requires: Mapping[str, int], prefers: Mapping[str, int]) -> float:
    """The mean of an agent's levels in what is asked for (each counts 1) and preferred (its weight), from 0 to 1.

    0 where nothing is asked for: then all are alike.
    """
    weight = len(requires) + sum(prefers.values())
    if not weight:
        return 0.0
    total = sum(levels.get(skill, 0) for skill in requires)
    total += sum(times * levels.get(skill, 0) for skill, times in prefers.items())
    return total / weight / TOP_LEVEL


def parts(policy: Policy, agent: Candidate, skilled: float) -> dict[str, float]:
    """The index of an agent, by what it adds up from."""
    return {
        "skill": -policy.skill * skilled,
        "flexibility": policy.flexibility * agent.flexibility,
        "load": policy.load * agent.load / agent.capacity,
        "idle": policy.idle * agent.idle_since / MINUTE_MS,
        "turn": policy.turn * agent.assigned_at / MINUTE_MS,
    }


def urgency(policy: Policy, due_ms: int, skilled: float) -> float:
    """When waiting work is due (ms) as an agent with this proficiency sees it: the lowest is taken first."""
    return due_ms - policy.fit * MINUTE_MS * skilled


def index(policy: Policy, agent: Candidate, skilled: float) -> float:
    """The index of an agent with this proficiency: the lowest is taken first."""
    found = parts(policy, agent, skilled)
    # In this order, which the board's Lua keeps: what hangs on skill last, for it alone differs by requirement set.
    return found["skill"] + (found["flexibility"] + found["load"] + found["idle"] + found["turn"])
