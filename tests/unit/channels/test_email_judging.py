"""What a mail means to an account: whose message it is, which reply a report is about, what is set aside."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from trunkline.channels.base import Account, MessageIn, Parsed, RawRequest, Receipt, Rejected, Verified
from trunkline.channels.email import Email, EmailSettings, tokens
from trunkline.channels.email.inbound import RECIPIENT, SENDER
from trunkline.messages import DeliveryStatus, MailHead, Media, Unsupported

CORPUS = Path(__file__).resolve().parents[2] / "payloads" / "email"
CONVERSATION = "3-" + "0" * 30 + "ff"
MESSAGE = "0" * 31 + "1"
OWN = tokens.Own(MESSAGE, CONVERSATION, None)


def account(**settings: Any) -> Account:
    given = {
        "addresses": ["support@shop.example"],
        "reply_secret": "a-secret-of-the-tests-only",
        "relay_host": "127.0.0.1",
        "relay_security": "none",
    }
    model = EmailSettings.model_validate(given | settings)
    return Account(name="mail", channel="email", public_url="https://x.example", settings=model)


def parsed(
    raw: bytes, *, sender: str = "anna@customers.example", to: str = "support@shop.example", **more: Any
) -> Parsed:
    request = RawRequest(
        method="SMTP", url="x", headers=((SENDER, sender), (RECIPIENT, to)), body=raw, received_at=datetime.now(UTC)
    )
    made = account(**more)
    assert Email().verify(request, made) == Verified()
    return Email().parse(request, made)


def message(raw: bytes, **envelope: Any) -> MessageIn:
    [event] = parsed(raw, **envelope).events
    assert isinstance(event, MessageIn)
    return event


def head(event: MessageIn) -> MailHead:
    assert isinstance(event.parts[0], MailHead)
    return event.parts[0]


def corpus(name: str, **replaced: str) -> bytes:
    raw = (CORPUS / f"{name}.eml").read_bytes()
    for old, new in replaced.items():
        raw = raw.replace(old.replace("_", "-").encode(), new.encode())
    return raw


def mail(*fields: str, body: str = "hello") -> bytes:
    return "\r\n".join([*fields, "", body, ""]).encode()


def test_nothing_that_comes_by_http_is_believed() -> None:
    request = RawRequest(method="POST", url="x", headers=(), body=b"x", received_at=datetime.now(UTC))

    assert isinstance(Email().verify(request, account()), Rejected)


def test_the_envelope_is_truth_where_the_header_says_nothing() -> None:
    assert message(mail("Subject: x"), sender="anna@customers.example").contact.value == "anna@customers.example"
    assert (
        message(mail("From: Our Form <support@shop.example>"), sender="x@form.example").contact.value
        == "x@form.example"
    )
    assert message(corpus("contact-form")).contact.model_dump() == {
        "scheme": "mailto", "value": "carla@customers.example", "display": "Carla",
    }  # fmt: skip
    assert message(corpus("mailing-list")).contact.value == "anna@customers.example"


def test_one_person_is_one_contact_however_the_address_is_written() -> None:
    assert message(mail("From: ANNA@Customers.Example")).contact.value == "anna@customers.example"


def test_a_mail_with_no_sender_anywhere_is_set_aside_whole() -> None:
    told = parsed(mail("Subject: x"), sender="")

    assert told.events == ()
    assert [problem.kind for problem in told.problems] == ["unknown"]


def test_our_own_addresses_are_nobodys_cc() -> None:
    to = "support@shop.example, support+vip@shop.example, reply+x@shop.example, bruno@x.example"

    assert head(message(mail("From: anna@customers.example", f"To: {to}"))).to == ("bruno@x.example",)


@pytest.mark.parametrize("sender", ["", "anna@customers.example"])
def test_a_null_sender_makes_a_mail_a_machines(sender: str) -> None:
    assert (head(message(mail("From: anna@customers.example"), sender=sender)).automatic is not None) is (sender == "")


def test_a_mail_nobody_can_read_reaches_an_agent_with_its_reason_and_its_original() -> None:
    raw = b"Subject: " + b"=?utf-8?q?a?= " * 600

    event = message(raw)

    assert [type(part) for part in event.parts] == [MailHead, Unsupported, Media]
    assert isinstance(event.parts[1], Unsupported)
    assert "encoded words" in event.parts[1].reason
    assert raw in parsed(raw).contents
    aside = parsed(raw, sender="")
    assert (aside.events, [problem.kind for problem in aside.problems]) == ((), ["broken"])


def test_an_id_makes_a_repeat_the_same_and_words_do_where_there_is_none() -> None:
    raw = corpus("no-message-id")

    assert message(raw).provider_id == message(raw).provider_id
    assert message(raw).provider_id != message(raw.replace(b"hello", b"hullo")).provider_id
    assert message(corpus("gmail-english-reply")).provider_id == "CAF1234=abc@mail.customers.example"


def test_a_service_that_reads_no_mail_needs_nothing_that_reading_needs() -> None:
    """Every service knows every channel, and only ingest's image has nh3 and aiosmtpd."""
    lines = ["import sys", "sys.modules.update(dict.fromkeys(['nh3', 'aiosmtpd', 'aiosmtplib']))",
             "from trunkline.channels.registry import load", "assert 'email' in load()"]  # fmt: skip

    ended = subprocess.run([sys.executable, "-c", "; ".join(lines)], capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr


# --- reports -------------------------------------------------------------------------------------------------


def own_id(**settings: Any) -> str:
    return tokens.own_message_id(account(**settings).settings, "mail", OWN)


def receipt(raw: bytes, **envelope: Any) -> Receipt:
    [event] = parsed(raw, **envelope).events
    assert isinstance(event, Receipt)
    return event


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("bounce-postfix", DeliveryStatus.FAILED, "5.1.1"),
        ("bounce-qmail", DeliveryStatus.FAILED, "5.1.1"),
        ("bounce-turkish", DeliveryStatus.FAILED, "5.0.0"),
        ("bounce-delayed", DeliveryStatus.ACCEPTED, "4.4.1"),
        ("complaint", DeliveryStatus.DELIVERED, None),
    ],
)
def test_a_report_about_a_reply_is_news_of_it(name: str, status: DeliveryStatus, code: str | None) -> None:
    news = receipt(corpus(name).replace(b"the-reply@shop.example", own_id().encode()), sender="")

    assert (news.message, news.conversation, news.status, news.code) == (MESSAGE, CONVERSATION, status, code)
    assert news.provider_id == own_id()


