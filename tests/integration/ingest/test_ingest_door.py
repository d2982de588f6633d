"""What ingest takes: in the log before success is said, under the same id whenever it comes again."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest_asyncio

from tests.integration.ingest.door import CUSTOMER, SENDER, SID, TOKEN, Door, Options, door, message
from trunkline.events import (
    MessageReceived,
    PreferenceReceived,
    ReceiptReceived,
    Topic,
    unpack,
)
from trunkline.ids import message_id, new_conversation_id, new_id, shard_of
from trunkline.messages import DeliveryStatus, Text
from trunkline.testing.servers import Valkey
from trunkline.testing.twilio_calls import sign
from trunkline.testing.twilio_rules import Sent

THREAD = f"sms-main|tel:{CUSTOMER}"


@pytest_asyncio.fixture
async def it(valkey: Valkey, tmp_path: Path) -> AsyncIterator[Door]:
    async with door(valkey.url, tmp_path) as opened:
        yield opened


def _sent(it: Door, query: str) -> Sent:
    return Sent("SM" + "1" * 32, SID, CUSTOMER, SENDER, "hi", (), f"{it.webhook}?{query}", "", 0.0)


async def test_success_means_that_the_message_is_in_the_log(it: Door) -> None:
    answer = await it.provider.customer_writes(CUSTOMER, "Where is my parcel?", sid="SM1")

    assert (answer.status, answer.body, answer.content_type) == (200, b"<Response/>", "text/xml")
    [record] = await it.records(Topic.INBOUND)
    assert record.partition.number == shard_of(THREAD, it.bus.shards)
    assert record.key == THREAD.encode()
    event = unpack(record.value).read()
    assert isinstance(event, MessageReceived)
    assert event.message.id == message_id("sms-main", "SM1")
    assert event.message.parts == (Text(text="Where is my parcel?"),)
    assert it.outcome("accepted") == 1


async def test_a_message_that_comes_again_has_the_same_id(it: Door) -> None:
    for _ in range(2):
        assert (await it.provider.customer_writes(CUSTOMER, "Hello", sid="SM7")).status == 200

    first, second = await it.records(Topic.INBOUND)
    assert unpack(first.value).id == unpack(second.value).id


async def test_the_callers_trace_goes_on_in_header_and_envelope(it: Door) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    assert (await it.signed(message(), traceparent=trace)).status == 200

    [record] = await it.records(Topic.INBOUND)
    carried = record.header("traceparent") or ""
    assert carried[:36] == trace[:36]
    assert carried[36:52] != trace[36:52], "our own part of the trace has an id of its own"
    assert unpack(record.value).traceparent == carried


async def test_a_broken_trace_is_replaced_by_a_new_one(it: Door) -> None:
    assert (await it.signed(message(), traceparent="00-" + "Z" * 32 + "-" + "b" * 16 + "-01")).status == 200

    [record] = await it.records(Topic.INBOUND)
    assert "Z" not in (record.header("traceparent") or "Z")


async def test_behind_a_proxy_the_signature_is_over_the_public_address(valkey: Valkey, tmp_path: Path) -> None:
    async with door(valkey.url, tmp_path, Options(public_url="https://sms.example.org")) as it:
        assert (await it.provider.customer_writes(CUSTOMER, "Hello")).status == 200
        form = message()
        inner = sign(TOKEN, f"{it.url}/webhooks/sms-main", form)
        refused = await it.knock(urlencode(form).encode(), signature=inner)

        assert refused.status == 403, "signed over the address behind the proxy, which no provider knows"
        assert len(await it.records(Topic.INBOUND)) == 1


# --- receipts and preferences ----------------------------------------------------------------------------------


async def test_a_receipt_goes_to_deliveries_of_the_conversations_shard(it: Door) -> None:
    for shard in range(it.bus.shards):
        conversation, reply = new_conversation_id(shard), new_id()
        query = f"message={reply}&conversation={conversation}&part=1"

        assert (await it.provider.tell(_sent(it, query), "delivered")).status == 200

        record = (await it.records(Topic.DELIVERIES))[-1]
        event = unpack(record.value).read()
        assert isinstance(event, ReceiptReceived)
        assert record.partition.number == shard
        assert record.key == conversation.encode()
        assert (event.message, event.part, event.status) == (reply, 1, DeliveryStatus.DELIVERED)


async def test_a_receipt_that_names_no_conversation_of_ours_always_goes_to_one_shard(it: Door) -> None:
    for conversation in ("", "99-" + "a" * 32, "nonsense"):
        assert (await it.provider.tell(_sent(it, f"conversation={conversation}"), "sent")).status == 200

    assert len({record.partition.number for record in await it.records(Topic.DELIVERIES)}) == 1


async def test_stop_is_a_message_and_a_preference_in_one_thread(it: Door) -> None:
    assert (await it.provider.customer_writes(CUSTOMER, "STOP", sid="SM9")).status == 200

    said, preference = [unpack(record.value).read() for record in await it.records(Topic.INBOUND)]
    assert isinstance(said, MessageReceived)
    assert isinstance(preference, PreferenceReceived)
    assert preference.opted_out
    assert preference.thread == said.message.thread == THREAD
    assert {record.partition.number for record in await it.records(Topic.INBOUND)} == {shard_of(THREAD, 3)}


async def test_start_takes_a_stop_back_and_a_repeat_has_the_same_id(it: Door) -> None:
    for _ in range(2):
        assert (await it.provider.customer_writes(CUSTOMER, "START", sid="SM10")).status == 200

    records = [unpack(record.value) for record in await it.records(Topic.INBOUND)]
    preferences = [one for one in records if isinstance(one.read(), PreferenceReceived)]
    assert [one.data["opted_out"] for one in preferences] == [False, False]
    assert len({one.id for one in preferences}) == 1


# --- what cannot be read ---------------------------------------------------------------------------------------


async def test_an_unknown_status_is_taken_and_set_aside_untouched(it: Door) -> None:
    form = {"AccountSid": SID, "MessageSid": "SM1", "MessageStatus": "teleported", "To": CUSTOMER}

    answer = await it.signed(form)

    assert answer.status == 200, "the provider can do nothing about it, so it must not come again"
    letter = await it.letter()
    assert base64.b64decode(letter.record) == urlencode(form).encode()
    assert "teleported" in letter.reason
    assert letter.source == "webhook/sms-main"
    assert letter.headers["url"] == it.webhook
    assert it.outcome("problem") == 1


async def test_a_message_nobody_can_place_is_set_aside_with_its_very_bytes(it: Door) -> None:
    form = message(Body="\x00\xff caf\u00e9 " + "x" * 5_000, MessageSid="not an id!")

    assert (await it.signed(form)).status == 200

    assert base64.b64decode((await it.letter()).record) == urlencode(form).encode()
    assert await it.records(Topic.INBOUND) == []


async def test_a_large_request_that_cannot_be_read_is_kept_as_a_blob(it: Door) -> None:
    form = message(Body="x" * 200_000, MessageSid="not an id!")

    assert (await it.signed(form)).status == 200

    letter = await it.letter()
    assert letter.record == ""
    assert await it.blobs.get(letter.headers["blob"]) == urlencode(form).encode()


async def test_a_message_too_large_for_the_log_is_set_aside_rather_than_asked_for_for_ever(it: Door) -> None:
    raw = b"\x01" * 80_000  # six characters each as JSON
    form = message(Body=raw.decode())
    body = urlencode(form | {"Body": ""}).encode().replace(b"Body=", b"Body=" + raw)

    answer = await it.knock(body, signature=sign(TOKEN, it.webhook, form))

    assert answer.status == 200
    assert "256 kB" in (await it.letter()).reason
    assert await it.records(Topic.INBOUND) == []


async def test_what_can_be_read_of_a_message_is_taken_and_the_rest_told(it: Door) -> None:
    form = message(NumMedia="1")

    assert (await it.signed(form)).status == 200

    assert len(await it.records(Topic.INBOUND)) == 1
    assert "NumMedia" in (await it.letter()).reason
