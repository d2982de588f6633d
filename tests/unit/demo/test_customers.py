"""The floor: customers at a real door, a bounded number of them, answering what they are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import parse_qsl

from aiohttp import web

from trunkline.demo.book import BOOK
from trunkline.demo.customers import MAX_AT_ONCE, Floor
from trunkline.demo.stories import Language
from trunkline.demo.visit import Cast, contacts, is_left
from trunkline.testing.twilio import TwilioSimulator
from trunkline.testing.twilio_rules import Sent, SimAccount

SID, TOKEN, SENDER = "AC" + "0" * 32, "t", "+37120000000"
FAST = 400.0  # a patience of a minute is a sixth of a second


class Ingest:
    """A door that notes what customers write; `answer` is called with each, and `closed` ones are refused."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, str]] = []
        self.closed = 0
        self.news = asyncio.Condition()
        self.floor: Floor | None = None
        self.replies = True

    async def webhook(self, request: web.BaseRequest) -> web.StreamResponse:
        form = dict(parse_qsl((await request.read()).decode()))
        if self.closed:
            self.closed -= 1
            return web.Response(status=503)
        self.heard.append((form["From"], form["Body"], form["MessageSid"]))
        async with self.news:
            self.news.notify_all()
        if self.replies and self.floor is not None:
            sent = Sent("SM1", SID, form["From"], SENDER, "yes?", (), "", "", 0.0)
            asyncio.get_running_loop().call_later(0.01, self.say, sent)
        return web.Response(status=200)

    def say(self, sent: Sent) -> None:
        assert self.floor is not None
        self.telling = asyncio.ensure_future(self.floor.heard(sent))

    async def until(self, count: int) -> None:
        async with asyncio.timeout(20), self.news:
            await self.news.wait_for(lambda: len(self.heard) >= count)


@asynccontextmanager
async def floor(ingest: Ingest, *, rate: float = 12, haste: float = FAST) -> AsyncIterator[Floor]:
    async with AsyncExitStack() as stack:
        runner = web.ServerRunner(web.Server(ingest.webhook))
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        account = SimAccount(SID, TOKEN, f"http://127.0.0.1:{port}/webhooks/sms-main", (SENDER,))
        provider = await stack.enter_async_context(TwilioSimulator([account]))
        made = Floor(provider, Cast(contacts(), BOOK, seed=1), rate=rate, seed=1, haste=haste)
        ingest.floor = made
        running = asyncio.create_task(made.run())
        try:
            yield made
        finally:
            running.cancel()
            await asyncio.wait([running])
        assert made.here == 0


async def test_customers_of_all_languages_come_answer_and_leave() -> None:
    ingest = Ingest()

    async with floor(ingest, rate=120) as made:
        await ingest.until(150)

    openings = {opening: topic for topic in BOOK.topics for opening in topic.openings}
    opened = [openings[text] for _, text, _ in ingest.heard if text in openings]
    assert {topic.language for topic in opened} == set(Language)
    assert len(ingest.heard) > len(opened)  # some lines are answers
    assert made.counters["visits"] > 40  # contacts come back


async def test_with_nobody_to_answer_only_so_many_customers_are_there_at_a_time() -> None:
    ingest = Ingest()
    ingest.replies = False

    async with floor(ingest, rate=0.1, haste=1) as made:
        await ingest.until(1)
        came = [made.come() for _ in range(60)]

        assert sum(each is not None for each in came) == MAX_AT_ONCE - 1  # one came by himself
        assert made.here == MAX_AT_ONCE


async def test_nobody_new_comes_while_it_is_crowded() -> None:
    ingest = Ingest()

    async with floor(ingest, haste=1) as made:
        await ingest.until(1)
        made.crowded = True
        assert made.come() is None
        made.crowded = False
        assert made.come() is not None


async def test_an_invoice_comes_on_demand_while_anybody_who_speaks_the_language_is_free() -> None:
    ingest = Ingest()
    ingest.replies = False

    async with floor(ingest, haste=1) as made:
        came = [made.come_with_invoice(Language.TURKISH) for _ in range(20)]
        count = sum(each is not None for each in came)
        await ingest.until(count + 1)

    invoices = {opening for topic in BOOK.of(Language.TURKISH, "invoice") for opening in topic.openings}
    assert count in {12, 13}  # 4 with nothing but invoices and 9 of the floor, one of whom may have come by himself
    assert sum(text in invoices for _, text, _ in ingest.heard) == count
    assert all(each is None or is_left(each) for each in came[:4])


async def test_a_customer_who_is_not_heard_writes_the_same_message_again() -> None:
    ingest = Ingest()
    ingest.closed = 2

    async with floor(ingest, rate=0.1) as made:
        await ingest.until(1)

    assert ingest.closed == 0
    assert made.counters["given_up"] == 0
    assert len({sid for _, _, sid in ingest.heard}) == len(ingest.heard)


async def test_a_customer_gives_up_at_a_door_that_stays_closed() -> None:
    ingest = Ingest()
    ingest.closed = 10**6

    async with floor(ingest, rate=0.1) as made, asyncio.timeout(20):
        while not made.counters["given_up"]:
            await asyncio.sleep(0.01)

    assert ingest.heard == []
