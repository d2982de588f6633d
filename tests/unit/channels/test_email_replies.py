"""What goes out: heads that answer, the very bytes of a mail, and names that only we can have made."""

from __future__ import annotations

import email
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from typing import Any

import pytest

from trunkline.channels.base import Account, NoResponse, Response
from trunkline.channels.email import Email, EmailSettings, tokens
from trunkline.channels.email.failures import meaning
from trunkline.messages import Address, Blob, MailHead, Media, OutboundMessage, Part, Parts, Text

SECRET, OLDER = "a-secret-of-the-tests-only", "the-secret-before-that-one"
TOKEN = tokens.thread_token("mail", "root@customers.example")
CONVERSATION = "3-" + "0" * 30 + "ff"
MESSAGE = "0" * 31 + "1"


def account(**settings: Any) -> Account:
    given = {
        "addresses": ["support@shop.example", "help@shop.example"],
        "name": "Mağaza, The Shop",
        "reply_secret": [SECRET],
        "relay_host": "127.0.0.1",
        "relay_port": 2525,
        "relay_security": "none",
        "signature": "{agent}\nThe Shop",
    }
    model = EmailSettings.model_validate(given | settings)
    return Account(name="mail", channel="email", public_url="https://x.example", settings=model)


def reply(*parts: Part, agent: str | None = "agent-1", contact: str = "anna@customers.example") -> OutboundMessage:
    return OutboundMessage(
        id=MESSAGE, account="mail", channel="email", conversation=CONVERSATION, agent=agent, parts=parts,
        contact=Address(scheme="mailto", value=contact, display="Anna Šmite"),
        written_at=datetime(2026, 1, 5, 10, tzinfo=UTC), send_before=datetime(2026, 1, 7, tzinfo=UTC),
    )  # fmt: skip


def head(**fields: Any) -> MailHead:
    return MailHead.model_validate({"subject": "Re: Paka", "author": "Līga", "thread": TOKEN} | fields)


def sent(message: OutboundMessage, **settings: Any) -> tuple[EmailMessage, bytes]:
    [step] = Email().plan(message, account(**settings))
    assert step.mail is not None
    raw = b"".join(piece if isinstance(piece, bytes) else b"QUJD" for piece in step.mail.pieces)
    parsed = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed, raw


# --- heads ---------------------------------------------------------------------------------------------------


def inbound(**fields: Any) -> Parts:
    return (MailHead.model_validate(fields), Text(text="hello"))


def completed(parts: Parts, *before: Parts, thread: str = "") -> MailHead:
    key = thread or tokens.thread_key("mail", TOKEN)
    made = Email().complete(parts, before, contact="zane@x.example", thread=key, author="Līga")
    assert isinstance(made[0], MailHead)
    return made[0]


@pytest.mark.parametrize(
    ("subject", "answer"),
    [("Paka", "Re: Paka"), ("Re: Paka", "Re: Paka"), ("RE: Re: Paka", "Re: Paka"), ("Ynt: Kargo", "Re: Kargo"),
     ("ATB: Paka", "Re: Paka"), ("Re[2]: Paka", "Re: Paka"), ("Reply wanted", "Re: Reply wanted"), ("", "Re:")],
)  # fmt: skip
def test_a_subject_is_answered_once_whatever_the_language_of_its_prefix(subject: str, answer: str) -> None:
    assert completed((Text(text="hi"),), inbound(subject=subject)).subject == answer


def test_a_reply_answers_the_newest_mail_and_keeps_the_root() -> None:
    first = inbound(message_id="root@x.example")
    last = inbound(message_id="m40@x.example", references=["root@x.example", *(f"m{n}@x.example" for n in range(29))])

    made = completed((Text(text="hi"),), first, last)

    assert made.references[0] == "root@x.example"
    assert made.references[-1] == "m40@x.example"
    assert len(made.references) == 30
    assert made.thread == TOKEN


def test_everybody_who_took_part_stays_unless_the_agent_says_who() -> None:
    before = inbound(sender="bruno@x.example", to=["carla@x.example"], cc=["Bruno@x.example", "dora@x.example"])

    assert set(completed((Text(text="hi"),), before).cc) == {"Bruno@x.example", "carla@x.example", "dora@x.example"}
    asked = completed((MailHead(cc=("eva@x.example",), subject="Else"), Text(text="hi")), before)
    assert (asked.cc, asked.subject) == (("eva@x.example",), "Else")
    assert completed((MailHead(cc=()), Text(text="hi")), before).cc == ()
    assert len(completed((MailHead(subject="Else"), Text(text="hi")), before).cc) == 3
    with pytest.raises(ValueError, match="no e-mail address"):
        completed((MailHead(cc=("eva at home",)), Text(text="hi")), before)


