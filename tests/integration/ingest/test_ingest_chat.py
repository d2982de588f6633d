"""A visitor's socket at ingest's door, over a real log: what is let in, what is refused, and that it says why."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from prometheus_client import REGISTRY

from tests.integration.ingest.door import CHAT_SECRET, Door, Options, door
from trunkline.board.signals import Signals
from trunkline.channels.webchat.identity import customer_signature
from trunkline.events import MessageReceived, Topic, unpack
from trunkline.messages import ContactCard, InboundMessage, Text
from trunkline.testing.servers import Valkey

Frame = dict[str, Any]
SHOP = "https://shop.example"


@asynccontextmanager
async def socket(
    knock: Door, hello: Frame | None = None, *, origin: str = SHOP, account: str = "chat-main"
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A socket that has said hello; its answer is still to be read."""
    url = f"{knock.url}/chat/{account}"
    async with knock.http.ws_connect(url, headers={"origin": origin} if origin else {}) as opened:
        await opened.send_json({"type": "hello"} | (hello or {}))
        yield opened


async def refusal(opened: aiohttp.ClientWebSocketResponse) -> tuple[str, int | None]:
    """The code of the next refusal, and the close code that follows."""
    frame = await opened.receive_json(timeout=10)
    assert frame["type"] == "refused", frame
    assert frame["detail"]
    await opened.receive(timeout=10)
    return frame["code"], opened.close_code


async def said(knock: Door) -> list[InboundMessage]:
    """What visitors said, as it is in the log."""
    events = [unpack(record.value).read() for record in await knock.records(Topic.INBOUND)]
    return [event.message for event in events if isinstance(event, MessageReceived)]


@pytest.fixture
async def knock(valkey: Valkey, tmp_path: Path) -> AsyncIterator[Door]:
    async with door(valkey.url, tmp_path) as opened:
        yield opened


async def test_a_message_is_acknowledged_when_it_is_in_the_log_and_a_repeat_is_the_same_message(knock: Door) -> None:
    async with socket(knock) as visitor:
        await visitor.receive_json()
        for _ in range(2):
            await visitor.send_json({"type": "message", "id": "client-0001", "text": "Hi"})
        acks = [await visitor.receive_json(), await visitor.receive_json()]

        records = await said(knock)
    assert [ack["id"] for ack in acks] == ["client-0001", "client-0001"]
    assert {ack["message"] for ack in acks} == {record.id for record in records}
    assert len({record.id for record in records}) == 1


async def test_the_token_makes_the_next_window_the_same_visitor_and_a_worn_one_a_new_visitor(knock: Door) -> None:
    async with socket(knock) as first:
        welcome = await first.receive_json()
        await first.send_json({"type": "message", "id": "client-0001", "text": "one"})
        await first.receive_json()
    for token in (welcome["token"], welcome["token"][:-1] + "x", "nonsense"):
        async with socket(knock, {"token": token}) as again:
            await again.receive_json()
            await again.send_json({"type": "message", "id": "client-0002", "text": "two"})
            while (await again.receive_json())["type"] != "ack":
                pass
    records = await said(knock)
    threads = [record.thread for record in records]
    assert len(set(threads)) == 3
    [ours] = [record.thread for record in records if record.parts == (Text(text="one"),)]
    assert threads.count(ours) == 2


async def test_a_customer_is_whom_the_shop_signed_and_nobody_else(knock: Door) -> None:
    soon = int(time.time()) + 600
    signed = {"customer": "anna-7", "expires": soon, "signature": customer_signature("anna-7", soon, CHAT_SECRET)}
    async with socket(knock, {"identity": signed}) as anna:
        assert (await anna.receive_json())["customer"] is True
        await anna.send_json({"type": "message", "id": "client-0001", "text": "Hi"})
        while (await anna.receive_json())["type"] != "ack":
            pass
    [record] = await said(knock)
    assert (record.contact.scheme, record.contact.value) == ("customer", "anna-7")

    for forged in (signed | {"customer": "anna-8"}, signed | {"expires": soon + 1}, signed | {"signature": "0" * 64}):
        async with socket(knock, {"identity": forged}) as stranger:
            assert await refusal(stranger) == ("identity-wrong", 4403)
    old = int(time.time()) - 1
    late = {"customer": "anna-7", "expires": old, "signature": customer_signature("anna-7", old, CHAT_SECRET)}
    async with socket(knock, {"identity": late}) as anna:
        assert await refusal(anna) == ("identity-expired", 4403)


