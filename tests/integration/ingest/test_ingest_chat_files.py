"""Attachments of visitors: judged by their bytes, bounded, kept before they are answered, and given out harmless."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.integration.ingest.door import CHAT_SECRET, Door, Options, door
from tests.integration.ingest.test_ingest_chat import SHOP, said, socket
from trunkline.channels.webchat import identity
from trunkline.messages import Media
from trunkline.testing.servers import Valkey

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 50


@pytest.fixture
async def knock(valkey: Valkey, tmp_path: Path) -> AsyncIterator[Door]:
    async with door(valkey.url, tmp_path, Options(chat_more="max_file_bytes: 1000")) as opened:
        yield opened


class Told(NamedTuple):
    """What an upload was answered."""

    status: int
    headers: dict[str, str]
    body: dict[str, str]


def address(knock: Door, file: str, key: str) -> str:
    return f"{knock.url}/chat/chat-main/files/{file}?key={key}"


async def token_of(knock: Door) -> str:
    async with socket(knock) as visitor:
        return str((await visitor.receive_json())["token"])


async def upload(knock: Door, content: bytes, *, token: str, name: str = "a.png", origin: str = SHOP) -> Told:
    headers = {"authorization": f"Bearer {token}", "origin": origin, "content-type": "image/png"}
    url = f"{knock.url}/chat/chat-main/files"
    async with knock.http.post(url, params={"name": name}, data=content, headers=headers) as answer:
        told = {name.title(): value for name, value in answer.headers.items()}
        return Told(answer.status, told, await answer.json())


async def test_a_picture_is_kept_sent_in_a_message_and_given_out_where_no_page_can_run_it(knock: Door) -> None:
    async with socket(knock) as visitor:
        welcome = await visitor.receive_json()
        answer = await upload(knock, PNG, token=welcome["token"], name="../dūmi\n.png")
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (201, SHOP)
        file = answer.body["file"]
        await visitor.send_json({"type": "message", "id": "client-0001", "files": [file]})
        assert (await visitor.receive_json())["type"] == "ack"

    [message] = await said(knock)
    [part] = message.parts
    assert isinstance(part, Media)
    assert (part.content_type, part.name) == ("image/png", "dūmi.png")
    assert part.blob is not None
    assert await knock.blobs.get(part.blob.digest) == PNG

    async with knock.http.get(address(knock, file, welcome["key"])) as given:
        assert (given.status, await given.read()) == (200, PNG)
        assert given.headers["content-type"] == "image/png"
        assert given.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in given.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("content", "kind", "how"),
    [
        (b"%PDF-1.7 ...", "application/pdf", "attachment"),
        (b"Sveiki! <script>alert(1)</script>", "text/plain; charset=utf-8", "attachment"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp", "inline"),
    ],
)
async def test_what_a_file_is_its_bytes_say(knock: Door, content: bytes, kind: str, how: str) -> None:
    async with socket(knock) as visitor:
        welcome = await visitor.receive_json()
    file = (await upload(knock, content, token=welcome["token"], name="x.html")).body["file"]
    async with knock.http.get(address(knock, file, welcome["key"])) as given:
        assert given.headers["content-type"] == kind
        assert given.headers["content-disposition"].startswith(how)


@pytest.mark.parametrize(
    "content", [b"", b"MZ\x90\x00", b"\x7fELF", b"PK\x03\x04\x00", b"\xff\xfeh\x00i\x00", b"a\x00b"]
)
async def test_programs_archives_and_nothing_are_refused(knock: Door, content: bytes) -> None:
    answer = await upload(knock, content, token=await token_of(knock))
    assert (answer.status, answer.body["code"]) == (415, "not-taken")


async def test_too_large_from_elsewhere_without_a_token_and_too_many_are_refused(knock: Door) -> None:
    token = await token_of(knock)
    for answer, status, code in (
        (await upload(knock, PNG + b"0" * 1_000, token=token), 413, "too-large"),
        (await upload(knock, PNG, token=token, origin="https://evil.example"), 403, "origin"),
        (await upload(knock, PNG, token=token[:-1]), 401, "token"),
    ):
        assert (answer.status, answer.body["code"]) == (status, code)
    answers = [await upload(knock, PNG, token=token) for _ in range(12)]
    late = [answer for answer in answers if answer.status == 429]
    assert late
    assert int(late[0].headers["Retry-After"]) > 0


async def test_one_visitors_file_is_not_anothers_to_send_and_a_changed_reference_is_none(knock: Door) -> None:
    file = (await upload(knock, PNG, token=await token_of(knock))).body["file"]
    async with socket(knock) as other:
        key = (await other.receive_json())["key"]
        await other.send_json({"type": "message", "id": "client-0001", "files": [file]})
        refused = await other.receive_json()
    assert (refused["code"], refused["id"]) == ("bad-frame", "client-0001")
    async with knock.http.get(address(knock, f"{file[:-1]}x", key)) as given:
        assert given.status == 404


async def test_an_address_opens_the_file_for_its_visitor_and_for_a_while_and_each_pong_renews_it(knock: Door) -> None:
    async with socket(knock) as visitor, socket(knock) as other:
        welcome, others = await visitor.receive_json(), await other.receive_json()
        file = (await upload(knock, PNG, token=welcome["token"])).body["file"]
        await visitor.send_json({"type": "ping"})
        pong = await visitor.receive_json()
        async with socket(knock, {"token": welcome["token"]}) as again:
            resumed = await again.receive_json()

    contact = identity.read_token(welcome["token"], "chat-main", (CHAT_SECRET,), now=0, days=400)
    assert contact is not None
    hour_ago = identity.file_key(contact, "chat-main", CHAT_SECRET, now=int(time.time()) - 3_600)
    longer = f"{int(welcome['key'].partition('.')[0]) + 1}.{welcome['key'].partition('.')[2]}"
    for key, status in (
        (welcome["key"], 200), (pong["key"], 200), (resumed["key"], 200),
        (others["key"], 403), (hour_ago, 403), (longer, 403), ("", 403), (".", 403), ("9" * 5_000, 403),
    ):  # fmt: skip
        async with knock.http.get(address(knock, file, key)) as given:
            assert given.status == status, key
            assert (await given.read() == PNG) is (status == 200)


async def test_a_browser_may_ask_beforehand_from_the_shops_pages_only(knock: Door) -> None:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    for origin, allowed in ((SHOP, SHOP), ("https://evil.example", None)):
        url = f"{knock.url}/chat/chat-main/files"
        async with knock.http.options(url, headers=asked | {"origin": origin}) as answer:
            assert answer.status == 204
            assert answer.headers.get("access-control-allow-origin") == allowed


@pytest.mark.parametrize(
    "path", ["nobody/files", "sms-main/files", "chat-main", "chat-main/files/x/y", "words.de.json"]
)
async def test_nothing_else_is_there(knock: Door, path: str) -> None:
    async with knock.http.get(f"{knock.url}/chat/{path}") as answer:
        assert answer.status == 404


async def test_the_widget_and_its_words_are_served_packed_to_any_page(knock: Door) -> None:
    for name in ("widget.js", "words.lv.json"):
        async with knock.http.get(f"{knock.url}/chat/{name}", headers={"accept-encoding": "gzip"}) as answer:
            assert answer.headers["content-encoding"] == "gzip"
            assert answer.headers["access-control-allow-origin"] == "*"
            assert len(await answer.read()) > 500
        async with knock.http.get(f"{knock.url}/chat/{name}", headers={"accept-encoding": "identity"}) as answer:
            assert "content-encoding" not in answer.headers