def test_whom_the_mail_is_to_is_not_in_cc_as_well() -> None:
    before = inbound(sender="Zane@X.example", cc=["bruno@x.example"])

    assert completed((Text(text="hi"),), before).cc == ("bruno@x.example",)
    asked = MailHead(cc=("zane@x.example", "eva@x.example"))
    assert completed((asked, Text(text="hi")), before).cc == ("eva@x.example",)


def test_a_stranger_is_answered_only_if_the_agent_says_so() -> None:
    known = inbound(sender="anna@x.example", cc=["bruno@x.example"])
    stranger = inbound(sender="mallory@y.example", cc=["eve@y.example"], stranger=True, message_id="m@y.example")

    assert completed((Text(text="hi"),), known, stranger).cc == ("anna@x.example", "bruno@x.example")
    assert completed((MailHead(cc=("mallory@y.example",)), Text(text="hi")), known, stranger).cc == (
        "mallory@y.example",
    )


def test_the_agent_cannot_choose_what_only_we_may_say() -> None:
    forged = MailHead(thread="z" * 26, references=("else@x.example",), author="The Boss")

    made = completed((forged, Text(text="hi")), inbound(message_id="m@x.example"))

    assert (made.thread, made.references, made.author) == (TOKEN, ("m@x.example",), "Līga")


# --- the mail ------------------------------------------------------------------------------------------------


def test_a_reply_has_the_headers_that_bring_its_answer_back() -> None:
    mail, raw = sent(
        reply(head(references=["root@x.example", "a" * 200 + "@x.example"]), Text(text="Sveiki, rēķins ☂"))
    )

    assert mail["From"].addresses[0].addr_spec == "support@shop.example"
    assert mail["From"].addresses[0].display_name == "Mağaza, The Shop"
    assert mail["To"].addresses[0].display_name == "Anna Šmite"
    assert mail["Subject"] == "Re: Paka"
    assert mail["In-Reply-To"] == "<" + "a" * 200 + "@x.example>"
    assert mail["References"].split() == ["<root@x.example>", "<" + "a" * 200 + "@x.example>"]
    assert mail["Date"].datetime == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert mail["Auto-Submitted"] is None
    where = mail["Reply-To"].addresses[0].addr_spec
    settings = account().settings
    assert tokens.read_reply_address(settings, "mail", where) == TOKEN
    own = tokens.read_message_id(settings, "mail", mail["Message-ID"].strip("<>"))
    assert own == tokens.Own(MESSAGE, CONVERSATION, TOKEN)
    assert mail.get_content().replace("\r\n", "\n") == "Sveiki, rēķins ☂\n\n-- \nLīga\nThe Shop\n"
    assert all(len(line) <= 998 and line.isascii() for line in raw.split(b"\r\n"))


def test_a_machines_reply_says_so_and_answers_no_machine() -> None:
    mail, _ = sent(reply(head(), Text(text="hi"), agent=None))
    assert mail["Auto-Submitted"] == "auto-replied"
    with pytest.raises(ValueError, match="no automatic answer"):
        Email().plan(reply(head(automatic="Precedence: bulk"), Text(text="hi"), agent=None), account())
    Email().plan(reply(head(automatic="Precedence: bulk"), Text(text="hi")), account())


def test_the_envelope_names_the_contact_first_and_never_us() -> None:
    message = reply(head(cc=["help@shop.example", "Anna@customers.example", "bruno@x.example"]), Text(text="hi"))

    [step] = Email().plan(message, account())

    assert step.mail is not None
    assert step.mail.recipients == ("anna@customers.example", "bruno@x.example")
    assert tokens.read_bounce_address(account().settings, "mail", step.mail.sender) == MESSAGE
    assert len(step.mail.sender.partition("@")[0]) <= 64


def test_files_go_along_with_their_names() -> None:
    blob = Blob(digest="c" * 64, size=3)
    media = Media(content_type="application/pdf", name='rēķins "1".pdf', blob=blob)

    mail, _ = sent(reply(head(), Text(text="see"), media))

    [file] = list(mail.iter_attachments())
    assert (file.get_filename(), file.get_content_type(), file.get_content()) == (
        'rēķins "1".pdf',
        "application/pdf",
        b"ABC",
    )


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((head(),), "nothing to send"),
        ((head(), Text(text="x" * 65_000), *[Text(text="x" * 65_000)] * 8), "too long"),
        ((head(), Media(content_type="a/b", blob=Blob(digest="c" * 64, size=20_000_000))), "larger than"),
        ((head(), Media(content_type="a/b", source="https://x.example")), "not kept here"),
    ],
)
def test_what_mail_cannot_carry_is_told_in_a_sentence(parts: Parts, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Email().plan(reply(*parts), account())


@pytest.mark.parametrize(
    "value", ["anna", "anna@x.example\r\nBcc: b@x.example", '"a b"@x.example', "ānna@x.example", "a@b@c"]
)
def test_an_address_that_smtp_cannot_carry_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="none that mail can be sent to"):
        Email().plan(reply(head(), Text(text="hi"), contact=value), account())