async def test_a_customers_token_does_not_speak_for_them_without_the_shops_word(knock: Door) -> None:
    soon = int(time.time()) + 600
    signed = {"customer": "anna-7", "expires": soon, "signature": customer_signature("anna-7", soon, CHAT_SECRET)}
    async with socket(knock, {"identity": signed}) as anna:
        token = (await anna.receive_json())["token"]
    async with socket(knock, {"token": token}) as somebody:
        assert (await somebody.receive_json())["customer"] is False


@pytest.mark.parametrize("origin", ["https://evil.example", "https://shop.example.evil.example", "null"])
async def test_a_page_of_another_origin_is_told_that_it_is_none_of_the_widgets(knock: Door, origin: str) -> None:
    async with socket(knock, origin=origin) as stranger:
        assert await refusal(stranger) == ("origin", 4403)


async def test_an_account_that_is_none_or_of_another_channel_is_no_chat(knock: Door) -> None:
    for account in ("nobody", "sms-main"):
        async with socket(knock, account=account) as stranger:
            assert await refusal(stranger) == ("unknown-account", 4403)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"type": "message", "id": "client-0001", "text": " "}, "bad-frame"),
        ({"type": "message", "id": "client-0001", "text": "x" * 4_001}, "bad-frame"),
        ({"type": "message", "id": "short", "text": "Hi"}, "bad-frame"),
        ({"type": "message", "id": "client-0001", "files": ["e30.0"]}, "bad-frame"),
        ({"type": "email", "id": "client-0001", "address": "nobody"}, "bad-frame"),
        ({"type": "read", "conversation": "1-x"}, "bad-frame"),
        ({"type": "dance"}, "unknown-frame"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_the_reason_and_the_chat_goes_on(
    knock: Door, frame: Frame, code: str
) -> None:
    async with socket(knock) as visitor:
        await visitor.receive_json()
        await visitor.send_json(frame)
        refused = await visitor.receive_json()
        assert (refused["type"], refused["code"]) == ("refused", code)
        assert refused.get("id") == frame.get("id")

        await visitor.send_json({"type": "message", "id": "client-0009", "text": "Hi"})
        assert (await visitor.receive_json())["type"] == "ack"
    assert len(await said(knock)) == 1


@pytest.mark.parametrize(
    "text", ["", "not json", "[1]", '"x"', "{}", '{"a":' * 4_000, '{"type":"ping","x":"' + "y" * 40_000]
)
async def test_what_is_no_frame_at_all_ends_the_socket_with_the_reason(knock: Door, text: str) -> None:
    async with socket(knock) as visitor:
        await visitor.receive_json()
        await visitor.send_str(text)
        code, closed = await refusal(visitor)
    assert code in {"bad-frame", "too-large"}
    assert closed == 1008


async def test_who_says_no_hello_is_told(knock: Door) -> None:
    async with knock.http.ws_connect(f"{knock.url}/chat/chat-main") as silent:
        await silent.send_json({"type": "message", "id": "client-0001", "text": "Hi"})
        assert await refusal(silent) == ("no-hello", 1008)


async def test_who_writes_too_fast_is_told_when_to_go_on_and_nothing_is_lost_of_what_was_taken(
    valkey: Valkey, tmp_path: Path
) -> None:
    async with (
        door(valkey.url, tmp_path, Options(chat_more="messages_per_minute: 60")) as knock,
        socket(knock) as visitor,
    ):
        await visitor.receive_json()
        for turn in range(12):
            await visitor.send_json({"type": "message", "id": f"client-{turn:04}", "text": str(turn)})
        answers = [await visitor.receive_json() for _ in range(12)]
        taken = [one["id"] for one in answers if one["type"] == "ack"]
        late = [one for one in answers if one["type"] == "refused"]

        assert taken == [f"client-{turn:04}" for turn in range(10)]
        assert {one["code"] for one in late} == {"too-fast"}
        assert all(0 < one["retry_after_s"] <= 2 for one in late)
        assert len(await said(knock)) == 10


async def test_too_many_new_visitors_and_too_many_windows_are_told_so(valkey: Valkey, tmp_path: Path) -> None:
    options = Options(chat_more="new_visitors_per_minute: 2")
    async with door(valkey.url, tmp_path, options) as knock, socket(knock) as first, socket(knock) as second:
        token = (await first.receive_json())["token"]
        await second.receive_json()
        async with socket(knock) as third:
            assert await refusal(third) == ("busy", 1008)
        windows = [await knock.http.ws_connect(f"{knock.url}/chat/chat-main") for _ in range(8)]
        told = []
        for window in windows:
            await window.send_json({"type": "hello", "token": token})
            told.append((await window.receive_json())["type"])
        assert told == ["welcome"] * 7 + ["refused"]
        for window in windows:
            await window.close()


async def test_an_absent_log_is_told_and_the_visitor_keeps_the_message(tmp_path: Path) -> None:
    async with Valkey() as log, door(log.url, tmp_path) as knock, socket(knock) as visitor:
        await visitor.receive_json()
        await log.pause()
        await visitor.send_json({"type": "message", "id": "client-0001", "text": "Hi"})
        refused = await visitor.receive_json(timeout=20)
        await log.resume()

        assert (refused["code"], refused["id"]) == ("away", "client-0001")
        assert refused["retry_after_s"] > 0
        await visitor.send_json({"type": "message", "id": "client-0001", "text": "Hi"})
        assert (await visitor.receive_json(timeout=20))["type"] == "ack"


async def test_outside_opening_hours_the_visitor_is_told_and_may_leave_an_address(
    valkey: Valkey, tmp_path: Path
) -> None:
    closed = "hours: {zone: Europe/Riga, week: {mon: [], tue: []}}"
    async with door(valkey.url, tmp_path, Options(chat_more=closed)) as knock, socket(knock) as visitor:
        welcome = await visitor.receive_json()
        assert (welcome["open"], welcome["opens_at"]) == (False, None)
        await visitor.send_json({"type": "email", "id": "client-0001", "address": "anna@example.org"})
        assert (await visitor.receive_json())["type"] == "ack"
        [record] = await said(knock)
    assert record.parts == (ContactCard(name="", emails=("anna@example.org",)),)


async def test_the_visitor_is_told_the_hours_of_the_accounts_calendar(valkey: Valkey, tmp_path: Path) -> None:
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    calendar = f"zone: UTC, week: {{mon: []}}, dates: {{{tomorrow}: ['07:30-08:00']}}"
    more = f"\n    hours: rarely\ncalendars:\n  rarely: {{{calendar}}}"
    async with door(valkey.url, tmp_path, Options(chat_more=more)) as knock, socket(knock) as visitor:
        welcome = await visitor.receive_json()

    assert (welcome["open"], welcome["opens_at"]) == (False, f"{tomorrow}T07:30:00+00:00")


async def test_a_window_that_does_not_read_is_closed_and_holds_up_nobody(knock: Door, valkey: Valkey) -> None:
    async with socket(knock) as slow, socket(knock) as other, Signals(valkey.url, deployment="chat") as signals:
        token, theirs = (await slow.receive_json())["token"], (await other.receive_json())["token"]
        telling = asyncio.create_task(signals.run())
        assert slow._response.connection is not None
        transport = slow._response.connection.transport
        assert transport is not None
        transport.pause_reading()
        thread = thread_of(token)
        frame = orjson.dumps({"type": "typing", "words": "x" * 30_000})
        async with asyncio.timeout(30):
            while windows() == 2:
                for _ in range(50):
                    signals.tell(thread, frame)
                await asyncio.sleep(0.05)
        signals.tell(thread_of(theirs), b'{"type":"typing"}')
        assert (await other.receive_json(timeout=10))["type"] == "typing"
        transport.resume_reading()
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        while not (message := await slow.receive(timeout=10)).type.name.startswith("CLOS"):
            pass
        assert message.data == 1013


def windows() -> float:
    """How many windows are open here, by the metric."""
    return REGISTRY.get_sample_value("trunkline_chat_sockets", {"account": "chat-main"}) or 0.0


def thread_of(token: str) -> str:
    """The thread of a token's visitor."""
    contact = base64.urlsafe_b64decode(token.split(".")[1] + "==").decode()
    return f"chat-main|{contact}"
