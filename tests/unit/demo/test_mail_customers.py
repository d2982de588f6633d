"""The demo's customers by mail, before and behind real SMTP servers: they write, read, and answer as programs do."""

from __future__ import annotations

import pytest

from trunkline.channels.email.quoting import segments
from trunkline.demo.book import BOOK
from trunkline.demo.mail import PostOffice
from trunkline.demo.settings import DemoSettings, PlayedMail
from trunkline.demo.stories import Language
from trunkline.demo.visit import Contact, mail_contacts
from trunkline.testing.mail import MailSink, Received, hand_in, written

SUPPORT = "support@trunkline.example"
REPLY = "reply+xyz@trunkline.example"


def first_of(language: Language) -> Contact:
    return next(contact for contact in mail_contacts() if contact.language == language)


async def reply(relay: MailSink, to: str, text: str) -> Received:
    """A reply of the shop's that came to a customer."""
    mail = written(
        f"The Shop <{SUPPORT}>", to, text, subject="Re: A question", message_id="reply@trunkline.example",
        headers={"Reply-To": REPLY, "References": "<root@x.example>", "Date": "Mon, 05 Jan 2026 10:00:00 +0000"},
    )  # fmt: skip
    assert (await hand_in(relay.port, mail, sender=SUPPORT, recipients=[to])).code == 250
    return relay.received[-1]


def test_four_customers_of_each_language_write_from_a_domain_nobody_has() -> None:
    assert all(contact.number.endswith(".example") for contact in mail_contacts())
    assert [sum(contact.language == one for contact in mail_contacts()) for one in Language] == [4, 4, 4]


@pytest.mark.parametrize("language", Language)
async def test_an_answer_goes_where_it_is_asked_and_its_quote_is_found_again(language: Language) -> None:
    async with MailSink() as ingest, MailSink() as relay:
        customer = first_of(language)
        played = PlayedMail(SUPPORT, "127.0.0.1", relay.port)
        office = PostOffice(DemoSettings(smtp_port=ingest.port), played, mail_contacts())
        opening = next(topic for topic in BOOK.topics if topic.language == language).openings[0]

        assert (await office.customer_writes(customer.number, opening)).accepted
        assert office.came(await reply(relay, customer.number, "First line.\nSecond line.")) == [customer.number]
        assert (await office.customer_writes(customer.number, "4711")).accepted
        assert (await office.customer_writes(customer.number, opening)).accepted

    began, answer, again = ingest.received
    assert (began.recipients, answer.recipients, again.recipients) == ((SUPPORT,), (REPLY,), (SUPPORT,))
    assert answer.message["In-Reply-To"] == "<reply@trunkline.example>"
    assert answer.message["References"] == "<root@x.example> <reply@trunkline.example>"
    assert segments(answer.text)[0].text == "4711"
    assert [part.quoted for part in segments(answer.text)] == [False, True]
    assert segments(began.text)[0].text == opening


async def test_a_closed_door_is_told_and_not_raised() -> None:
    played = PlayedMail(SUPPORT, "127.0.0.1", 1)
    office = PostOffice(DemoSettings(smtp_port=1), played, mail_contacts())

    told = await office.customer_writes(mail_contacts()[0].number, "hello")

    assert (told.accepted, told.status) == (False, None)
    assert told.failure
