"""The simulator over real HTTP: our channel's own steps against it, and its webhooks against our channel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from trunkline.channels.base import (
    Accepted,
    Account,
    ChannelEvent,
    Failed,
    FailureClass,
    MessageIn,
    NoResponse,
    Outcome,
    RawRequest,
    Receipt,
    Response,
    SendStep,
    Verified,
)
from trunkline.channels.twilio import TwilioSettings, TwilioSms
from trunkline.messages import Address, Media, OutboundMessage, Text
from trunkline.testing.twilio import TwilioSimulator, run
from trunkline.testing.twilio_rules import Behaviour, Sent, SimAccount

TOKEN = "f0e1d2c3b4a5968778695a4b3c2d1e0f"
SID = f"AC{'0123456789abcdef' * 2}"
PUBLIC = "https://sms.example"
TWILIO = TwilioSms()
NOW = datetime(2026, 1, 2, tzinfo=UTC)


@dataclass
class Door:
    """A webhook as ingest has it: verifies, parses, remembers; `answers` are taken in turn before the usual one."""

    account: Account
    url: str = ""
    events: list[Any] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    async def take(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        raw = RawRequest(
            method=request.method,
            url=PUBLIC + request.path_qs,
            headers=tuple((name.lower(), value) for name, value in request.headers.items()),
            body=body,
            received_at=NOW,
        )
        assert TWILIO.verify(raw, self.account) == Verified()
        self.tokens.append(request.headers["I-Twilio-Idempotency-Token"])
        if self.answers:
            return web.Response(status=self.answers.pop(0))
        parsed = TWILIO.parse(raw, self.account)
        assert not parsed.problems
        self.events += parsed.events
        return web.Response(body=b"<Response/>", content_type="text/xml")

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def account(api_base: str = "https://api.twilio.com", token: str = TOKEN) -> Account:
    settings = {"account_sid": SID, "auth_token": token, "sender": "+15005550006", "api_base": api_base}
    return Account(
        name="sms", channel="twilio-sms", public_url=PUBLIC, settings=TwilioSettings.model_validate(settings)
    )


@pytest_asyncio.fixture
async def door() -> AsyncIterator[Door]:
    one = Door(account())
    runner = web.ServerRunner(web.Server(one.take))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield one
    await runner.cleanup()


@pytest.fixture
def simulate(door: Door) -> Callable[..., TwilioSimulator]:
    def build(*, fragment: str = "", **options: Any) -> TwilioSimulator:
        webhook = f"{PUBLIC}/webhooks/sms{fragment}"
        one = SimAccount(SID, TOKEN, webhook, senders=("+15005550006",), connect_to=door.url)
        return TwilioSimulator([one], **options)

    return build


def reply(text: str, *, to: str = "+37120000001") -> OutboundMessage:
    return OutboundMessage(
        id="r1",
        account="sms",
        channel="twilio-sms",
        conversation="3-00ff",
        contact=Address(scheme="tel", value=to),
        parts=(Text(text=text),),
        written_at=NOW,
        send_before=NOW + timedelta(days=1),
    )


async def call(step: SendStep, *, timeout: float = 5.0) -> Response | NoResponse:
    auth = {"Authorization": aiohttp.encode_basic_auth(*step.basic_auth)} if step.basic_auth else {}
    limit = aiohttp.ClientTimeout(total=timeout)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.request(step.method, step.url, data=step.body, headers={**step.headers, **auth}) as response,
        ):
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Response(status=response.status, headers=headers, body=await response.read())
    except aiohttp.ClientConnectorError as error:
        return NoResponse(sent=False, reason=str(error))
    except (aiohttp.ClientError, TimeoutError) as error:
        return NoResponse(sent=True, reason=repr(error))


async def send(simulator: TwilioSimulator, text: str, *, to: str = "+37120000001", timeout: float = 5.0) -> Outcome:
    one = account(simulator.url)
    (step,) = TWILIO.plan(reply(text, to=to), one)
    return TWILIO.interpret(step, await call(step, timeout=timeout), one)


async def test_a_reply_is_taken_and_its_receipts_find_their_way_back(
    door: Door, simulate: Callable[..., TwilioSimulator]
) -> None:
    async with simulate() as simulator:
        outcome = await send(simulator, "Sveiki & paldies")
        await simulator.idle()

    assert isinstance(outcome, Accepted)
    (sent,) = simulator.sent
    assert (sent.to, sent.from_, sent.body) == ("+37120000001", "+15005550006", "Sveiki & paldies")
    assert outcome.provider_ids == (sent.sid,)
    receipts = door.of(Receipt)
    assert [receipt.status.value for receipt in receipts] == ["sent", "delivered"]
    assert {(r.provider_id, r.message, r.conversation, r.part) for r in receipts} == {(sent.sid, "r1", "3-00ff", 0)}


async def test_receipts_come_twice_and_out_of_order_when_asked(
    door: Door, simulate: Callable[..., TwilioSimulator]
) -> None:
    async with simulate(duplicate=1.0, reorder=1.0) as simulator:
        await send(simulator, "x")
        await simulator.idle()

    assert [receipt.status.value for receipt in door.of(Receipt)] == ["delivered", "delivered", "sent", "sent"]


async def test_a_number_that_is_away_gets_a_failure_with_its_code(
    door: Door, simulate: Callable[..., TwilioSimulator]
) -> None:
    async with simulate(unreachable={"+37120000001": 30003}) as simulator:
        await send(simulator, "x")
        await simulator.idle()

    assert [(r.status.value, r.code) for r in door.of(Receipt)] == [("sent", None), ("failed", "30003")]


@pytest.mark.parametrize(
    ("behaviour", "kind", "taken"),
    [
        (Behaviour.THROTTLED, FailureClass.THROTTLED, 0),
        (Behaviour.ERROR, FailureClass.RETRY, 0),
        (Behaviour.HANG, FailureClass.AMBIGUOUS, 0),
        (Behaviour.CLOSE, FailureClass.AMBIGUOUS, 0),
        (Behaviour.SILENT, FailureClass.AMBIGUOUS, 1),
        (Behaviour.GARBAGE, FailureClass.AMBIGUOUS, 1),
    ],
)
async def test_every_scripted_end_means_what_it_should_and_the_next_call_is_well(
    simulate: Callable[..., TwilioSimulator], behaviour: Behaviour, kind: FailureClass, taken: int
) -> None:
    async with simulate(callbacks=False, retry_after_s=2) as simulator:
        simulator.script.then(behaviour)
        failed = await send(simulator, "first", timeout=0.5 if behaviour is Behaviour.HANG else 10.0)
        after = await send(simulator, "second")

    assert isinstance(failed, Failed)
    assert failed.kind is kind
    assert failed.retry_after_s == (2.0 if behaviour is Behaviour.THROTTLED else None)
    assert isinstance(after, Accepted)
    assert [sent.body for sent in simulator.sent] == ["first", "second"][1 - taken :]


async def test_rates_fall_as_the_seed_says(simulate: Callable[..., TwilioSimulator]) -> None:
    runs = []
    for _ in range(2):
        async with simulate(callbacks=False, rates={Behaviour.ERROR: 0.3}, seed=7) as simulator:
            runs.append([type(await send(simulator, "x")).__name__ for _ in range(40)])

    assert runs[0] == runs[1]
    assert 4 <= runs[0].count("Failed") <= 20


async def test_twilio_refuses_what_it_would_refuse(simulate: Callable[..., TwilioSimulator]) -> None:
    async with simulate(callbacks=False) as simulator:
        stranger = account(simulator.url, token="wrong")
        (forged,) = TWILIO.plan(reply("x"), stranger)
        (good,) = TWILIO.plan(reply("x"), account(simulator.url))
        bodies = {
            20003: forged,
            21604: good.model_copy(update={"body": b"From=%2B15005550006&Body=x"}),
            21602: good.model_copy(update={"body": b"From=%2B15005550006&To=%2B37120000001&Body=+"}),
            21603: good.model_copy(update={"body": b"To=%2B37120000001&Body=x"}),
            21606: good.model_copy(update={"body": b"From=%2B1999&To=%2B37120000001&Body=x"}),
            21211: good.model_copy(update={"body": b"From=%2B15005550006&To=nobody&Body=x"}),
            21617: good.model_copy(update={"body": b"From=%2B15005550006&To=%2B37120000001&Body=" + b"x" * 1601}),
        }
        codes = {}
        for code, step in bodies.items():
            outcome = TWILIO.interpret(step, await call(step), account())
            codes[code] = outcome.code if isinstance(outcome, Failed) else None

    assert codes == {code: str(code) for code in bodies}
    assert not simulator.sent


async def test_who_says_stop_cannot_be_written_to_until_he_says_start(
    door: Door, simulate: Callable[..., TwilioSimulator]
) -> None:
    async with simulate(callbacks=False) as simulator:
        await simulator.customer_writes("+37120000001", "Stop")
        refused = await send(simulator, "x")
        await simulator.customer_writes("+37120000001", "START")
        taken = await send(simulator, "x")

    assert isinstance(refused, Failed)
    assert refused.kind is FailureClass.OPTED_OUT
    assert isinstance(taken, Accepted)
    assert [event.kind.value for event in door.of(ChannelEvent)] == ["opt-out", "opt-in"]


async def test_a_customers_picture_is_fetched_with_credentials_that_do_not_leave_the_provider(
    door: Door, simulate: Callable[..., TwilioSimulator]
) -> None:
    async with simulate() as simulator:
        one = account(simulator.url)
        door.account = one
        answer = await simulator.customer_writes("+37120000001", "Look", media=[(b"\x89PNG", "image/png")])
        (message,) = door.of(MessageIn)
        (picture,) = [part for part in message.parts if isinstance(part, Media)]
        assert picture.source is not None
        fetched = await call(TWILIO.media_request(picture.source, one))
        bare = await call(SendStep(method="GET", url=picture.source, bucket="x"))

    assert (answer.status, answer.body) == (200, b"<Response/>")
    assert isinstance(fetched, Response)
    assert (fetched.status, fetched.body) == (200, b"\x89PNG")
    assert isinstance(bare, Response)
    assert bare.status == 401
    assert simulator.media.leaked_credentials == 0


@pytest.mark.parametrize(
    ("fragment", "answers", "outcome"),
    [
        ("", [503], (503, 1)),
        ("#rc=3&rp=all", [503, 500], (200, 3)),
        ("#rc=2&rp=5xx", [503, 503, 503], (503, 3)),
        ("#rc=5&rp=5xx", [403], (403, 1)),
        ("#rc=5&rp=4xx", [403], (200, 2)),
    ],
)
async def test_a_webhook_is_tried_again_as_its_url_asks(
    door: Door, simulate: Callable[..., TwilioSimulator], fragment: str, answers: list[int], outcome: tuple[int, int]
) -> None:
    door.answers = answers
    async with simulate(fragment=fragment) as simulator:
        reply_ = await simulator.customer_writes("+37120000001", "x")

    assert (reply_.status, reply_.attempts) == outcome
    assert len(set(door.tokens)) == 1
    assert reply_.accepted is (reply_.status == 200)


async def test_a_closed_door_is_tried_once_more_by_default() -> None:
    closed = SimAccount(SID, TOKEN, "http://127.0.0.1:1/webhooks/sms")
    async with TwilioSimulator([closed]) as simulator:
        reply_ = await simulator.customer_writes("+37120000001", "x")

    assert (reply_.status, reply_.attempts) == (None, 2)


async def test_a_demo_customer_answers_what_it_is_told(door: Door, simulate: Callable[..., TwilioSimulator]) -> None:
    async def answer(sent: Sent) -> None:
        await simulator.customer_writes(sent.to, f"You said: {sent.body}")

    async with simulate(callbacks=False, on_reply=answer) as simulator:
        await send(simulator, "hello")
        await simulator.idle()

    (message,) = door.of(MessageIn)
    assert message.parts == (Text(text="You said: hello"),)


async def test_a_repeat_of_the_provider_has_the_same_id(door: Door, simulate: Callable[..., TwilioSimulator]) -> None:
    async with simulate() as simulator:
        for _ in range(2):
            await simulator.customer_writes("+37120000001", "x", sid="SM" + "e" * 32)

    first, second = door.of(MessageIn)
    assert first == second


async def test_counters_tell_a_bench_what_happened_and_memory_is_bounded(
    simulate: Callable[..., TwilioSimulator],
) -> None:
    async with simulate(callbacks=False, keep=5) as simulator:
        waiting = asyncio.create_task(simulator.wait_for(20))
        for number in range(20):
            await send(simulator, str(number))
        await waiting
        async with aiohttp.ClientSession() as session, session.get(f"{simulator.url}/_simulator") as response:
            counters = await response.json()

    assert counters["accepted"] == 20
    assert [sent.body for sent in simulator.sent] == ["15", "16", "17", "18", "19"]


async def test_a_process_of_its_own_serves_until_it_is_cancelled() -> None:
    listening: asyncio.Future[TwilioSimulator] = asyncio.get_running_loop().create_future()
    accounts = [SimAccount(SID, TOKEN, f"{PUBLIC}/webhooks/sms")]
    serving = asyncio.create_task(run("127.0.0.1", 0, accounts, ready=listening.set_result, callbacks=False))
    simulator = await listening

    assert isinstance(await send(simulator, "x"), Accepted)

    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    refused = await send(simulator, "x")
    assert isinstance(refused, Failed)
    assert refused.kind is FailureClass.RETRY


async def test_it_answers_on_loopback_only() -> None:
    with pytest.raises(ValueError, match="loopback only"):
        TwilioSimulator([], host="0.0.0.0")
