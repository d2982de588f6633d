"""Everything that must be true of a board, looked up key by key and said where it is not.

For a board that rests: it is read in many commands. What the board keeps twice (a counter and what it counts, an
ordered set and what puts it in order) is reckoned anew in Python, so a fault of the Lua is not repeated here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from redis.asyncio import Redis

from trunkline.due import due_ms, next_clock, place, promised_ms
from trunkline.events import asked_of
from trunkline.index import Candidate, index, proficiency
from trunkline.requirements import channel_of, policy_of_requirement, prefers_of, queue_of, room_of, skills_of
from trunkline.standing import Standing, standing

_HASHES = ("c", "a", "as", "ap", "n")
_SETS = ("ac", "ad", "cd", "cs", "e")
_MOST_CONSULTED = 3
_LOADS = {"load", "soft", "alone"}
_RANKED = ("f", "w", "since", "target")
_CLOCKS = "clocks"


class Picture:
    """A board as it was read."""

    def __init__(self) -> None:
        self.kinds: dict[str, dict[str, Any]] = defaultdict(dict)
        self.present: set[str] = set()
        self.requirements: set[str] = set()
        self.shut: set[str] = set()
        self.timers: set[str] = set()

    def of(self, kind: str, name: str) -> Any:
        """One key's content; empty where there is none."""
        return self.kinds[kind].get(name) or ({} if kind in (*_HASHES, *_RANKED, _CLOCKS) else set())


async def audit(client: Redis, prefix: str, *, above_capacity: bool = False) -> list[str]:
    """What is wrong with the board under this prefix, a sentence each.

    `above_capacity`: a supervisor's word, a conversation begun or a rebuild may have taken an agent beyond it.
    """
    board = await _read(client, prefix)
    parts = (
        _conversations, _clocks, _words, _owners, _consultations, _quiet, _holdings, _ranks, _counters, _stranded,
    )  # fmt: skip
    problems = [problem for part in parts for problem in part(board)]
    if not above_capacity:
        problems += [
            f"{name} holds {a['load']} of {a['capacity']}"
            for name, a in board.kinds["a"].items()
            if int(a["load"]) > int(a["capacity"])
        ]
    return problems


async def _read(client: Redis, prefix: str) -> Picture:
    redis: Any = client  # its answers are typed for every encoding there could be; ours are bytes
    board = Picture()
    async for raw in redis.scan_iter(match=prefix.replace("[", "\\[") + "*", count=1_000):
        kind, _, name = raw.decode().removeprefix(prefix).partition(":")
        if kind in _HASHES:
            if found := await redis.hgetall(raw):  # what is closed may expire between the two
                board.kinds[kind][name] = {k.decode(): v.decode() for k, v in found.items()}
        elif kind in _SETS:
            board.kinds[kind][name] = {one.decode() for one in await redis.smembers(raw)}
        elif kind == "timers":
            board.timers |= {one.decode() for one in await redis.zrange(raw, 0, -1)}
        elif kind in (*_RANKED, _CLOCKS):
            board.kinds[kind][name] = {one.decode(): at for one, at in await redis.zrange(raw, 0, -1, withscores=True)}
    board.present = {one.decode() for one in await redis.smembers(prefix + "agents")}
    board.requirements = {one.decode() for one in await redis.zrange(prefix + "requirements", 0, -1)}
    board.shut = {one.decode() for one in await redis.hkeys(prefix + "shut")}
    return board


def _conversations(board: Picture) -> Iterator[str]:
    """What waits is in one line, at its place; what does not is in none."""
    for kind in ("w", "since", "target"):
        for requirement, line in board.kinds[kind].items():
            for name, score in line.items():
                c = board.of("c", name)
                if c.get("status") != "queued" or c["requirement"] != requirement:
                    yield f"{name} is {c.get('status')} for {c.get('requirement')} and in {kind}:{requirement}"
                elif score != _place(kind, c):
                    yield f"{name} is at {score} of {kind}:{requirement}, not at {_place(kind, c)}"
    for name, c in board.kinds["c"].items():
        if c["status"] == "queued":
            if any(name not in board.of(kind, c["requirement"]) for kind in ("w", "since", "target")):
                yield f"{name} waits and is in no line of {c['requirement']}"
            if c["requirement"] not in board.requirements:
                yield f"{name} waits for {c['requirement']}, which nobody is looked up for"


