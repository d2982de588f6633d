"""A transcript read for a desk that begins: nothing that was told before may be missing from it."""

from __future__ import annotations

import asyncio

from services.agents.abreast import abreast, caught_up
from services.agents.hub import Hub
from services.agents.repository import ProjectedRecord, Repository
from trunkline.bus import Partition, Record
from trunkline.events import Header, Topic
from trunkline.messages import DeliveryStatus

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


async def test_a_read_waits_for_what_was_told_of_its_own_conversation_and_for_no_other(
    record: Repository, log: Log
) -> None:
    hub, talk, other = Hub(), Talk(log), Talk(log, contact="+37120000002")
    reply = talk.outbound("Hi")
    await record.projection.apply([talk.opens(), other.opens(), talk.replies(reply)])
    told = talk.sent(reply, "SM1")
    hub.saw(_told(told, talk))

    await asyncio.wait_for(abreast(record, hub, other.id), 0.5)
    waiting = asyncio.create_task(abreast(record, hub, talk.id))
    await asyncio.sleep(0.1)
    assert not waiting.done(), "the outcome was told, and is in no row yet"
    await record.projection.apply([told])
    await asyncio.wait_for(waiting, 5)

    assert hub.fresh_outcome(talk.id) == 0, "the next read need not ask"


async def test_a_read_of_what_is_told_again_meanwhile_is_not_taken_for_the_last(record: Repository, log: Log) -> None:
    hub, talk = Hub(), Talk(log)
    reply = talk.outbound("Hi")
    await record.projection.apply([talk.opens(), talk.replies(reply)])
    sent, delivered = talk.sent(reply, "SM1"), talk.receipt("SM1", DeliveryStatus.DELIVERED)
    hub.saw(_told(sent, talk))
    waiting = asyncio.create_task(abreast(record, hub, talk.id))
    await asyncio.sleep(0.05)

    hub.saw(_told(delivered, talk))
    await record.projection.apply([sent])
    await asyncio.wait_for(waiting, 5)

    assert hub.fresh_outcome(talk.id) == delivered.offset + 1


async def test_a_record_that_is_far_behind_costs_a_reader_a_second(record: Repository, log: Log) -> None:
    hub, talk = Hub(), Talk(log)
    reply = talk.outbound("Hi")
    await record.projection.apply([talk.opens(), talk.replies(reply)])
    hub.saw(_told(talk.sent(reply, "SM1"), talk))

    await asyncio.wait_for(abreast(record, hub, talk.id), 3)


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


def _told(outcome: ProjectedRecord, talk: Talk) -> Record:
    """An outcome as the hub is handed it."""
    place = Partition(Topic.DELIVERIES, outcome.partition)
    return Record(place, outcome.offset, 0, talk.id.encode(), outcome.value, ())


class _Socket:
    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def put(self, frame: bytes) -> None:
        self.frames.append(frame)

    def end(self, code: int, reason: str) -> None:
        raise AssertionError((code, reason))


def _record(topic: Topic, offset: int, headers: dict[str, bytes]) -> Record:
    return Record(Partition(topic, 1), offset, 0, b"1-conversation", b"{}", tuple(headers.items()))
