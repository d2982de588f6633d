"""Frames for desks: a dense sequence an agent, kept a while for those who come back.

At most 128 frames are kept an agent and 32 MB in all; who was away for longer takes a snapshot. Bytes from the log
are forwarded as they are.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict, deque
from typing import NamedTuple, Protocol, TypeVar

import orjson

from trunkline.bus import Record
from trunkline.events import Header, Topic, asked_of
from trunkline.metrics import FRAMES

KEPT_FRAMES = 128
KEPT_BYTES = 32 * 1024 * 1024
_KEEP_ALONE_S = 120.0
_KNOWN_OWNERS = 100_000
_FRESH_OUTCOMES = 20_000
"""Far more than lie between the log and a record that keeps up."""


T = TypeVar("T")


_CONSULTED = b'"consulted":'
_HANDS = ("owner", "keeps", "last_agent")


class Socket(Protocol):
    """Where an agent's frames go."""

    def put(self, frame: bytes) -> None:
        """Take a frame, without waiting; a socket that cannot keep up closes itself."""
        ...

    def end(self, code: int, reason: str) -> None:
        """Close, with a WebSocket close code."""
        ...


class Joined(NamedTuple):
    """Where a socket's frames begin, and those it missed before; None: they are no longer all kept."""

    sequence: int
    missed: list[bytes] | None


class Stream:
    """One agent's frames in this process."""

    def __init__(self, sequence: int = 0) -> None:
        self.sequence = sequence
        self.kept: deque[tuple[int, bytes]] = deque()
        self.size = 0
        self.sockets: set[Socket] = set()
        self.left_at = time.monotonic()

    def since(self, sequence: int) -> list[bytes] | None:
        """The frames after this one; None if they are no longer all kept."""
        if sequence > self.sequence:
            return None
        missing = self.sequence - sequence
        if missing > len(self.kept):
            return None
        return [frame for number, frame in self.kept if number > sequence]