def _words(board: Picture) -> Iterator[str]:
    """What somebody who waits is still to be told, will be asked for."""
    for name, c in board.kinds["c"].items():
        if c["status"] == "queued" and c.get("to_say") and f"say|{name}" not in board.timers:
            yield f"{name} is to be told {c['to_say']}, and nothing will ask for it"


def _clocks(board: Picture) -> Iterator[str]:
    """What waits is as urgent as the first of its promises; every open one stands where its next clock ends."""
    running = {}
    for name, c in board.kinds["c"].items():
        if c["status"] == "queued" and int(c["due"]) != due_ms(c):
            yield f"{name} is due at {c['due']}, by its promises at {due_ms(c)}"
        if c["status"] != "closed" and (clock := next_clock(c)):
            running[name] = clock[1]
        if int(c.get("resolve_by", 0)) and (not int(c["unanswered_at"]) or c["status"] == "snoozed"):
            yield f"{name} waits for the customer or a time, and its resolution's clock runs"
    if board.of(_CLOCKS, "") != running:
        yield f"the clocks run to {running}, the board says {board.of(_CLOCKS, '')}"


def _place(kind: str, c: dict[str, str]) -> int:
    return {"w": place(c), "since": int(c["queued_at"]), "target": promised_ms(c)}[kind]


def _owners(board: Picture) -> Iterator[str]:
    """Who waits has no owner, what is offered is offered to somebody, once each, and who declined knows it."""
    for name, c in board.kinds["c"].items():
        asked = asked_of(c["offered_to"])
        if bool(asked) != (c["status"] == "offered") or len(set(asked)) != len(asked):
            yield f"{name} is {c['status']} and offered to {asked}"
        if (declined := board.of("cd", name) & set(asked)) and not c["keeps"]:  # a colleague may ask again
            yield f"{name} is offered to {sorted(declined)}, who declined it"
        if c["owner"] and c["status"] in ("queued", "closed", "snoozed"):
            yield f"{name} is {c['status']} and owned by {c['owner']}"
        for agent in board.of("cd", name):
            if name not in board.of("ad", agent):
                yield f"{name} was declined by {agent}, who does not know"


def _quiet(board: Picture) -> Iterator[str]:
    """Only what an agent has is quiet, and only as far as its channel says."""
    for name, c in board.kinds["c"].items():
        relief, quiet = int(c.get("relief", 0)), room_of(c["requirement"]).quiet
        if int(c.get("quiet_at", 0)) and not c["owner"]:
            yield f"{name} is nobody's and quiet at {c['quiet_at']}"
        if relief and not (quiet and c.get("quiet_at", "0") != "0" and int(c["weight"]) - relief == quiet.weight):
            yield f"{name} weighs {c['weight']} less {relief}, which {quiet} and {c.get('quiet_at')} do not say"


def _consultations(board: Picture) -> Iterator[str]:
    """Who is consulted, both ways, and only beside an owner who works at it; who is in front waits."""
    asked: defaultdict[str, set[str]] = defaultdict(set)
    for name, c in board.kinds["c"].items():
        consulted = asked_of(c.get("consulted", ""))
        for agent in consulted:
            asked[agent].add(name)
        if consulted and (c["status"] not in ("active", "wrapping-up") or not c["owner"]):
            yield f"{name} is {c['status']}, and {consulted} are consulted"
        if c["owner"] in consulted or len(consulted) > len(set(consulted)) or len(consulted) > _MOST_CONSULTED:
            yield f"{name} of {c['owner']} has {consulted} consulted"
        if int(c.get("front", 0)) and c["status"] not in ("queued", "offered"):
            yield f"{name} is {c['status']} and at the front of a line"
    for agent in asked.keys() | board.kinds["cs"].keys():
        if asked[agent] != board.of("cs", agent):
            yield f"{agent} is consulted in {sorted(asked[agent])}, the board says {sorted(board.of('cs', agent))}"


def _holdings(board: Picture) -> Iterator[str]:
    """Who has what, both ways; and loads are the sum of it."""
    held: defaultdict[str, set[str]] = defaultdict(set)
    for name, c in board.kinds["c"].items():
        for agent in {c["owner"], *asked_of(c["offered_to"]), c["keeps"]} - {""}:
            held[agent].add(name)
    for agent, names in board.kinds["ac"].items():
        if names != held[agent]:
            yield f"{agent} holds {sorted(names)}, by the conversations {sorted(held[agent])}"
    for agent in held.keys() - board.kinds["ac"].keys():
        yield f"{agent} holds nothing, by the conversations {sorted(held[agent])}"
    for agent, a in board.kinds["a"].items():
        holds = [board.of("c", name) for name in board.of("ac", agent)]
        kept = {name: int(a[name]) for name in a if name in _LOADS or name.startswith("in:")}
        counted = _loads([c for c in holds if c])
        if any(kept.get(name, 0) != counted[name] for name in kept.keys() | counted.keys()):
            yield f"{agent} has loads of {kept}, and holds {counted}"


