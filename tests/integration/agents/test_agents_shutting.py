"""A supervisor shuts a queue and opens it again, by the API, on real processes."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.agents.rig import Person, desk, somebody
from tests.integration.agents.test_agents_passing import somebody_new
from trunkline.ids import new_id
from trunkline.testing.deployment import Deployment

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


@asynccontextmanager
async def shut(who: Person, queue: str = "support", **body: Any) -> AsyncIterator[dict[str, Any]]:
    """A queue that is shut meanwhile; what was answered."""
    status, told = await who.call("POST", f"/api/v1/queues/{queue}/shut", key=new_id(), json=body)
    assert status == 200, told
    try:
        yield told
    finally:
        await who.call("POST", f"/api/v1/queues/{queue}/open", key=new_id())


async def automatic(who: Person, conversation: str) -> dict[str, Any]:
    """What was said to this customer without an agent, once it is known to be sent."""
    async with asyncio.timeout(20):
        while True:
            _, told = await who.call("GET", f"/api/v1/conversations/{conversation}")
            found = [one for one in told["messages"] if one["direction"] == "outbound"]
            if found and found[0]["status"] in ("sent", "delivered"):
                assert len(found) == 1
                return dict(found[0])
            await asyncio.sleep(0.05)


async def live(who: Person, queue: str = "support") -> dict[str, Any]:
    """How the queue is shown."""
    _, told = await who.call("GET", "/api/v1/live")
    return next(one for one in told["queues"] if one["name"] == queue)


async def waiting(who: Person, contact: str) -> dict[str, Any]:
    """The conversation of this contact, once the record has it."""
    async with asyncio.timeout(20):
        while True:
            _, told = await who.call("GET", "/api/v1/conversations", params={"search": contact, "status": "queued"})
            if found := told.get("items"):
                return dict(found[0])
            await asyncio.sleep(0.05)


async def test_what_comes_to_a_shut_queue_waits_is_explained_so_and_is_offered_when_it_opens(
    system: Deployment, admin: Person
) -> None:
    async with somebody(system) as person, desk(person) as mine:
        contact = somebody_new()
        until = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
        async with shut(admin, until=until, note="a drill"):
            assert (await system.provider.customer_writes(contact, "Hello")).status == 200
            one = await waiting(admin, contact)
            shown = await live(admin)
            assert (shown["shut"], shown["shut_until"] is not None, shown["unserved"]) == (True, True, 0)
            _, why = await admin.call("GET", f"/api/v1/conversations/{one['id']}/explain")
            assert (why["now"]["shut"], why["now"]["could_be_asked"]) == (True, 0)
            said = await automatic(admin, one["id"])
            assert (said["agent"], said["parts"][0]["text"]) == (None, "We cannot answer now.")
            assert [sent.body for sent in system.provider.sent if sent.to == contact] == ["We cannot answer now."]
            _, told = await admin.call("GET", f"/api/v1/conversations/{one['id']}")
            assert (told["conversation"]["unanswered"], told["conversation"]["replied_at"]) == (1, None), (
                "it is no reply"
            )
            assert "" in {agent["reason"] for agent in why["now"]["agents"]}, "nobody lacks room for it: it is shut"
        while (event := await mine.event("conversation.offered"))["data"]["state"]["contact"] != contact:
            pass
        assert event["subject"] == one["id"]
        assert (await live(admin))["shut"] is False


async def test_a_word_given_twice_is_done_once_and_what_makes_no_sense_is_refused(admin: Person) -> None:
    key = new_id()
    answers = [await admin.call("POST", "/api/v1/queues/sales/shut", key=key, json={}) for _ in range(2)]
    assert [(status, told["repeated"]) for status, told in answers] == [(200, False), (200, True)]
    status, _ = await admin.call("POST", "/api/v1/queues/sales/open", key=new_id())
    assert status == 200

    async def refused(queue: str, verb: str, **body: Any) -> tuple[int, str]:
        status, told = await admin.call("POST", f"/api/v1/queues/{queue}/{verb}", key=new_id(), json=body)
        return status, told["code"]

    long_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    assert await refused("sales", "open") == (409, "gone")
    assert await refused("sales", "shut", until=long_ago) == (409, "past")
    assert (await refused("nowhere", "shut"))[0] == 422
    assert (await refused("nowhere", "open"))[0] == 422
    assert (await refused("sales", "shut", until="2026-01-01T00:00:00"))[0] == 422


async def test_an_agent_shuts_nothing(system: Deployment) -> None:
    async with somebody(system) as person:
        status, _ = await person.call("POST", "/api/v1/queues/sales/shut", key=new_id(), json={})
        assert status == 403


async def operator_says(system: Deployment, *words: str) -> tuple[int, str]:
    """What `trunkline queue …` ends with and prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "trunkline.cli", "queue", *words, env=os.environ | system.environment(),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode()


async def test_an_operator_shuts_and_opens_a_queue_by_the_command_line(system: Deployment, admin: Person) -> None:
    try:
        status, said = await operator_says(system, "shut", "sales", "--until", "2h", "--note", "moving house")
        assert (status, said.startswith("sales is shut until ")) == (0, True), said
        assert (await live(admin, "sales"))["shut_until"] is not None
        status, said = await operator_says(system, "shut", "sales")
        assert (status, said) == (0, "sales is shut until somebody opens it\n")
        shown = await live(admin, "sales")
        assert (shown["shut"], shown["shut_until"]) == (True, None)
    finally:
        status, said = await operator_says(system, "open", "sales")
    assert (status, said) == (0, "sales is open\n")
    assert (await live(admin, "sales"))["shut"] is False


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("open", "sales"), 1, "queue: sales is not shut"),
        (("shut", "nowhere"), 1, "queue: no such queue: nowhere"),
        (("shut", "../agents"), 2, "small letters, digits and dashes"),
        (("shut", "sales", "--until", "noon"), 2, "is no time: write 45m"),
    ],
)
async def test_what_cannot_be_done_to_a_queue_is_said_plainly(
    system: Deployment, words: tuple[str, ...], status: int, says: str
) -> None:
    ended, said = await operator_says(system, *words)
    assert ended == status, said
    assert says in " ".join(said.replace("│", " ").split())
    assert "Traceback" not in said