def test_no_field_can_begin_another() -> None:
    mail, raw = sent(reply(head(subject="Hi\r\nBcc: evil@x.example", author="A\r\nB"), Text(text="hi")))

    assert mail["Bcc"] is None
    assert b"\r\nBcc:" not in raw.partition(b"\r\n\r\n")[0]


# --- names only we can have made --------------------------------------------------------------------------------


def test_a_signed_name_survives_what_servers_do_to_it_and_nothing_else() -> None:
    settings = account().settings
    address = tokens.reply_address(settings, "mail", TOKEN)

    assert len(address.partition("@")[0]) <= 64
    assert tokens.read_reply_address(settings, "mail", address.upper()) == TOKEN
    for at in range(address.index("@")):
        other = address[:at] + ("a" if address[at] != "a" else "b") + address[at + 1 :]
        assert tokens.read_reply_address(settings, "mail", other) is None
    assert tokens.read_reply_address(settings, "another", address) is None
    assert tokens.read_reply_address(account(domain="else.example").settings, "mail", address) is None


def test_a_secret_is_rotated_without_losing_a_thread() -> None:
    old, new = account(reply_secret=[OLDER]).settings, account(reply_secret=[SECRET, OLDER]).settings
    gone = account(reply_secret=[SECRET]).settings
    own = tokens.own_message_id(old, "mail", tokens.Own("a message/id", CONVERSATION, None))

    assert tokens.read_message_id(new, "mail", own) == tokens.Own("a message/id", CONVERSATION, None)
    assert tokens.read_message_id(gone, "mail", own) is None
    assert tokens.reply_address(new, "mail", TOKEN) == tokens.reply_address(gone, "mail", TOKEN)


# --- answers of relays ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (421, "4.7.0 slow down", "throttled"),
        (450, "4.2.0 greylisted", "retry"),
        (451, "4.7.1 try later", "throttled"),
        (452, "4.2.2 mailbox full", "retry"),
        (454, "4.7.0 temporary authentication failure", "auth"),
        (535, "5.7.8 bad credentials", "auth"),
        (550, "5.1.1 no such user", "unreachable"),
        (550, "no such user", "unreachable"),
        (550, "5.7.1 blocked", "unknown-permanent"),
        (552, "5.3.4 too big", "media-rejected"),
        (554, "5.7.1 spam", "unknown-permanent"),
        (502, "5.5.1 not implemented", "config"),
    ],
)
def test_a_relays_answer_means_what_its_codes_say(status: int, text: str, kind: str) -> None:
    [step] = Email().plan(reply(head(), Text(text="hi")), account())

    outcome = Email().interpret(step, Response(status=status, body=text.encode()), account())

    assert getattr(outcome, "kind", "") == kind
    assert getattr(outcome, "text", "")


def test_a_taken_mail_is_sent_and_known_by_its_message_id() -> None:
    [step] = Email().plan(reply(head(), Text(text="hi")), account())

    taken = Email().interpret(step, Response(status=250, body=b"2.0.0 queued as 1"), account())
    lost = Email().interpret(step, NoResponse(sent=True, reason="reset"), account())

    own = tokens.own_message_id(account().settings, "mail", tokens.Own(MESSAGE, CONVERSATION, TOKEN))
    assert taken.model_dump() == {"provider_ids": (own,), "status": "sent"}
    assert getattr(lost, "kind", "") == "ambiguous"


@pytest.mark.parametrize("code", ["5.1.1", "4.2.2", "5.7.99", "5.99.1", "", None, "nonsense"])
def test_every_code_has_a_sentence(code: str | None) -> None:
    assert len(meaning(code)) > 10


# --- settings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [{"addresses": ["support"]}, {"reply_secret": "short"}, {"relay_host": "a b"}, {"relay_user": "x"},
     {"relay_host": "mail.example.com"}, {"signature": "{name}"}, {"addresses": []}, {"domain": "-"}],
)  # fmt: skip
def test_an_account_that_cannot_work_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        account(**wrong)


def test_no_secret_shows() -> None:
    made = account(relay_user="u", relay_password="hidden-password")
    [step] = Email().plan(reply(head(), Text(text="hi")), made)

    assert step.basic_auth == ("u", "hidden-password")
    for thing in (made, made.settings, step):
        assert SECRET not in repr(thing)
        assert "hidden-password" not in repr(thing)
