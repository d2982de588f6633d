"""What a desk shows beside a conversation, and of the floor: notes, contact, media, drafts, colleagues, queues."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.integration.agents.rig import Person, desk, somebody
from trunkline.ids import new_id
from trunkline.testing.deployment import Deployment

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)


def _customer() -> str:
    return f"+3712{new_id()[-7:].translate(str.maketrans('abcdef', '012345'))}"


async def _until(true: Callable[[], Awaitable[Any]], *, within: float = 15) -> Any:
    """What `true` says, once it is something; the projection is a moment behind the log."""
    async with asyncio.timeout(within):
        while not (found := await true()):
            await asyncio.sleep(0.05)
        return found


async def _conversation(system: Deployment, person: Person, words: str, **more: Any) -> str:
    """A conversation of a new customer, in the record and readable by this person."""
    customer = _customer()
    assert (await system.provider.customer_writes(customer, words, **more)).status == 200

    async def there() -> str:
        _, told = await person.call("GET", f"/api/v1/conversations?text={customer[1:]}")
        return str(told["items"][0]["id"]) if told["items"] else ""

    return str(await _until(there))


async def test_a_note_is_seen_by_colleagues_and_never_reaches_the_customer(
    system: Deployment, admin: Person, ana: Person
) -> None:
    conversation = await _conversation(system, ana, "Hello")
    before, key = len(system.provider.sent), new_id()

    for _ in range(2):
        status, note = await ana.call(
            "POST", f"/api/v1/conversations/{conversation}/notes", key=key, json={"text": "warehouse asked"}
        )
        assert (status, note["agent"]) == (201, ana.me["id"])

    _, told = await admin.call("GET", f"/api/v1/conversations/{conversation}/notes")
    assert [note["text"] for note in told["items"]] == ["warehouse asked"]
    assert len(system.provider.sent) == before


async def test_notes_contact_and_media_are_hidden_from_who_may_not_see_the_conversation(
    system: Deployment, admin: Person
) -> None:
    conversation = await _conversation(system, admin, "Hello")
    async with somebody(system, queues=["sales"]) as seller:
        for part in ("notes", "contact", f"media/{'0' * 64}"):
            assert (await seller.call("GET", f"/api/v1/conversations/{conversation}/{part}"))[0] == 404
        status, _ = await seller.call(
            "POST", f"/api/v1/conversations/{conversation}/notes", key=new_id(), json={"text": "x"}
        )
        assert status == 404


async def test_a_picture_is_shown_as_one_and_anything_else_is_only_saved(system: Deployment, admin: Person) -> None:
    html = b"<script>alert(1)</script>"
    conversation = await _conversation(system, admin, "Look", media=[(PNG, "image/png"), (html, "text/html")])
    _, whole = await admin.call("GET", f"/api/v1/conversations/{conversation}")
    media = {part["content_type"]: part for part in whole["messages"][0]["parts"] if part["kind"] == "media"}
    assert set(media) == {"image/png", "text/html"}, whole["messages"]

    answers = {}
    for kind, part in media.items():
        assert part["blob"], part
        url = f"{system.desk_url}/api/v1/conversations/{conversation}/media/{part['blob']['digest']}"
        async with admin.http.get(url) as response:
            answers[kind] = (await response.read(), dict(response.headers))

    body, headers = answers["image/png"]
    assert (body, headers["Content-Type"], headers["Content-Disposition"]) == (PNG, "image/png", "inline")
    body, headers = answers["text/html"]
    assert body == html
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"] == "attachment"
    assert "sandbox" in headers["Content-Security-Policy"]


async def test_a_picture_of_another_conversation_is_not_given(system: Deployment, admin: Person) -> None:
    with_picture = await _conversation(system, admin, "Look", media=[(PNG + b"2", "image/png")])
    without = await _conversation(system, admin, "Hello")
    _, whole = await admin.call("GET", f"/api/v1/conversations/{with_picture}")
    [digest] = [part["blob"]["digest"] for part in whole["messages"][0]["parts"] if part["kind"] == "media"]

    assert (await admin.call("GET", f"/api/v1/conversations/{without}/media/{digest}"))[0] == 404


async def test_the_contact_comes_with_what_was_before(system: Deployment, admin: Person) -> None:
    conversation = await _conversation(system, admin, "Hello")

    status, panel = await admin.call("GET", f"/api/v1/conversations/{conversation}/contact")

    assert status == 200
    assert [address["scheme"] for address in panel["contact"]["addresses"]] == ["tel"]
    assert panel["earlier"] == []


async def test_a_draft_is_seen_from_another_device_and_by_nobody_else(ana: Person, ben: Person) -> None:
    conversation = f"0-{new_id()}"

    status, _ = await ana.call("PUT", f"/api/v1/drafts/{conversation}", json={"reply": "Dear", "note": ""})

    assert status == 204
    _, mine = await ana.call("GET", "/api/v1/drafts")
    assert [(draft["conversation"], draft["reply"]) for draft in mine["items"]] == [(conversation, "Dear")]
    assert (await ben.call("GET", "/api/v1/drafts"))[1]["items"] == []


async def test_the_floor_shows_who_is_here_and_what_waits_for_skills_nobody_has(
    system: Deployment, admin: Person, ana: Person
) -> None:
    async with desk(ana):
        customer = _customer()
        assert (await system.provider.customer_writes(customer, "Labdien, kur mans?")).status == 200

        async def unserved() -> Any:
            _, told = await admin.call("GET", "/api/v1/live")
            support = next(queue for queue in told["queues"] if queue["name"] == "support")
            return told if support["unserved"] else None

        told = await _until(unserved)

        support = next(queue for queue in told["queues"] if queue["name"] == "support")
        [need] = [need for need in support["needs"] if need["skills"] == {"lang.lv": 1}]
        assert need["eligible"] == 0
        assert need["waiting"] >= 1
        assert need["oldest_s"] >= 0
        [here] = [agent for agent in told["agents"] if agent["id"] == ana.me["id"]]
        assert (here["presence"], here["capacity"]) == ("available", 3)
        _, colleagues = await ana.call("GET", "/api/v1/colleagues")
        by_id = {one["id"]: one for one in colleagues["items"]}
        assert by_id[ana.me["id"]]["presence"] == "available"
        assert by_id[admin.me["id"]]["presence"] == "offline"


async def test_the_running_configuration_is_told_without_secrets(admin: Person) -> None:
    status, told = await admin.call("GET", "/api/v1/configuration")

    assert status == 200
    assert told["queues"]["support"]["target_s"] == 60
    assert [rule["name"] for rule in told["rules"]] == ["latvian", "rush", "given"]
    assert {"name": "sms-main", "channel": "twilio-sms", "queue": "support"} in told["accounts"]
    assert "token" not in str(told)
