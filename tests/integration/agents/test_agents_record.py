"""The record behind the agents service: rows told once whatever dies, kept tidy, compared with the board."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.agents.repository import AgentEdit, ChannelLine, Repository
from services.agents.roster_check import compare, run_comparison
from services.agents.upkeep import run_upkeep, tidy
from services.router.record import Record
from tests.integration.agents.rig import Person, desk, inner, signed_in
from tests.integration.ingest.door import Options, door
from trunkline.board import BoardClosed
from trunkline.events import RETENTION_S, Topic
from trunkline.ids import new_id
from trunkline.internal import Internal
from trunkline.settings import PLACEHOLDER_TOKEN
from trunkline.testing.deployment import ADMIN, Deployment

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


async def _until(true: Callable[[], Awaitable[object]], *, within: float = 15) -> None:
    async with asyncio.timeout(within):
        while not await true():
            await asyncio.sleep(0.05)


async def test_what_ingest_refuses_is_in_the_accounts_channel_log(
    system: Deployment, admin: Person, tmp_path: Path
) -> None:
    assert system.log is not None
    async with door(system.log.url, tmp_path, Options(agents_url=system.desk_url)) as it:
        assert (await it.knock(b"Body=hello", signature="Zm9yZ2Vk")).status == 403
        assert (await it.knock(b"", path="/webhooks/mistyped")).status == 404

        async def lines(account: str) -> list[ChannelLine]:
            status, told = await admin.call("GET", f"/api/v1/channel-log?account={account}")
            assert status == 200
            return [ChannelLine.model_validate(line) for line in told["items"]]

        await _until(lambda: lines("sms-main"))
        await _until(lambda: lines("-"))
        [refused, *_] = await lines("sms-main")
        assert refused.kind == "rejected"
        assert "signature" in refused.reason
        [stranger, *_] = await lines("-")
        assert (stranger.kind, stranger.detail) == ("unknown-account", "mistyped")


async def test_a_death_between_the_rows_and_their_commit_tells_nothing_twice_and_loses_nothing(
    system: Deployment,
) -> None:
    agents = system.services["agents"]
    await agents.stop()
    dying = system.service("agents", extra={"TRUNKLINE_FAILPOINTS": "projection.applied=kill"})
    async with dying:
        dying.spawn()
        for number in range(5):
            assert (await system.provider.customer_writes("+37129999901", f"number {number}")).status == 200
        await dying.ended(status=-9, within=30)
    await agents.start(ready_within=30)

    async with signed_in(system.desk_url, *ADMIN) as admin:

        async def said() -> list[str]:
            _, found = await admin.call("GET", "/api/v1/conversations?text=9999901")
            if not found["items"]:
                return []
            _, whole = await admin.call("GET", f"/api/v1/conversations/{found['items'][0]['id']}")
            return [message["parts"][0]["text"] for message in whole["messages"]]

        async def all_five() -> bool:
            return len(await said()) >= 5

        await _until(all_five)
        assert await said() == [f"number {number}" for number in range(5)]


async def test_routing_hears_of_every_thread_however_many_it_asks_about_at_once(
    system: Deployment, ana: Person
) -> None:
    number = f"+3712{secrets.randbelow(10**7):07d}"
    async with desk(ana):
        body = {"account": "sms-main", "scheme": "tel", "address": number}
        status, begun = await ana.call("POST", "/api/v1/conversations", key=new_id(), json=body)
        assert status == 200, begun
    threads = [f"sms-main|tel:+1555{index:07d}" for index in range(500)]
    threads.insert(250, f"sms-main|tel:{number}")
    async with Internal(system.desk_url, PLACEHOLDER_TOKEN) as internal:
        record = Record(internal)

        async def known() -> list[str]:
            return list(await record.last(threads))

        await _until(known)
        assert await known() == [threads[250]]


async def test_expired_sessions_and_old_leftovers_are_forgotten(system: Deployment, ana: Person) -> None:
    now = datetime.now(UTC)
    async with Repository(system.environment()["TRUNKLINE_DATABASE_URL"]) as repository:
        old, living = secrets.token_hex(16), secrets.token_hex(16)
        for token, ends in ((old, now - timedelta(seconds=1)), (living, now + timedelta(hours=1))):
            await repository.sessions.create(
                token_hash=token, agent=ana.me["id"], now=now - timedelta(hours=12), expires_at=ends
            )

        sessions, _ = await tidy(repository, now=now)

        assert sessions >= 1
        assert await repository.sessions.find(living, now=now) is not None
        assert await repository.sessions.delete(old) is False
        assert RETENTION_S[Topic.ROUTING] >= 86_400


async def test_the_daily_upkeep_waits_out_an_absent_record(system: Deployment, ana: Person) -> None:
    now = datetime.now(UTC)
    async with Repository(system.environment()["TRUNKLINE_DATABASE_URL"]) as repository:
        token, there = secrets.token_hex(16), repository.database.url
        await repository.sessions.create(
            token_hash=token, agent=ana.me["id"], now=now, expires_at=now + timedelta(milliseconds=1)
        )
        repository.database.url = there.set(database="/nowhere/at/all.db")
        keeping = asyncio.create_task(run_upkeep(repository, retry_s=0.01))
        await asyncio.sleep(0.05)
        assert not keeping.done()
        repository.database.url = there

        async def gone() -> bool:
            return not await repository.sessions.delete(token) if not keeping.done() else False

        await _until(gone)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def test_an_edit_the_board_never_heard_of_is_brought_to_it_by_comparison(system: Deployment, ana: Person) -> None:
    async with inner(system) as it, desk(ana) as at_work:
        with contextlib.suppress(BoardClosed):  # the first call of a process learns the board's generation
            await compare(it.board, it.repository)
        assert await compare(it.board, it.repository) == 0
        edit = AgentEdit(capacity=9)  # into the record only, as if the board had been closed just then
        await it.repository.roster.update(ana.me["id"], edit, version=1, now=datetime.now(UTC))

        comparing = asyncio.create_task(run_comparison(it.board, it.repository, every_s=0.05))
        event = await at_work.event("agent.profile-changed")

        assert (event["data"]["state"]["capacity"], event["data"]["state"]["profile"]) == (9, 2)
        comparing.cancel()
        await asyncio.gather(comparing, return_exceptions=True)
        assert await compare(it.board, it.repository) == 0
