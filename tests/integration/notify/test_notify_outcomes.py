"""What becomes of a reply: sent, sent again and flagged, or failed and told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import web

from services.notify.outcomes import Outcome, Outcomes
from services.notify.sender import Sender
from services.notify.shard import _last_position
from services.notify.window import Window
from tests.integration.notify.post import Post, Shortest, notify, post, simulator, until
from trunkline.bus import NewRecord, Partition, take_pen
from trunkline.channels.base import Response, SendStep
from trunkline.events import Mark, ReplySent, ReplyUndeliverable, SendFailed, StepAccepted, Topic
from trunkline.testing.servers import Valkey
from trunkline.testing.twilio import TwilioSimulator
from trunkline.testing.twilio_rules import Behaviour

CUSTOMER = "+37126000001"


@asynccontextmanager
async def posted(valkey: Valkey, folder: Path, **options: object) -> AsyncIterator[tuple[Post, TwilioSimulator]]:
    """A notify that makes no pause longer than it must, and its provider."""
    async with (
        simulator(**options) as provider,
        post(valkey.url, folder, provider.url) as it,
        notify(it, chance=Shortest()),
    ):
        yield it, provider


async def test_a_reply_that_was_taken_is_recorded_with_the_providers_id(valkey: Valkey, tmp_path: Path) -> None:
    async with posted(valkey, tmp_path) as (it, provider):
        [message] = await it.write("It left today.")

        told = await it.outcome(message)

        assert isinstance(told, ReplySent)
        assert told.provider_ids == (provider.sent[0].sid,)
        assert (told.attempts, told.possible_duplicate) == (1, False)
        assert f"message={message.id}" in provider.sent[0].status_callback


async def test_a_reply_that_a_later_version_relayed_is_sent(valkey: Valkey, tmp_path: Path) -> None:
    async with posted(valkey, tmp_path) as (it, provider):
        [message] = await it.write("It left today.", later=True)

        assert isinstance(await it.outcome(message), ReplySent)
        assert [sent.body for sent in provider.sent] == ["It left today."]


async def test_a_throttled_reply_waits_as_long_as_the_provider_says(valkey: Valkey, tmp_path: Path) -> None:
    async with posted(valkey, tmp_path, retry_after_s=1) as (it, provider):
        provider.script.then(Behaviour.THROTTLED)
        began = time.monotonic()
        [message] = await it.write("slowly")

        told = await it.outcome(message)

        assert isinstance(told, ReplySent)
        assert 1.0 <= time.monotonic() - began < 3
        assert (told.attempts, told.possible_duplicate) == (2, False), "a refusal is no unknown outcome"


async def test_retry_after_may_be_a_date(valkey: Valkey, tmp_path: Path) -> None:
    asked: list[float] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        asked.append(time.monotonic())
        if len(asked) > 1:
            return web.json_response({"sid": "SM1", "status": "queued"}, status=201)
        now = datetime.now(UTC).replace(microsecond=0)
        told = {
            "date": format_datetime(now, usegmt=True),
            "retry-after": format_datetime(now + timedelta(seconds=2), usegmt=True),
        }
        return web.Response(status=503, headers=told)

    async with _provider(answer) as api, post(valkey.url, tmp_path, api) as it, notify(it, chance=Shortest()):
        assert isinstance(await it.outcome((await it.write("later"))[0]), ReplySent)
    assert 1.9 <= asked[1] - asked[0] < 4


@asynccontextmanager
async def _provider(answer: object) -> AsyncIterator[str]:
    runner = web.ServerRunner(web.Server(answer, access_log=None), shutdown_timeout=0.1)  # type: ignore[arg-type]  # a handler
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("answer", [Behaviour.CLOSE, Behaviour.SILENT, Behaviour.GARBAGE])
async def test_an_outcome_unknown_once_is_repeated_once_and_flagged(
    valkey: Valkey, tmp_path: Path, answer: Behaviour
) -> None:
    async with posted(valkey, tmp_path) as (it, provider):
        provider.script.then(answer)
        [message] = await it.write("perhaps twice")

        told = await it.outcome(message)

        assert isinstance(told, ReplySent)
        assert (told.attempts, told.possible_duplicate) == (2, True)
        bodies = {sent.body_sha256 for sent in provider.sent}
        assert len(bodies) == 1, "always with the same body"
        assert len(provider.sent) == (1 if answer is Behaviour.CLOSE else 2)


async def test_an_outcome_unknown_twice_is_a_failure_that_router_and_desk_hear_of(
    valkey: Valkey, tmp_path: Path
) -> None:
    async with posted(valkey, tmp_path) as (it, provider):
        provider.script.then(Behaviour.CLOSE, Behaviour.SILENT)
        [message] = await it.write("perhaps never")

        told = await it.outcome(message)

        assert isinstance(told, SendFailed)
        assert (told.kind, told.attempts) == ("ambiguous", 2)
        assert "may have arrived" in told.text
        [heard] = await it.events(ReplyUndeliverable)
        assert (heard.message, heard.kind, heard.text) == (message.id, "ambiguous", told.text)
        assert heard.thread == f"sms-main|tel:{CUSTOMER}"


async def test_a_refusal_for_good_is_not_repeated(valkey: Valkey, tmp_path: Path) -> None:
    async with posted(valkey, tmp_path) as (it, provider):
        provider.opted_out.add(("AC" + "0" * 32, CUSTOMER))
        [message] = await it.write("unwanted")

        told = await it.outcome(message)

        assert isinstance(told, SendFailed)
        assert (told.kind, told.code, told.attempts) == ("opted-out", "21610", 1)
        assert [one.message for one in await it.events(ReplyUndeliverable)] == [message.id]
        assert provider.counters["requests"] == 1


async def test_the_next_reply_goes_on_after_one_that_failed(valkey: Valkey, tmp_path: Path) -> None:
    async with posted(valkey, tmp_path) as (it, provider):
        provider.script.then(Behaviour.CLOSE, Behaviour.CLOSE)
        messages = await it.write("fails", "arrives")

        told = await it.outcomes(messages)

        assert [type(one) for one in told] == [SendFailed, ReplySent]
        assert [sent.body for sent in provider.sent] == ["arrives"]


async def test_a_reply_whose_time_is_over_is_not_sent(valkey: Valkey, tmp_path: Path) -> None:
    async with posted(valkey, tmp_path) as (it, provider):
        [message] = await it.write("yesterday's", left_s=-1)

        told = await it.outcome(message)

        assert isinstance(told, SendFailed)
        assert (told.kind, told.attempts) == ("expired", 0)
        assert provider.counters["requests"] == 0
        assert len(await it.events(ReplyUndeliverable)) == 1


async def test_a_reply_whose_time_runs_out_between_attempts_is_not_tried_again(valkey: Valkey, tmp_path: Path) -> None:
    async with posted(valkey, tmp_path, retry_after_s=60) as (it, provider):
        provider.script.then(Behaviour.THROTTLED)
        [message] = await it.write("soon too late", left_s=0.5)

        told = await it.outcome(message, within=5)

        assert isinstance(told, SendFailed)
        assert (told.kind, told.attempts) == ("expired", 1)
        assert provider.counters["requests"] == 1


async def test_a_reply_whose_time_runs_out_before_an_open_breaker_is_not_sent(valkey: Valkey, tmp_path: Path) -> None:
    async with posted(valkey, tmp_path) as (it, provider):
        provider.script.then(*[Behaviour.ERROR] * 5)
        began = time.monotonic()
        messages = [(await it.write("storm", left_s=1))[0] for _ in range(5)]
        await until(lambda: provider.counters["requests"] == 5)

        told = await it.outcomes(messages)

        assert {one.kind for one in told if isinstance(one, SendFailed)} == {"expired"}
        assert time.monotonic() - began < 4, "nobody waits in line for a call that may not be made any more"
        assert provider.counters["requests"] < 10


async def test_replies_of_an_account_that_was_taken_out_of_the_configuration_fail(
    valkey: Valkey, tmp_path: Path
) -> None:
    async with simulator() as provider, post(valkey.url, tmp_path, provider.url) as it, notify(it) as ours:
        await it.outcomes(await it.write("still known"))
        it.configure(name="sms-other")
        assert await ours.watch.look()

        [message] = await it.write("no longer known")
        told = await it.outcome(message)

        assert isinstance(told, SendFailed)
        assert (told.kind, told.attempts) == ("config", 0)
        assert len(provider.sent) == 1


async def test_a_reply_that_waits_uses_the_configuration_of_its_next_attempt(valkey: Valkey, tmp_path: Path) -> None:
    async with (
        simulator(retry_after_s=1) as elsewhere,
        simulator(retry_after_s=1) as provider,
        post(valkey.url, tmp_path, provider.url) as it,
        notify(it, chance=Shortest()) as ours,
    ):
        provider.script.then(Behaviour.THROTTLED)
        [message] = await it.write("moved meanwhile")
        await until(lambda: provider.counters["requests"] == 1)
        it.api = elsewhere.url
        it.configure()
        assert await ours.watch.look()

        assert isinstance(await it.outcome(message), ReplySent)
        assert (len(provider.sent), len(elsewhere.sent)) == (0, 1)


async def test_a_reply_that_the_channel_cannot_say_fails_with_a_sentence_for_the_agent(
    valkey: Valkey, tmp_path: Path
) -> None:
    async with posted(valkey, tmp_path) as (it, provider):
        [message] = await it.write("hello, bank", to="BANK")

        told = await it.outcome(message)

        assert isinstance(told, SendFailed)
        assert (told.kind, told.attempts) == ("invalid", 0)
        assert "cannot be answered" in told.text
        assert provider.counters["requests"] == 0


async def test_a_long_reply_is_several_parts_each_recorded_as_it_is_taken(valkey: Valkey, tmp_path: Path) -> None:
    async with posted(valkey, tmp_path) as (it, provider):
        provider.script.then(Behaviour.OK, Behaviour.ERROR)
        [message] = await it.write("word " * 900)

        told = await it.outcome(message)

        assert isinstance(told, ReplySent)
        assert told.provider_ids == tuple(sent.sid for sent in provider.sent)
        steps = await it.events(StepAccepted)
        assert [(step.part, step.parts) for step in steps] == [(0, 3), (1, 3), (2, 3)]
        assert told.attempts == 4


async def test_an_outage_is_waited_out_by_one_call_at_a_time(valkey: Valkey, tmp_path: Path) -> None:
    async with posted(valkey, tmp_path) as (it, provider):
        provider.script.then_storm(30)
        for _ in range(30):
            await it.write("in the storm")
        began = time.monotonic()

        told = await it.outcomes(it.written)

        assert all(isinstance(one, ReplySent) for one in told)
        assert time.monotonic() - began < 8, "calls under way when it opened do not lengthen the pause"


async def test_a_rate_is_kept(valkey: Valkey, tmp_path: Path) -> None:
    async with simulator() as provider, post(valkey.url, tmp_path, provider.url) as it:
        it.configure(more="units_per_second: 10")
        async with notify(it):
            began = time.monotonic()
            for _ in range(20):
                await it.write("one segment")
            await it.outcomes(it.written)
            assert time.monotonic() - began >= 0.9, "ten at once, ten in the second after"


async def test_an_answer_that_comes_in_pieces_is_read_whole() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 201 Created\r\nContent-Length: 31\r\n\r\n{"sid":"SM1",')
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(b'"status":"queued"}')
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Sender() as sender:
        got = await sender.call(SendStep(url=f"http://127.0.0.1:{port}/", bucket="b"))

    assert isinstance(got, Response)
    assert got.body == b'{"sid":"SM1","status":"queued"}'


async def test_a_position_is_clean_only_if_nobody_took_the_pen_after_it(valkey: Valkey, tmp_path: Path) -> None:
    place = Partition(Topic.DELIVERIES, 0)
    async with simulator() as provider, post(valkey.url, tmp_path, provider.url) as it:
        pen = await take_pen(it.bus, place, "notify-0")
        outcomes = Outcomes(it.bus, pen, Window(7, {5: 1}))
        await outcomes.record(Outcome(event=Mark(outbox="clean"), offset=-1, key="notify-0"))
        after = (await it.bus.bounds(place)).next
        assert await _last_position(it.bus, place, before=after) == (Window(7, {5: 1}), True)

        await take_pen(it.bus, place, "notify-1")  # and died before it wrote an outcome
        receipts = [NewRecord(b"k", b"{}", (("type", b"trunkline.delivery.receipt.v1"),))] * 400
        for _ in range(3):
            await it.bus.append(place, receipts)

        end = (await it.bus.bounds(place)).next
        assert await _last_position(it.bus, place, before=end) == (Window(7, {5: 1}), False)