class Hub:
    """Every stream of this process."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(8)
        """Changes with the process: sequences of another epoch mean nothing here."""
        self._streams: dict[str, Stream] = {}
        self._bytes = 0
        self._highest_gone = 0
        self._concerned: OrderedDict[bytes, str] = OrderedDict()
        self._consulted: OrderedDict[bytes, tuple[str, ...]] = OrderedDict()
        self.outcomes: dict[int, int] = {}
        """By shard, the offset behind the last record of `deliveries` that was told: what lies before it is told no
        more, so who begins now must find it in the record."""
        self._outcome_of: OrderedDict[bytes, int] = OrderedDict()

    def stream(self, agent: str) -> Stream:
        """The agent's stream, begun now if there is none: above all that ended, lest an old place be taken for one
        of the new stream's."""
        if (stream := self._streams.get(agent)) is None:
            stream = self._streams[agent] = Stream(self._highest_gone)
        return stream

    def renew(self, code: int, reason: str) -> None:
        """Events were missed that nobody can give any more: a new epoch, and every desk takes a snapshot."""
        self.epoch = secrets.token_hex(8)
        for socket in self.sockets():
            socket.end(code, reason)
        self._streams.clear()
        self._bytes = 0

    def join(self, agent: str, socket: Socket) -> Stream:
        """Send the agent's frames to this socket too, from now on."""
        stream = self.stream(agent)
        stream.sockets.add(socket)
        return stream

    def part(self, agent: str, socket: Socket) -> None:
        """No longer send there."""
        if (stream := self._streams.get(agent)) is not None:
            stream.sockets.discard(socket)
            stream.left_at = time.monotonic()

    def sockets(self) -> list[Socket]:
        """All sockets."""
        return [socket for stream in self._streams.values() for socket in stream.sockets]

    def close(self, agent: str, code: int, reason: str) -> None:
        """Close all the agent's sockets."""
        for socket in list(self._streams[agent].sockets) if agent in self._streams else ():
            socket.end(code, reason)

    def saw(self, record: Record) -> None:
        """Forward a record to whom it concerns."""
        agents = record.header(Header.AGENTS)
        if record.partition.topic is Topic.ROUTING:
            if agents and record.header(Header.VERSION):
                self._remember(record, agents)
        else:
            self.outcomes[record.partition.number] = record.offset + 1
            _keep(self._outcome_of, record.key, record.offset + 1, most=_FRESH_OUTCOMES)
            # The provider does not know our agents, and a reply's writer may have passed the conversation on.
            agents = ",".join(filter(None, (agents, self._concerned.get(record.key))))
        if not agents:
            return
        for agent in dict.fromkeys(agents.split(",")):
            if (stream := self._streams.get(agent)) is not None:
                self._push(stream, record.value)

    def concerns(self, conversation: str, agent: str) -> bool:
        """Whether the newest event of the conversation that was read here named the agent.

        Who was consulted is concerned no more by the event that ends it, though it is told to them.
        """
        return agent in self._concerned.get(conversation.encode(), "").split(",")

    def answers(self, conversation: str, agent: str) -> bool:
        """Whether it concerns the agent, and not only because they are consulted: the contact may notice them."""
        return self.concerns(conversation, agent) and agent not in self._consulted.get(conversation.encode(), ())

    def fresh_outcome(self, conversation: str) -> int:
        """The offset behind the last outcome that was told of the conversation's replies; 0 if the record has it."""
        return self._outcome_of.get(conversation.encode(), 0)

    def outcome_recorded(self, conversation: str, offset: int) -> None:
        """The record has what was told of it up to this offset."""
        if self.fresh_outcome(conversation) == offset:
            del self._outcome_of[conversation.encode()]

    def tell(self, conversation: str, frame: bytes) -> None:
        """A signal for the desks of those whom the conversation concerns: out of sequence, and kept for nobody."""
        for agent in self._concerned.get(conversation.encode(), "").split(","):
            for socket in self._streams[agent].sockets if agent in self._streams else ():
                socket.put(frame)

    def _remember(self, record: Record, agents: str) -> None:
        self._consulted.pop(record.key, None)
        if _CONSULTED in record.value:  # in states of those few alone in which somebody ever was
            agents, consulted = _parts_taken(record.value, agents)
            if consulted:
                _keep(self._consulted, record.key, consulted, most=_KNOWN_OWNERS)
        _keep(self._concerned, record.key, agents, most=_KNOWN_OWNERS)

    def _push(self, stream: Stream, value: bytes) -> None:
        stream.sequence += 1
        frame = b'{"sequence":%d,"event":%s}' % (stream.sequence, value)
        stream.kept.append((stream.sequence, frame))
        stream.size += len(frame)
        self._bytes += len(frame)
        if len(stream.kept) > KEPT_FRAMES:
            self._drop_first(stream)
        if self._bytes > KEPT_BYTES:
            self._make_room()
        for socket in stream.sockets:
            socket.put(frame)
            FRAMES.inc()

    def _drop_first(self, stream: Stream) -> None:
        _, frame = stream.kept.popleft()
        stream.size -= len(frame)
        self._bytes -= len(frame)

    def _make_room(self) -> None:
        """Whoever keeps most gives its frames up: it will take a snapshot instead."""
        largest = max(self._streams.values(), key=lambda stream: stream.size)
        while largest.kept:
            self._drop_first(largest)

    async def tidy(self, *, keep_s: float = _KEEP_ALONE_S) -> None:
        """Forget the streams of agents who have been gone for two minutes, for ever."""
        while True:
            await asyncio.sleep(keep_s / 2)
            before = time.monotonic() - keep_s
            for agent, stream in list(self._streams.items()):
                if not stream.sockets and stream.left_at < before:
                    self._forget(agent)

    def _forget(self, agent: str) -> None:
        stream = self._streams.pop(agent)
        self._bytes -= stream.size
        self._highest_gone = max(self._highest_gone, stream.sequence + 1)


def _parts_taken(value: bytes, agents: str) -> tuple[str, tuple[str, ...]]:
    """Of the agents an event names, those who have a part in the conversation after it; and who is consulted."""
    state = orjson.loads(value)["data"]["state"]
    consulted = asked_of(state.get("consulted", ""))
    parts = {*consulted, *asked_of(state.get("offered_to", "")), *(state.get(hand, "") for hand in _HANDS)}
    return ",".join(agent for agent in agents.split(",") if agent in parts), consulted


def _keep(known: OrderedDict[bytes, T], conversation: bytes, what: T, *, most: int) -> None:
    """As the newest; the oldest is forgotten where there are more."""
    known[conversation] = what
    known.move_to_end(conversation)
    if len(known) > most:
        known.popitem(last=False)