def test_the_reason_is_a_sentence_with_the_servers_own_words() -> None:
    news = receipt(corpus("bounce-postfix").replace(b"the-reply@shop.example", own_id().encode()), sender="")

    said = "there is no such mailbox (their server: 550 5.1.1 User unknown)"
    assert news.text == f"It could not be delivered to anna@customers.example: {said}"


def test_a_report_that_returns_nothing_is_known_by_the_address_it_came_to() -> None:
    to = tokens.bounce_address(account().settings, "mail", MESSAGE)

    assert receipt(corpus("bounce-postfix"), sender="", to=to).message == MESSAGE


def test_a_report_about_a_mail_that_is_not_ours_fails_no_reply() -> None:
    forged = own_id(reply_secret="another-secret-altogether").encode()

    told = parsed(corpus("bounce-postfix").replace(b"the-reply@shop.example", forged), sender="")

    assert (told.events, [problem.kind for problem in told.problems]) == ((), ["unknown"])


def test_what_only_looks_like_a_report_is_a_message() -> None:
    assert head(message(corpus("bounce-qmail"), sender="")).automatic is not None
    assert head(message(corpus("speaks-of-failure-and-is-none"))).automatic is None


# --- trust ---------------------------------------------------------------------------------------------------


def test_only_our_own_relays_word_on_a_sender_counts() -> None:
    checks = "Authentication-Results: mx.shop.example; spf=pass; dkim=fail; dmarc=FAIL header.from=customers.example"
    forged = "Authentication-Results: mx.evil.example; dmarc=fail"
    raw = mail("From: anna@customers.example", forged, checks)

    assert head(message(raw, trusted_checks="mx.shop.example")).failed_checks == "dkim=fail, dmarc=fail"
    assert head(message(raw)).failed_checks is None
    assert head(message(mail("From: a@x.example", forged), trusted_checks="mx.shop.example")).failed_checks is None
