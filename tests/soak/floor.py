"""Who is there and what is asked for: small enough that everybody meets everybody, with every kind of room."""

from __future__ import annotations

import random
from typing import Any

from trunkline.events import Profile, asked_of
from trunkline.ids import shard_of
from trunkline.requirements import Quiet, Room, channel_of, requirement_id, room_of
from trunkline.route import Route

SHARDS = 8
DEPLOYMENT = "soak"
TERM = "1"
FOR_EVER_MS = 10**10

_SKILLS = ("lang.tr", "lang.lv", "vip")
_CHANCE = random.Random("the floor of the soak")

CAPACITIES = {f"agent-{number:02}": 1 + number % 4 for number in range(20)}
"""Every agent's, and it never changes."""
LOOSE = ("agent-03", "agent-11")
"""Whom supervisors give work to and who begin their own, both of which may exceed the capacity. Nobody else ever."""
STRICT = frozenset(CAPACITIES) - frozenset(LOOSE)

_ROOMS = {
    "sms": (Room(1), Room(2), Room(2, quiet=Quiet(1, 1))),
    "email": (Room(1, interruptible=True),),
    "voice": (Room(1, exclusive=True),),
    "chat": (Room(1, most=2), Room(1, most=2, quiet=Quiet(1))),
}
MOST = {"chat": 2}
"""Most of a channel that one agent may have."""

QUEUES = ("support", "sales")
SUPERVISOR = "sue"
RAMPS = ("", "", "1000:1200")
"""How who comes back ramps up: not at all, or for a second with 50 ms between two offers."""

# offer:again:wrap-up:reopen in ms, most missed offers, how many are asked: all of it happens within seconds.
_LIMITS = (
    "600:300:200:86400000:3", "900:500:300:86400000:3", "300:300:200:0:3", "600:300:200:86400000:3:0",
    "400:300:200:86400000:3:2",
)  # fmt: skip
_CLOCKS = ("", "", "800:600:3000:0:0:", "2000:0:0:5000:500:")


def _route(queue: str) -> Route:
    channel = _CHANCE.choice(list(_ROOMS))
    room = _CHANCE.choice(_ROOMS[channel])
    needs = {skill: _CHANCE.randint(1, 6) for skill in _CHANCE.sample(_SKILLS, _CHANCE.choice([0, 1, 1, 2]))}
    first = requirement_id(queue, channel, room, needs)
    wider = requirement_id(queue, channel, room, {}, also=["sales" if queue == "support" else "support"])
    says = _CHANCE.choice(["", ">overflow"])
    ladder = f"0>{first} {_CHANCE.choice([100, 400])}>{wider}{says}" if _CHANCE.random() < 0.5 else ""
    priority, due = _CHANCE.randint(0, 3), _CHANCE.choice([5_000, 60_000])
    return Route(
        queue, first, room.weight, priority, due, _CHANCE.choice(_LIMITS), ladder,
        clocks=_CHANCE.choice(_CLOCKS), say=_CHANCE.choice(["", "queued"]),
    )  # fmt: skip


ROUTES = [_route(_CHANCE.choice(["support", "support", "sales"])) for _ in range(24)]
"""What is asked for: a few dozen requirement sets."""

THREADS = {
    shard: [name for number in range(400) if shard_of(name := f"sms-main|tel:+{number}", SHARDS) == shard]
    for shard in range(SHARDS)
}
"""Each shard's customers, who write again and again."""


def profile(agent: str, version: int, chance: random.Random) -> Profile:
    """The agent as the roster has them at this version: the skills change, the capacity does not."""
    skills = {skill: chance.randint(1, 9) for skill in chance.sample(_SKILLS, chance.randint(0, 3))}
    queues = chance.choice([("*",), ("*",), ("support",), ("sales",)])
    return Profile(agent=agent, name=agent, version=version, capacity=CAPACITIES[agent], skills=skills, queues=queues)


def holdings_wrong(agent: str, states: list[dict[str, Any]]) -> list[str]:
    """What is wrong with all that concerns an agent, read by one script: counted here, not by the board's counters."""
    held = [state for state in states if agent in {state["owner"], state["keeps"], *asked_of(state["offered_to"])}]
    wrong = [
        f"{agent} holds {state['id']}, which says {state['status']} {state['owner']}/{state['offered_to']}"
        for state in states
        if state not in held and agent not in asked_of(state.get("consulted", ""))
    ]
    if agent in STRICT:
        wrong += [f"{agent} is above capacity: {text}" for text in _too_much(agent, held)]
    return wrong


def _weight(state: dict[str, Any]) -> int:
    """What it may have been taken for: work that falls quiet weighs in full again when its customer writes, even where
    that is more than there is room for."""
    quiet = room_of(state["requirement"]).quiet
    return int(state["weight"]) if quiet is None else quiet.weight


def _too_much(agent: str, states: list[dict[str, Any]]) -> list[str]:
    """What gives way counts for itself: it may fill the capacity, and other work may fill it once more."""
    rooms = [(channel_of(state["requirement"]), room_of(state["requirement"]), _weight(state)) for state in states]
    soft = sum(weight for _, room, weight in rooms if room.interruptible)
    hard = sum(weight for *_, weight in rooms) - soft
    found = [f"{load} of {CAPACITIES[agent]}" for load in (soft, hard) if load > CAPACITIES[agent]]
    if hard > 1 and any(room.exclusive for _, room, _ in rooms):
        found.append(f"{hard} beside work that wants the agent alone")
    for channel, most in MOST.items():
        if (of := sum(weight for name, _, weight in rooms if name == channel)) > most:
            found.append(f"{of} of {channel}, where {most} are the most")
    return found