def _loads(conversations: list[dict[str, str]]) -> Counter[str]:
    """What an agent's counters should say of these."""
    loads: Counter[str] = Counter()
    for c in conversations:
        room, weight = room_of(c["requirement"]), int(c["weight"]) - int(c.get("relief", 0))
        loads.update({"load": weight, f"in:{channel_of(c['requirement'])}": weight})
        loads.update({"soft": weight} if room.interruptible else {"alone": 1} if room.exclusive else {})
    return loads


def _has_room(a: dict[str, str], requirement: str) -> bool:
    room = room_of(requirement)
    load, soft, of_channel = (int(a.get(name, 0)) for name in ("load", "soft", f"in:{channel_of(requirement)}"))
    taken = load if room.interruptible else load - soft
    if int(a.get("alone", 0)) or "turn_at" in a or (room.most and of_channel + room.weight > room.most):
        return False
    return taken == 0 if room.exclusive else taken + room.weight <= int(a["capacity"])


def _standing(board: Picture, agent: str, requirement: str) -> tuple[Standing, dict[str, int]]:
    known = {name: int(level) for name, level in board.of("as", agent).items()}
    queues = {name.removeprefix("queue:") for name in known if name.startswith("queue:")}
    skills = {name: level for name, level in known.items() if not name.startswith("queue:")}
    return standing(requirement, skills=skills, queues=queues), skills


def _able(board: Picture, agent: str, requirement: str) -> tuple[Standing, dict[str, int]]:
    """As `_standing`, but nobody is offered what waits in a shut queue."""
    comes, skills = _standing(board, agent, requirement)
    return (Standing.NO_QUEUE if queue_of(requirement) in board.shut else comes), skills


def _ranks(board: Picture) -> Iterator[str]:
    """Who is eligible, who of them has room, and in which order: as the agents are, and nobody else."""
    for requirement in board.requirements:
        eligible, free = set(), {}
        for agent in board.present:
            a, (comes, skills) = board.of("a", agent), _able(board, agent, requirement)
            if (requirement in board.of("ap", agent)) != (comes is Standing.SATISFIES):
                yield f"{agent} stands at {comes.name} to {requirement}, the board says otherwise"
            if comes is not Standing.SATISFIES or a["presence"] != "available" or a.get("draining") == "1":
                continue
            eligible.add(agent)
            if _has_room(a, requirement):
                free[agent] = _index(a, skills, requirement)
        if board.of("e", requirement) != eligible:
            yield f"eligible for {requirement}: {sorted(eligible)}, the board says {sorted(board.of('e', requirement))}"
        if board.of("f", requirement) != free:
            yield f"free for {requirement}: {free}, the board says {board.of('f', requirement)}"
    for kind in ("e", "f", "n"):
        for requirement in board.kinds[kind].keys() - board.requirements:
            yield f"{kind}:{requirement} is of a requirement set that was let go"


def _index(a: dict[str, str], skills: dict[str, int], requirement: str) -> float:
    candidate = Candidate(
        load=int(a["load"]), capacity=int(a["capacity"]), idle_since=int(a["idle_since"]),
        assigned_at=int(a["assigned_at"]), flexibility=float(a.get("flexibility", 0)),
    )  # fmt: skip
    skilled = proficiency(skills, skills_of(requirement), prefers_of(requirement))
    return index(policy_of_requirement(requirement), candidate, skilled)


def _counters(board: Picture) -> Iterator[str]:
    for requirement in board.requirements:
        comes = [_standing(board, agent, requirement)[0] for agent in board.present]
        for least in (Standing.NO_SKILL, Standing.NO_LEVEL, Standing.SATISFIES):
            counted = int(board.of("n", requirement).get(str(int(least)), 0))
            if counted != (there := sum(one >= least for one in comes)):
                yield f"{requirement}: {counted} counted at {least.name} or above, there are {there}"


def _stranded(board: Picture) -> Iterator[str]:
    for requirement, line in board.kinds["w"].items():
        for name in line:
            if takers := board.of("f", requirement).keys() - board.of("cd", name):
                yield f"{name} waits while {sorted(takers)} could take it"
