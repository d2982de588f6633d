"""Many at once: nobody sees a locked database, nothing is half done, and an absent server is waited out."""

from __future__ import annotations

import asyncio
import shutil
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.agents.migrate import migrate
from services.agents.repository import Database, RecordAway, Repository
from services.agents.tables import CONTACTS
from trunkline.events import Topic
from trunkline.testing.servers import Postgres

from .stories import START, Log, Talk

WRITERS, ROUNDS = 8, 20


async def _count_up(database: Database) -> None:
    """Read, then write what was read plus one: what a deferred transaction fails at."""

    async def work(connection: AsyncConnection) -> None:
        query = select(CONTACTS.c.name).where(CONTACTS.c.id == "counter")
        if not database.is_sqlite:
            query = query.with_for_update()
        number = int(await connection.scalar(query) or "0")
        await connection.execute(update(CONTACTS).where(CONTACTS.c.id == "counter").values(name=str(number + 1)))

    await database.write(work)


async def test_concurrent_writers_lose_no_update_and_never_see_a_locked_database(record_url: str) -> None:
    # Two pools on one file stand for two processes: the lock inside the process does not help between them.
    async with Database(record_url) as one, Database(record_url) as two:

        async def begin(connection: AsyncConnection) -> None:
            await connection.execute(insert(CONTACTS).values(id="counter", name="0", created_at=START))

        await one.write(begin)

        async def writer(database: Database) -> None:
            for _ in range(ROUNDS):
                await _count_up(database)

        await asyncio.gather(*(writer((one, two)[number % 2]) for number in range(WRITERS)))

        async with one.read() as connection:
            assert await connection.scalar(select(CONTACTS.c.name)) == str(WRITERS * ROUNDS)


async def test_two_projections_of_different_partitions_share_contacts(record_url: str) -> None:
    log = Log()
    talks = [
        Talk(log, contact=f"+3712000{number % 15:04}", shard=number % 4, display=f"n{number}") for number in range(60)
    ]
    batches = [[talk.opens() for talk in talks if talk.shard == shard] for shard in range(4)]
    async with Repository(record_url) as one, Repository(record_url) as two:
        await asyncio.gather(*((one, two)[number % 2].projection.apply(batch) for number, batch in enumerate(batches)))
        shown = [await one.conversations.transcript(talk.id) for talk in talks]

    assert len({each.conversation.contact for each in shown if each}) == 15
    assert None not in shown


async def test_two_projections_of_one_partition_apply_it_once(record_url: str) -> None:
    log = Log()
    talk = Talk(log)
    reply = talk.outbound("Hi")
    records = [talk.opens(), *(talk.writes(str(number)) for number in range(40)), talk.replies(reply)]
    records += [talk.accepted(reply, 0, 1, "SM1"), talk.sent(reply, "SM1")]
    async with Repository(record_url) as one, Repository(record_url) as two:
        done = await asyncio.gather(
            *(each.projection.apply(records[start:]) for start in (0, 0, 0) for each in (one, two))
        )
        transcript = await one.conversations.transcript(talk.id)

    assert sum(each.applied for each in done) == len(records)
    assert transcript is not None
    assert [message.sequence for message in transcript.messages] == list(range(1, 43))
    assert transcript.messages[-1].status == "sent"


async def test_a_cancelled_write_leaves_nothing_behind(record_url: str) -> None:
    async with Database(record_url) as database:
        reached = asyncio.Event()

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(insert(CONTACTS).values(id="half", name="", created_at=START))
            reached.set()
            await asyncio.Event().wait()

        writing = asyncio.create_task(database.write(work))
        await reached.wait()
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing

        async def whole(connection: AsyncConnection) -> None:
            await connection.execute(insert(CONTACTS).values(id="whole", name="", created_at=START))

        await database.write(whole)
        async with database.read() as connection:
            assert (await connection.execute(select(CONTACTS.c.id))).scalars().all() == ["whole"]


async def test_a_cancelled_bulk_write_keeps_others_out_until_it_has_ended(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    # SQLite's bulk writes run in a thread, which nobody can cancel.
    shutil.copy(migrated_sqlite, tmp_path / "record.db")
    started, may_end = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        connection.execute(insert(CONTACTS).values(id="slow", name="", created_at=START))
        started.set()
        assert may_end.wait(10)

    def quick(connection: Connection) -> list[str]:
        return list(connection.execute(select(CONTACTS.c.id)).scalars())

    async with Database(f"sqlite:///{tmp_path / 'record.db'}") as database:
        first = asyncio.create_task(database.write_bulk(slow))
        await asyncio.to_thread(started.wait, 10)
        first.cancel()
        second = asyncio.create_task(database.write_bulk(quick))
        await asyncio.wait([first, second], timeout=0.2)
        assert not first.done()
        assert not second.done()
        may_end.set()

        with pytest.raises(asyncio.CancelledError):
            await first
        assert await second == ["slow"]


async def test_a_database_that_is_away_is_said_and_nothing_is_lost() -> None:
    async with Repository("postgresql://nobody@127.0.0.1:1/none") as away:
        with pytest.raises(RecordAway):
            await away.projection.apply([Talk(Log()).opens()])
        with pytest.raises(RecordAway):
            await away.projection.positions(Topic.ROUTING)


async def test_a_server_killed_and_started_again_is_waited_out_with_the_same_pool() -> None:
    log = Log()
    talk = Talk(log)
    first, second = talk.opens(), talk.writes("after the fall")
    async with Postgres() as server:
        address = server.database_url(await server.create_database(), driver="asyncpg")
        await migrate(address)
        async with Repository(address) as record:
            await record.projection.apply([first])
            assert await server.kill() != 0
            with pytest.raises(RecordAway):
                await record.projection.apply([second])
            assert "does not answer" in str(await record.ready())

            await server.start()

            assert await record.ready() is None
            await record.projection.apply([first, second])
            assert (await record.projection.positions(Topic.ROUTING))[0].offset == 2
