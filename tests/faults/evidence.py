"""What a run left behind: the log as its readers see it, the board, the record, the provider's and the agents' sides.

Gathered when all is quiet; `checker` judges it. Nothing here asks a service: the log is read through the bus (stale
terms dropped), the board's keys and the record's rows as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from services.agents.repository import Repository
from trunkline.board import Keys
from trunkline.bus import Bus, Partition, Position, Record
from trunkline.connections import redis_client
from trunkline.events import DeadLetter, Header, MessageReceived, Status, Taken, Topic, asked_of


@dataclass(frozen=True, slots=True)
class Accepted:
    """A customer's message that was answered 200: ours to keep from then on."""

    id: str
    customer: str
    number: int
    """The customer's own count: the order it was written in."""


@dataclass(frozen=True, slots=True)
class Action:
    """An agent's action that was answered for good."""

    operation: str
    verb: str
    agent: str
    conversation: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """An accepted record of the log."""

    shard: int
    offset: int
    type: str
    id: str
    subject: str
    at_ms: int
    version: int = 0
    operation: str = ""
    message: str = ""
    """Id of the customer's message it applied."""
    generation: str = ""
    state: Mapping[str, Any] | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BoardSide:
    """The board's keys of the generation in force."""

    generation: str = ""
    conversations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    holdings: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Agent → conversations that use the agent's capacity."""
    loads: Mapping[str, int] = field(default_factory=dict)
    waiting: Mapping[str, str] = field(default_factory=dict)
    """Conversation → the requirement set it waits in."""


@dataclass(frozen=True, slots=True)
class RecordSide:
    """A conversation as the record has it."""

    version: int
    status: str
    owner: str
    messages: tuple[str, ...]
    """Ids in their order."""
    unsent: frozenset[str] = frozenset()
    """Our own messages that have no status."""


@dataclass(slots=True)
class Evidence:
    """All sides of a run."""

    accepted: list[Accepted] = field(default_factory=list)
    acknowledged: list[Action] = field(default_factory=list)
    """Answered `done`."""
    refused: list[Action] = field(default_factory=list)
    frames: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    """Agent → the events its sockets showed."""
    sent: list[str] = field(default_factory=list)
    """Bodies the provider took, in the order it took them."""
    inbound: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    """Shard → (offset, message id)."""
    routing: dict[int, list[Told]] = field(default_factory=dict)
    deliveries: list[Told] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)
    """Sources of dead letters: topic/partition/offset."""
    dropped: list[str] = field(default_factory=list)
    """Records that every reader drops, void `taken` left out: written by an owner who had already been replaced."""
    board: BoardSide = field(default_factory=BoardSide)
    record: dict[str, RecordSide] = field(default_factory=dict)
    unreachable: frozenset[str] = frozenset()
    """Contacts whose replies the provider refuses for good."""

    def story(self) -> dict[str, list[Told]]:
        """Each conversation's events, in the order of the log."""
        found: dict[str, list[Told]] = {}
        for told in self.routing.values():
            for one in told:
                if one.version:
                    found.setdefault(one.subject, []).append(one)
        return found


def bodies(sent: Iterable[Any]) -> list[str]:
    """What the provider took."""
    return [one.body for one in sent]


async def read_log(bus: Bus, into: Evidence) -> None:
    """All four topics, as every reader sees them."""
    for shard in range(bus.shards):
        into.inbound[shard] = [
            (record.offset, orjson.loads(record.value)["data"]["message"]["id"])
            for record in await _all(bus, Partition(Topic.INBOUND, shard))
            if record.type == MessageReceived.type
        ]
        into.routing[shard] = [_told(record) for record in await _all(bus, Partition(Topic.ROUTING, shard), into)]
        into.deliveries += [_told(record) for record in await _all(bus, Partition(Topic.DELIVERIES, shard), into)]
        for record in await _all(bus, Partition(Topic.DEAD_LETTERS, shard)):
            into.dead.add(DeadLetter.model_validate(orjson.loads(record.value)["data"]).source)


