"""What the demo keeps waiting for people: one invoice a language, never more, and none for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from trunkline.demo.book import BOOK
from trunkline.demo.customers import Floor
from trunkline.demo.left import CROWDED, TOO_LONG_S, LeftWork, Waiting, Ways
from trunkline.demo.stories import Language
from trunkline.demo.visit import Cast, Contact, contacts, mail_contacts, visitors
from trunkline.testing.twilio_calls import Reply

EN, TR, LV = Language.ENGLISH, Language.TURKISH, Language.LATVIAN


def invoice(name: str, language: Language) -> Waiting:
    return Waiting(id=name, queue="billing", requirement=f"billing|twilio-sms|1|billing:3,{language.skill}:3")


def other(name: str) -> Waiting:
    return Waiting(id=name, queue="support", requirement="support|twilio-sms|1|lang.en:1")


def test_an_invoice_comes_in_each_language_that_has_none_waiting() -> None:
    orders = LeftWork().looked([invoice("1-a", TR), other("1-b")], 0)

    assert orders.invoices == (EN, LV)
    assert not orders.relief
    assert not orders.crowded


def test_one_that_is_on_its_way_is_not_asked_for_again_until_it_should_be_there() -> None:
    left = LeftWork()
    for language in left.looked([], 0).invoices:
        left.comes(language, 0)

    assert left.looked([], 2).invoices == ()
    assert left.looked([], 4).invoices == (EN, TR, LV)


def test_one_that_was_seen_and_taken_is_replaced_at_once() -> None:
    left = LeftWork()
    left.comes(EN, 0)
    line = [invoice("1-a", EN), invoice("1-b", TR), invoice("1-c", LV)]
    assert left.looked(line, 1).invoices == ()

    assert left.looked(line[1:], 2).invoices == (EN,)


def test_relief_comes_for_an_invoice_that_waited_too_long_and_goes_when_it_was_taken() -> None:
    left = LeftWork()
    line = [invoice("1-a", EN), invoice("1-b", TR), invoice("1-c", LV)]
    left.looked(line, 0)

    assert not left.looked(line, TOO_LONG_S).relief
    assert left.looked(line, TOO_LONG_S + 1).relief
    assert not left.looked([invoice("1-d", EN)], TOO_LONG_S + 2).relief


def test_too_long_a_line_is_told() -> None:
    line = [other(f"1-{number}") for number in range(CROWDED)]

    assert LeftWork().looked(line, 0).crowded
    assert not LeftWork().looked(line[1:], 0).crowded


class Listens:
    """A door that takes every word."""

    async def customer_writes(self, from_: str, body: str, *, sid: str | None = None) -> Reply:
        return Reply(204)


@asynccontextmanager
async def opened(*casts: tuple[Contact, ...]) -> AsyncIterator[list[Floor]]:
    """Floors to which nobody comes by themselves but the first of each."""
    floors = [Floor(Listens(), Cast(cast, BOOK, seed=1), rate=0.01, seed=1) for cast in casts]
    running = [asyncio.create_task(floor.run()) for floor in floors]
    await asyncio.sleep(0)  # each begins, and is open
    yield floors
    for task in running:
        task.cancel()
    await asyncio.wait(running)


def channel(came: Contact | None) -> str:
    assert came is not None
    return "sms" if came.number.startswith("+") else "mail" if "@" in came.number else "chat"


async def test_invoices_come_by_one_channel_after_another_in_each_language_by_itself() -> None:
    async with opened(contacts(), visitors(), mail_contacts()) as floors:
        ways = Ways(floors)

        assert [channel(ways.come(EN)) for _ in range(4)] == ["sms", "chat", "mail", "sms"]
        assert [channel(ways.come(TR)) for _ in range(2)] == ["sms", "chat"]


async def test_a_channel_that_is_shut_or_has_nobody_free_is_passed_over() -> None:
    async with opened(contacts(), visitors(), mail_contacts()[4:]) as floors:
        ways = Ways(floors)
        floors[1].open = False

        assert [channel(ways.come(EN)) for _ in range(3)] == ["sms"] * 3
        assert [channel(ways.come(LV)) for _ in range(3)] == ["sms", "mail", "sms"]
    assert Ways(floors).come(EN) is None, "nobody comes any more"
