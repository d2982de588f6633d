"""Models and migrations agree, and migrating is safe whoever else does it."""

from __future__ import annotations

import asyncio
import sys

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.agents.migrate import NEWEST, NewerRecord, migrate
from services.agents.migrations.upgrade import is_of_the_models
from services.agents.repository import Database, Filter, RecordAway, Repository
from services.agents.tables import METADATA

from .stories import Log, Talk

_COMPARED = {"compare_type": True, "compare_server_default": True, "include_name": is_of_the_models}


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts=_COMPARED)
    return list(compare_metadata(context, METADATA))


async def test_a_migrated_database_is_what_the_models_say(record_url: str) -> None:
    async with Database(record_url) as database, database.read() as connection:
        assert await connection.run_sync(_differences) == []


def test_the_newest_revision_is_the_one_this_code_asks_for() -> None:
    config = Config()
    config.set_main_option("script_location", "services/agents/migrations")

    assert ScriptDirectory.from_config(config).get_heads() == [NEWEST]


async def test_the_comparison_would_notice_a_missing_column(empty_url: str) -> None:
    await migrate(empty_url)
    async with Database(empty_url) as database:

        async def drop(connection: AsyncConnection) -> None:
            await connection.execute(text("ALTER TABLE channel_log DROP COLUMN detail"))

        await database.write(drop)
        async with database.read() as connection:
            assert await connection.run_sync(_differences) != []


async def test_migrating_twice_changes_nothing(empty_url: str) -> None:
    first = await migrate(empty_url)
    second = await migrate(empty_url)

    assert first == (None, NEWEST)
    assert second == (NEWEST, NEWEST)


@pytest.mark.parametrize("revision", ["0002", "0005"])
async def test_what_was_said_before_the_search_was_there_is_found_after_migrating(
    record_url: str, log: Log, revision: str
) -> None:
    talk = Talk(log)
    async with Repository(record_url) as record:
        await record.projection.apply(
            [talk.opens("In Ķekava itself"), *(talk.writes(f"word{number}") for number in range(1_100))]
        )
        await record.database.write(lambda connection: connection.run_sync(_back_to, revision))

        await migrate(record_url)

        found = [await record.search.page(words, Filter()) for words in ('"in kekava"', "word0", '"word1099"')]
    assert [[hit.conversation.id for hit in page.items] for page in found] == [[talk.id]] * 3


def _back_to(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", "services/agents/migrations")
    config.attributes["connection"] = connection
    command.downgrade(config, revision)


async def test_many_processes_may_migrate_at_once(empty_url: str) -> None:
    command = [sys.executable, "-m", "services.agents.migrate", empty_url]
    started = [
        await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        for _ in range(4)
    ]
    lines = [(await process.communicate())[0].decode() for process in started]

    assert [process.returncode for process in started] == [0] * 4, lines
    assert sum("(was empty)" in line for line in lines) == 1, lines
    async with Database(empty_url) as database, database.read() as connection:
        assert await connection.run_sync(_differences) == []


async def test_a_record_from_a_newer_version_is_refused_and_left_alone(empty_url: str) -> None:
    await migrate(empty_url)
    async with Database(empty_url) as database:

        async def age(connection: AsyncConnection) -> None:
            await connection.execute(text("UPDATE alembic_version SET version_num = 'future'"))

        await database.write(age)

    with pytest.raises(NewerRecord, match="future"):
        await migrate(empty_url)


async def test_readiness_says_that_the_record_is_not_migrated(empty_url: str) -> None:
    async with Repository(empty_url) as repository:
        before = await repository.ready()
        await migrate(empty_url)
        after = await repository.ready()

    assert before is not None
    assert "not migrated" in before
    assert after is None


async def test_a_database_that_is_not_there_is_away_and_not_a_crash() -> None:
    with pytest.raises(RecordAway):
        await migrate("postgresql://nobody@127.0.0.1:1/none")
    async with Repository("sqlite:////nonexistent/folder/record.db") as repository:
        assert "does not answer" in str(await repository.ready())


@pytest.mark.parametrize("address", ["mysql://u:secret@h/d", "sqlite://", "sqlite:///:memory:", "nonsense"])
async def test_an_address_that_cannot_hold_the_record_is_refused_without_telling_its_password(address: str) -> None:
    with pytest.raises(ValueError, match="the record") as refusal:
        await migrate(address)
    assert "secret" not in str(refusal.value)
