"""What all shards of one router share, and the exceptions by which they tell each other how things stand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.router.record import Record
from trunkline.blobs import Blobs
from trunkline.board import Board
from trunkline.bus import Bus, Partition
from trunkline.channels.base import Channel
from trunkline.config.model import Config
from trunkline.config.rules import RuleEngine
from trunkline.events import Topic
from trunkline.language import Heard


class NotYet(Exception):
    """The board is not open, or somebody else is busy with it: wait and look again."""


class Fenced(Exception):
    """A higher term holds this shard now: stop working on it."""


class Stale(Exception):
    """The board is not the one the log was written from: it must be rebuilt."""


def why_not(code: bytes, *, shard: int, last: str) -> Exception:
    """What to raise where the board refuses an owner its outbox: Fenced, Stale or NotYet. `last`: the witness."""
    match code:
        case b"fenced":
            return Fenced(f"shard {shard}")
        case b"lost":
            return Stale(f"shard {shard}: outbox entry {last} is gone")
        case _:
            return NotYet(code.decode())


@dataclass(slots=True)
class Rules:
    """The configuration in use and its compiled rules, replaced together."""

    config: Config
    engine: RuleEngine

    @property
    def read_history(self) -> bool:
        """Does any rule, or a queue's last agent, ask what the board may have forgotten?"""
        return any("history." in rule.when or "contact.language" in rule.when for rule in self.config.rules) or any(
            queue.sticky_s for queue in self.config.queues.values()
        )

    def wants_history(self, heard: Heard) -> bool:
        """Must a message that may begin a conversation be told what was before it? Its language may hang on that."""
        return self.read_history or (self.config.language is not None and not heard.firm)


@dataclass(frozen=True, slots=True)
class Core:
    """The router's parts."""

    member: str
    board: Board
    bus: Bus
    blobs: Blobs
    record: Record
    rules: Callable[[], Rules]
    channels: Mapping[str, Channel] = field(default_factory=dict)
    """Those installed, by type."""

    def routing(self, shard: int) -> Partition:
        """The shard's partition of `routing-events`."""
        return Partition(Topic.ROUTING, shard)

    def inbound(self, shard: int) -> Partition:
        """The shard's partition of `inbound`."""
        return Partition(Topic.INBOUND, shard)


async def until_one_fails(*parts: Coroutine[Any, Any, None]) -> None:
    """Run them together; the first failure ends all and is raised."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