async def _all(bus: Bus, partition: Partition, into: Evidence | None = None) -> list[Record]:
    """The partition's accepted records; what is not accepted is noted in `into`."""
    bounds = await bus.bounds(partition)
    start = Position(bounds.first)
    accepted = [record async for page in bus.read(partition, start, end=bounds.next) for record in page]
    if into is not None and len(accepted) < bounds.next - bounds.first:
        offsets = {record.offset for record in accepted}
        everything = await bus.tail(partition, bounds.next - bounds.first, before=bounds.next)
        into.dropped += [
            f"{partition.topic}/{partition.number}/{record.offset} {record.type} of term {record.term}"
            for record in everything
            if record.offset not in offsets and record.type != Taken.type
        ]
    return accepted


def _told(record: Record) -> Told:
    envelope = orjson.loads(record.value)
    data = envelope["data"]
    return Told(
        shard=record.partition.number,
        offset=record.offset,
        type=record.type,
        id=envelope["id"],
        subject=envelope.get("subject", ""),
        at_ms=_ms(envelope["time"]),
        version=int(record.header(Header.VERSION) or 0),
        operation=record.header(Header.OPERATION) or "",
        message=record.header(Header.MESSAGE) or "",
        generation=record.header(Header.GENERATION) or "",
        state=data.get("state"),
        data=data,
    )


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1_000)


async def read_board(url: str, deployment: str) -> BoardSide:
    """The keys of the generation in force."""
    keys = Keys(deployment)
    client = redis_client(url, timeout_s=5.0)
    try:
        generation = (await client.get(keys.generation) or b"").decode()
        prefix = keys.under(generation)

        async def scan(part: str) -> dict[str, bytes]:
            pattern = f"{prefix}{part}:*"
            return {key.decode()[len(pattern) - 1 :]: key async for key in client.scan_iter(match=pattern, count=1_000)}

        conversations = {name: _text(await client.hgetall(key)) for name, key in (await scan("c")).items()}
        holdings = {name: await client.smembers(key) for name, key in (await scan("ac")).items()}
        loads = {name: int(await client.hget(key, "load") or 0) for name, key in (await scan("a")).items()}
        waiting = {
            member.decode(): requirement
            for requirement, key in (await scan("w")).items()
            for member in await client.zrange(key, 0, -1)
        }
    finally:
        await client.aclose()
    held = {name: frozenset(one.decode() for one in members) for name, members in holdings.items()}
    return BoardSide(generation, conversations, held, loads, waiting)


def _text(raw: Mapping[bytes, bytes]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in raw.items()}


async def read_record(database_url: str, conversations: Iterable[str]) -> dict[str, RecordSide]:
    """The record's view of these conversations; what it does not have is left out."""
    found: dict[str, RecordSide] = {}
    async with Repository(database_url) as repository:
        for name in conversations:
            whole = await repository.conversations.transcript(name)
            if whole is None:
                continue
            one, messages = whole.conversation, list(whole.messages)
            while not whole.complete:
                earlier = await repository.conversations.transcript(name, before=messages[0].sequence)
                assert earlier is not None
                whole, messages = earlier, [*earlier.messages, *messages]
            ids = tuple(message.id for message in messages)
            unsent = {each.id for each in messages if each.direction == "outbound" and each.status is None}
            found[name] = RecordSide(one.version, one.status.value, one.owner, ids, frozenset(unsent))
    return found


def holders(state: Mapping[str, Any] | None) -> dict[str, int]:
    """Who holds room for a conversation in this state, and how much: its owner, and whom it is offered to."""
    if state is None or state["status"] in {Status.CLOSED, Status.QUEUED}:
        return {}
    names = {state["owner"]}
    if state["status"] == Status.OFFERED:
        names.update(asked_of(state["offered_to"]))
    return {name: int(state["weight"]) - int(state.get("relief", 0)) for name in names if name}
