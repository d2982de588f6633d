"""Files that agents send: taken within bounds, told by their bytes, and sent by nobody but who uploaded them, there."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import aiohttp
import pytest
import pytest_asyncio

from services.agents.allowance import Allowance
from services.agents.staging import KEPT_S, Staging
from tests.integration.agents.rig import Person, desk, inner, somebody
from trunkline.blobs import Blobs
from trunkline.ids import new_id
from trunkline.testing.deployment import Deployment
from trunkline.testing.visitor import TestVisitor

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

PDF = b"%PDF-1.7 an invoice"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)
SHOP = "https://shop.example"


class Chat(NamedTuple):
    """A visitor, whose conversation the agent owns."""

    conversation: str
    visitor: TestVisitor
    agent: Person


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def chat(system: Deployment) -> AsyncIterator[Chat]:
    """Somebody serves a visitor: a supervisor who took the conversation, so that nobody else may be offered it."""
    async with (
        somebody(system, role="supervisor") as agent,
        desk(agent),
        TestVisitor(system.public_url, origin=SHOP) as visitor,
    ):
        words = f"Hello {new_id()}"
        await visitor.say(words)
        conversation = str(await _until(lambda: _found(agent, words)))
        path = f"/api/v1/conversations/{conversation}"
        assert (await agent.call("POST", f"{path}/assign", key=new_id(), json={}))[0] == 200
        yield Chat(conversation, visitor, agent)
        await agent.call("POST", f"{path}/close", key=new_id(), json={})


async def _found(person: Person, words: str) -> str:
    _, told = await person.call("GET", "/api/v1/conversations", params={"text": words[:100]})
    return str(told["items"][0]["id"]) if told["items"] else ""


async def _until(true: Any, *, within: float = 15) -> Any:
    """What `true` says, once it is something; the projection is a moment behind the log."""
    async with asyncio.timeout(within):
        while not (found := await true()):
            await asyncio.sleep(0.05)
        return found


async def upload(person: Person, conversation: str, content: Any, name: str = "a.pdf", **more: Any) -> Any:
    """Status and what was told."""
    path = f"/api/v1/conversations/{conversation}/files"
    return await person.call("POST", path, params={"name": name}, data=content, **more)


async def reply(chat: Chat, person: Person | None = None, **body: Any) -> tuple[int, dict[str, Any]]:
    """Status and what was told."""
    path = f"/api/v1/conversations/{chat.conversation}/reply"
    return await (person or chat.agent).call("POST", path, key=new_id(), json=body)


async def test_a_file_goes_with_the_reply_to_the_visitor_under_its_name_and_as_what_it_is(chat: Chat) -> None:
    status, kept = await upload(chat.agent, chat.conversation, PDF, name="C:\\rēķins çay.pdf")
    assert (status, kept["name"], kept["content_type"], kept["size"]) == (
        201, "rēķins çay.pdf", "application/pdf", len(PDF)
    )  # fmt: skip

    status, told = await reply(chat, text="Here it is.", files=[kept["file"]])

    assert status == 200, told
    message = await chat.visitor.hears("Here it is.")
    [file] = [part for part in message["parts"] if part["kind"] == "file"]
    assert (file["name"], file["type"], file["size"]) == ("rēķins çay.pdf", "application/pdf", len(PDF))
    async with chat.agent.http.get(chat.visitor.file(file["file"])) as given:
        assert (given.status, await given.read()) == (200, PDF)
        assert given.headers["content-disposition"].startswith("attachment")
        assert "sandbox" in given.headers["content-security-policy"]


async def test_a_file_alone_is_a_reply_and_its_colleagues_read_it_under_its_name(chat: Chat, ben: Person) -> None:
    _, kept = await upload(chat.agent, chat.conversation, b"plain words", name="<b>.html")
    assert kept["content_type"] == "text/plain", "its bytes are no picture: no browser shows it as a page of ours"
    assert (await reply(chat, files=[kept["file"]]))[0] == 200

    async def there() -> Any:
        _, whole = await ben.call("GET", f"/api/v1/conversations/{chat.conversation}")
        parts = [part for message in whole["messages"] for part in message["parts"]]
        return next((part for part in parts if part.get("name") == "<b>.html"), None)

    part = await _until(there)
    url = f"{ben.url}/api/v1/conversations/{chat.conversation}/media/{part['blob']['digest']}"
    async with ben.http.get(url) as given:
        assert (await given.read(), given.headers["content-type"]) == (b"plain words", "application/octet-stream")
        assert given.headers["content-disposition"] == "attachment; filename*=UTF-8''%3Cb%3E.html"
        assert given.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [(b"", 415, "empty"), (b"MZ\x90\x00", 415, "not-taken"), (b"#!/bin/sh\n", 415, "not-taken")],
)
async def test_programs_and_nothing_are_refused(chat: Chat, content: bytes, status: int, code: str) -> None:
    told = await upload(chat.agent, chat.conversation, content)
    assert (told[0], told[1]["code"]) == (status, code)


async def test_what_is_too_large_is_refused_whether_or_not_it_says_so_and_leaves_nothing(
    chat: Chat, system: Deployment
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(1_000_000)

    status, told = await upload(chat.agent, chat.conversation, io.BytesIO(bytes(20_000_001)), expect100=True)
    assert (status, told["code"], told["detail"]) == (413, "too-large", "Too large: at most 20 MB.")
    try:
        status, told = await upload(chat.agent, chat.conversation, endless())
    except aiohttp.ClientOSError:
        pass  # who sends on and on may find the line closed before the answer is read
    else:
        assert (status, told["code"]) == (413, "too-large")
    uploads = system.folder / "uploads"
    async with asyncio.timeout(5):  # until what was begun is gone
        while any(path.stat().st_size > 1_000_000 for path in uploads.glob("**/*") if path.is_file()):
            await asyncio.sleep(0.01)


async def test_who_may_not_see_the_conversation_uploads_nothing_and_a_strangers_page_neither(
    chat: Chat, system: Deployment
) -> None:
    async with somebody(system, queues=["sales"]) as seller:
        assert (await upload(seller, chat.conversation, PDF))[0] == 404
    path = f"{chat.agent.url}/api/v1/conversations/{chat.conversation}/files"
    stranger = aiohttp.ClientSession(cookie_jar=chat.agent.http.cookie_jar)
    async with stranger, stranger.post(path, data=PDF) as told:
        assert told.status == 403


async def test_a_reference_serves_its_agent_in_its_conversation_unchanged(chat: Chat, ben: Person) -> None:
    _, bens = await upload(ben, chat.conversation, PDF)
    _, own = await upload(chat.agent, chat.conversation, PDF)
    for reference in (bens["file"], own["file"][:-1] + ("0" if own["file"][-1] != "0" else "1"), "nonsense"):
        status, told = await reply(chat, text="x", files=[reference])
        assert (status, told["code"]) == (422, "bad-fields"), told


async def test_a_blobs_digest_alone_sends_nothing_unless_the_conversation_has_it(chat: Chat) -> None:
    _, kept = await upload(chat.agent, chat.conversation, b"%PDF- once")
    assert (await reply(chat, text="first", files=[kept["file"]]))[0] == 200

    async def there() -> Any:
        _, whole = await chat.agent.call("GET", f"/api/v1/conversations/{chat.conversation}")
        parts = [part for message in whole["messages"] for part in message["parts"]]
        return next((part for part in parts if part["kind"] == "media" and part["blob"]["size"] == kept["size"]), None)

    media = await _until(there)
    forged = {"kind": "media", "content_type": "image/png", "blob": {"digest": "0" * 64, "size": 3}}
    status, told = await reply(chat, parts=[forged])
    assert (status, told["code"]) == (422, "bad-fields")
    status, told = await reply(chat, parts=[{"kind": "html", "blob": media["blob"]}])
    assert status == 422

    # Once more, as of a reply that failed: what the record says of it counts, not what is claimed.
    again = media | {"content_type": "image/png", "name": "other.png"}
    assert (await reply(chat, parts=[{"kind": "text", "text": "again"}, again]))[0] == 200
    message = await chat.visitor.hears("again")
    [file] = [part for part in message["parts"] if part["kind"] == "file"]
    assert (file["type"], file["name"]) == ("application/pdf", "a.pdf")


async def test_more_files_than_the_channel_takes_are_refused_with_the_number(chat: Chat) -> None:
    _, kept = await upload(chat.agent, chat.conversation, PDF)
    status, told = await reply(chat, text="x", files=[kept["file"]] * 6)
    assert (status, told["detail"]) == (422, "Too many files: at most 5.")


async def test_the_provider_of_text_messages_fetches_the_file_where_the_reply_says(
    chat: Chat, system: Deployment
) -> None:
    customer = f"+3713{new_id()[-7:].translate(str.maketrans('abcdef', '012345'))}"
    assert (await system.provider.customer_writes(customer, "Send me a picture")).status == 200
    conversation = str(await _until(lambda: _found(chat.agent, customer[1:])))
    path = f"/api/v1/conversations/{conversation}"
    assert (await chat.agent.call("POST", f"{path}/assign", key=new_id(), json={}))[0] == 200
    status, told = await upload(chat.agent, conversation, PDF.replace(b"PDF", b"???"), name="a.txt")
    assert (status, told["code"]) == (415, "not-taken")
    _, kept = await upload(chat.agent, conversation, PNG, name="čeks.png")

    assert (await chat.agent.call("POST", f"{path}/reply", key=new_id(), json={"files": [kept["file"]]}))[0] == 200

    async def sent() -> Any:
        return next((one for one in system.provider.sent if one.to == customer), None)

    [url] = (await _until(sent)).media
    async with aiohttp.ClientSession() as provider, provider.get(url) as given:
        assert (given.status, await given.read(), given.content_type) == (200, PNG, "image/png")
    await chat.agent.call("POST", f"{path}/close", key=new_id(), json={})


async def test_the_desk_is_told_beforehand_what_each_channel_takes(ana: Person) -> None:
    _, plan = await ana.call("GET", "/api/v1/queues")
    files = {channel["name"]: channel["files"] for channel in plan["channels"]}
    assert files["email"]["total_bytes"] == 18_000_000
    assert files["webchat"]["max_count"] == 5


async def test_an_agent_uploads_so_many_files_an_hour_and_is_told_when_the_next_may_be(
    chat: Chat, system: Deployment
) -> None:
    async with inner(system, allowance=Allowance(3, 1_000)) as own:
        path = f"{own.url}/api/v1/conversations/{chat.conversation}/files"
        for size, status, detail in (
            (400, 201, ""), (400, 201, ""), (400, 429, "At most 3 files and 0.001 MB of them within an hour."),
            (100, 201, ""), (1, 429, "At most 3 files and 0.001 MB of them within an hour."),
        ):  # fmt: skip
            async with chat.agent.http.post(path, data=PDF.ljust(size)[:size] if size > 1 else b"x") as told:
                assert told.status == status
                if status == 429:
                    assert told.content_type == "application/problem+json"
                    problem = await told.json()
                    assert (problem["code"], problem["detail"]) == ("too-much", detail)
                    assert 3_500 < int(told.headers["retry-after"]) <= 3_600


async def test_an_upload_that_waited_longer_than_a_day_is_gone_and_the_reply_says_so(
    chat: Chat, system: Deployment
) -> None:
    blobs = Blobs(system.folder / "blobs")
    staging = Staging(system.folder / "uploads", blobs)
    _, sent = await upload(chat.agent, chat.conversation, b"%PDF- sent in time")
    _, late = await upload(chat.agent, chat.conversation, b"%PDF- too late", name="late.pdf")
    before = sum(path.is_file() for path in (system.folder / "blobs").glob("*/*"))
    assert (await reply(chat, text="in time", files=[sent["file"]]))[0] == 200
    assert sum(path.is_file() for path in (system.folder / "blobs").glob("*/*")) == before + 1

    assert staging.sweep(now=time.time() + KEPT_S + 60) >= 2

    status, told = await reply(chat, text="late", files=[late["file"]])
    assert (status, told["code"], told["detail"]) == (409, "file-gone", "late.pdf")
    message = await chat.visitor.hears("in time")
    [file] = [part for part in message["parts"] if part["kind"] == "file"]
    async with chat.agent.http.get(chat.visitor.file(file["file"])) as given:
        assert await given.read() == b"%PDF- sent in time"
    # What was sent once may be sent again: it lasts.
    assert (await reply(chat, text="again", files=[sent["file"]]))[0] == 200
