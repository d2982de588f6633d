"""A transcript read for a desk that begins: nothing that was told before may be missing from it."""

from __future__ import annotations

import asyncio

from services.agents.hub import Hub
from services.agents.repository import Repository
from services.agents.snapshot import caught_up
from trunkline.bus import Partition, Record
from trunkline.events import Header, Topic

from .stories import Log, Talk


async def test_what_became_of_a_reply_is_waited_for_until_the_record_has_it(record: Repository, log: Log) -> None:
    talk = Talk(log)
    reply = talk.outbound("Hi")
    await record.projection.apply([talk.opens(), talk.replies(reply)])
    told = talk.sent(reply, "SM1")
    waiting = asyncio.create_task(caught_up(record, {told.partition: told.offset + 1}))
    await asyncio.sleep(0.1)
    assert not waiting.done(), "the outcome was told, and is in no row yet"

    await record.projection.apply([told])

    assert await asyncio.wait_for(waiting, 5)


async def test_a_record_that_is_far_behind_keeps_nobody_from_their_desk(record: Repository) -> None:
    assert not await caught_up(record, {0: 5}, patience_s=0.1)
    assert await caught_up(record, {0: 0}), "where nothing was told nothing is waited for"


def test_an_outcome_is_told_to_its_writer_and_to_who_has_the_conversation_now() -> None:
    hub = Hub()
    sockets = {agent: _Socket() for agent in ("writer", "owner", "other")}
    for agent, socket in sockets.items():
        hub.join(agent, socket)
    hub.saw(_record(Topic.ROUTING, 3, {Header.AGENTS: b"owner", Header.VERSION: b"4"}))

    hub.saw(_record(Topic.DELIVERIES, 7, {Header.AGENTS: b"writer"}))
    hub.saw(_record(Topic.DELIVERIES, 8, {}))

    assert {agent: len(socket.frames) for agent, socket in sockets.items()} == {"writer": 1, "owner": 3, "other": 0}
    assert hub.outcomes == {1: 9}


class _Socket:
    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def put(self, frame: bytes) -> None:
        self.frames.append(frame)

    def end(self, code: int, reason: str) -> None:
        raise AssertionError((code, reason))


def _record(topic: Topic, offset: int, headers: dict[str, bytes]) -> Record:
    return Record(Partition(topic, 1), offset, 0, b"1-conversation", b"{}", tuple(headers.items()))
