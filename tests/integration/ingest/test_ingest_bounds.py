"""What ingest refuses: forged, unknown, too large, too slow; each with the provider's own right answer."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest_asyncio
from structlog.testing import capture_logs

from services.ingest.webhooks import NOBODY
from tests.integration.ingest.door import CUSTOMER, TOKEN, Door, Options, door, message
from trunkline.channels.twilio.form import MAX_FIELDS
from trunkline.events import Topic
from trunkline.testing.servers import Valkey
from trunkline.testing.twilio_calls import sign

LIMIT = 262_144


@pytest_asyncio.fixture
async def it(valkey: Valkey, tmp_path: Path) -> AsyncIterator[Door]:
    async with door(valkey.url, tmp_path, Options(body_s=0.3, head_s=0.3)) as opened:
        yield opened


async def _nothing_taken(it: Door) -> None:
    for topic in (Topic.INBOUND, Topic.DELIVERIES, Topic.DEAD_LETTERS):
        assert await it.records(topic) == []


async def _raw(it: Door, *parts: bytes, pause_s: float = 0.0) -> tuple[bytes, float]:
    """Send bytes and read until the server closes; what came, and after how many seconds it closed."""
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", int(it.url.rpartition(":")[2]))
    told = bytearray()
    reading = asyncio.create_task(_listen(reader, told))
    try:
        for part in parts:
            if reading.done():
                break
            with contextlib.suppress(ConnectionError):  # it closed on us: what it said before counts
                writer.write(part)
                await writer.drain()
            await asyncio.wait([reading], timeout=pause_s)
        async with asyncio.timeout(10):
            await reading
        return bytes(told), time.monotonic() - began
    finally:
        writer.close()


async def _listen(reader: asyncio.StreamReader, told: bytearray) -> None:
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(65_536):
            told += part


def _head(length: str, *more: str) -> bytes:
    lines = ("POST /webhooks/sms-main HTTP/1.1", "Host: x", length, *more)
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def test_a_forged_request_is_refused_counted_and_noted(it: Door) -> None:
    with capture_logs() as lines:
        answer = await it.knock(urlencode(message()).encode(), signature="Zm9yZ2Vk")

    assert answer.status == 403
    assert b"signature" not in await answer.read(), "an answer never says what was expected"
    assert it.outcome("rejected") == 1
    [line] = [one for one in lines if one["event"] == "channel_log"]
    assert (line["account"], line["kind"]) == ("sms-main", "rejected")
    await _nothing_taken(it)


async def test_an_unknown_account_is_refused_without_becoming_a_label(it: Door) -> None:
    with capture_logs() as lines:
        for name in ("nobody", "sms-main/more", "x" * 5_000):
            assert (await it.knock(b"", path=f"/webhooks/{name}")).status == 404

    assert it.outcome("unknown-account", account="") == 3
    [line] = [one for one in lines if one["event"] == "channel_log"]
    assert (line["account"], line["kind"]) == (NOBODY, "unknown-account"), "a line a second, however many knock"


async def test_a_body_declared_too_large_is_refused_unread(it: Door) -> None:
    told, seconds = await _raw(it, _head(f"Content-Length: {LIMIT + 1}"))

    assert told.startswith(b"HTTP/1.1 413 "), told
    assert seconds < 5, "the connection is closed instead of waiting for what nobody will read"
    assert it.outcome("too-large") == 1


async def test_a_body_without_declared_length_is_refused_when_it_grows_too_large(it: Door) -> None:
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"

    told, _ = await _raw(it, _head("Transfer-Encoding: chunked"), *([chunk] * 5))

    assert told.startswith(b"HTTP/1.1 413 "), told
    assert it.outcome("too-large") == 1


async def test_a_body_exactly_at_the_limit_is_read(it: Door) -> None:
    assert (await it.knock(b"x" * LIMIT)).status == 403
    assert it.outcome("rejected") == 1


async def test_a_body_that_drips_is_given_up_and_asked_for_again(it: Door) -> None:
    told, seconds = await _raw(it, _head("Content-Length: 1000"), *([b"x"] * 10), pause_s=0.1)

    assert told.startswith(b"HTTP/1.1 503 "), told
    assert seconds < 2
    assert it.outcome("too-slow") == 1


async def test_a_head_that_drips_is_closed(it: Door) -> None:
    told, seconds = await _raw(it, b"POST /webhooks/sms-main HTTP/1.1\r\n", *([b"X: y\r\n"] * 20), pause_s=0.1)

    assert told == b""
    assert 0.2 < seconds < 2


async def test_the_second_head_on_a_connection_has_no_more_time_than_the_first(it: Door) -> None:
    whole = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"

    told, seconds = await _raw(it, whole, *([b"GET / HTTP/1.1\r\n"] + [b"X: y\r\n"] * 20), pause_s=0.1)

    assert told.count(b"HTTP/1.1 404") == 1
    assert seconds < 2


async def test_an_endless_head_is_closed_before_it_fills_the_memory(valkey: Valkey, tmp_path: Path) -> None:
    async with door(valkey.url, tmp_path) as it:
        told, seconds = await _raw(it, b"POST / HTTP/1.1\r\n", *([b"X: " + b"y" * 60_000 + b"\r\n"] * 50), pause_s=0.01)

    assert told == b""
    assert seconds < 5


async def test_ten_thousand_parameters_are_refused_in_a_moment(it: Door) -> None:
    body = "&".join(f"p{number}=1" for number in range(10_000)).encode()
    form = {f"p{number}": "1" for number in range(10_000)}
    began = time.monotonic()

    answer = await it.knock(body, signature=sign(TOKEN, it.webhook, form))

    assert answer.status == 403
    assert time.monotonic() - began < 1
    assert MAX_FIELDS < 10_000
    await _nothing_taken(it)


async def test_a_form_that_two_readers_could_read_differently_is_refused(it: Door) -> None:
    for body in (b"Body=%zz", b"novalue", b"&&", b"=1"):
        assert (await it.knock(body, signature=sign(TOKEN, it.webhook, {}))).status == 403

    assert it.outcome("rejected") == 4
    await _nothing_taken(it)


async def test_who_leaves_in_the_middle_of_a_body_is_counted_as_that(it: Door) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", int(it.url.rpartition(":")[2]))
    writer.write(_head("Content-Length: 1000") + b"x")
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    async with asyncio.timeout(5):
        while it.outcome("disconnected") == 0:
            await asyncio.sleep(0.01)
    assert it.outcome("too-slow") == 0


async def test_the_door_still_opens_after_all_that(it: Door) -> None:
    await _raw(it, _head("Content-Length: 1000"), *([b"x"] * 5), pause_s=0.1)

    assert (await it.provider.customer_writes(CUSTOMER, "Hello")).status == 200
