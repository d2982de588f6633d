"""Replies by mail: handed to a real SMTP server once, again when it must be, flagged when in doubt, or failed."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from services.notify.sender import Sender
from tests.integration.ingest.test_mail_door import certificate
from tests.integration.notify.post import Post, Shortest, _record, notify, post, until
from trunkline.blobs import Blobs
from trunkline.bus import Partition
from trunkline.channels.base import FailureClass, Mail, NoResponse, Response, SendStep
from trunkline.channels.email.failures import interpret
from trunkline.events import ReplySent, ReplyUndeliverable, SendFailed, Topic
from trunkline.ids import new_conversation_id, new_id
from trunkline.messages import Address, MailHead, Media, OutboundMessage, Part, Text
from trunkline.testing.mail import MailSink
from trunkline.testing.servers import Valkey

CUSTOMER = "anna@customers.example"
COLLEAGUE = "bruno@customers.example"

CONFIG = """
default_queue: support
queues:
  support: {{title: Support}}
accounts:
  mail-main:
    channel: email
    settings: {{addresses: [support@shop.example], reply_secret: a-secret-of-the-tests-only, relay_host: 127.0.0.1,
      relay_port: {port}, relay_security: none}}
"""


@asynccontextmanager
async def posted(valkey: Valkey, folder: Path) -> AsyncIterator[tuple[Post, MailSink]]:
    """A notify that makes no pause longer than it must, and its relay."""
    async with MailSink() as sink, post(valkey.url, folder, "http://127.0.0.1:1") as it:
        it.config.write_text(CONFIG.format(port=sink.port))
        async with notify(it, chance=Shortest()):
            yield it, sink


async def write(it: Post, *parts: Part, cc: Sequence[str] = (), left_s: float = 3_600) -> OutboundMessage:
    """A reply, as the router relays it."""
    now = datetime.now(UTC)
    message = OutboundMessage(
        id=new_id(), account="mail-main", channel="email", conversation=new_conversation_id(0), agent="ana",
        contact=Address(scheme="mailto", value=CUSTOMER), parts=(MailHead(subject="Re: Parcel", cc=tuple(cc)), *parts),
        written_at=now, send_before=now + timedelta(seconds=left_s),
    )  # fmt: skip
    await it.bus.append(Partition(Topic.ROUTING, 0), [_record(message, later=False)])
    return message


def _in_vain() -> float:
    """Attempts so far that found no relay."""
    labels = {"account": "mail-main", "outcome": "retry"}
    return REGISTRY.get_sample_value("trunkline_notify_attempts_total", labels) or 0.0


async def test_a_reply_is_handed_to_the_relay_and_known_by_its_message_id(valkey: Valkey, tmp_path: Path) -> None:
    async with posted(valkey, tmp_path) as (it, sink):
        told = await it.outcome(await write(it, Text(text="It left today."), cc=[COLLEAGUE]))

        [mail] = sink.received
        assert isinstance(told, ReplySent)
        assert told.provider_ids == (mail.message["Message-ID"].strip("<>"),)
        assert (told.attempts, told.possible_duplicate) == (1, False)
        assert mail.recipients == (CUSTOMER, COLLEAGUE)
        assert mail.sender.startswith("bounce+")
        assert mail.text == "It left today.\n"


async def test_lines_that_begin_with_a_dot_arrive_as_they_are(valkey: Valkey, tmp_path: Path) -> None:
    async with posted(valkey, tmp_path) as (it, sink):
        await it.outcome(await write(it, Text(text="a\n.\n..b\nFrom me\n.")))

        assert sink.received[0].text == "a\n.\n..b\nFrom me\n.\n"


async def test_files_go_along_byte_for_byte(valkey: Valkey, tmp_path: Path) -> None:
    content = bytes(range(256)) * 1_000
    blob = await Blobs(tmp_path / "blobs").put(content)
    async with posted(valkey, tmp_path) as (it, sink):
        media = Media(content_type="application/x-thing", name="rēķins.bin", blob=blob)
        assert isinstance(await it.outcome(await write(it, Text(text="see"), media)), ReplySent)

        [file] = sink.received[0].message.iter_attachments()
        assert (file.get_filename(), file.get_content()) == ("rēķins.bin", content)


async def test_a_mailbox_that_is_not_there_fails_the_reply_with_a_sentence(valkey: Valkey, tmp_path: Path) -> None:
    async with posted(valkey, tmp_path) as (it, sink):
        sink.manners.recipients[CUSTOMER] = "550 5.1.1 no such user"

        told = await it.outcome(await write(it, Text(text="hi"), cc=[COLLEAGUE]))

        assert isinstance(told, SendFailed)
        assert (told.kind, told.code) == ("unreachable", "5.1.1")
        assert told.text == "The mail was refused: there is no such mailbox."
        assert len(await it.events(ReplyUndeliverable)) == 1
        assert sink.received == [], "nobody in cc gets what the contact cannot have"


async def test_somebody_in_cc_who_is_refused_holds_up_nobody(valkey: Valkey, tmp_path: Path) -> None:
    async with posted(valkey, tmp_path) as (it, sink):
        sink.manners.recipients[COLLEAGUE] = "550 5.1.1 no such user"

        assert isinstance(await it.outcome(await write(it, Text(text="hi"), cc=[COLLEAGUE])), ReplySent)
        assert sink.received[0].recipients == (CUSTOMER,)


async def test_a_relay_that_is_busy_is_asked_again(valkey: Valkey, tmp_path: Path) -> None:
    async with posted(valkey, tmp_path) as (it, sink):
        sink.manners.data = ["451 4.3.0 busy", "421 4.3.2 going down"]

        told = await it.outcome(await write(it, Text(text="hi")))

        assert isinstance(told, ReplySent)
        assert (told.attempts, told.possible_duplicate, len(sink.received)) == (3, False, 1)


async def test_a_relay_that_breaks_off_after_the_last_dot_gets_the_same_mail_again_and_it_is_flagged(
    valkey: Valkey, tmp_path: Path
) -> None:
    async with posted(valkey, tmp_path) as (it, sink):
        sink.manners.data = ["drop"]

        told = await it.outcome(await write(it, Text(text="hi")))

        first, second = sink.received
        assert isinstance(told, ReplySent)
        assert told.possible_duplicate
        assert first.raw == second.raw


async def test_a_relay_that_is_away_is_waited_for(valkey: Valkey, tmp_path: Path) -> None:
    async with post(valkey.url, tmp_path, "http://127.0.0.1:1") as it:
        away = MailSink()
        it.config.write_text(CONFIG.format(port=away.port))
        before = _in_vain()
        async with notify(it, chance=Shortest()):
            message = await write(it, Text(text="hi"))
            await until(lambda: _in_vain() > before + 1)
            async with away:
                told = await it.outcome(message)

    assert isinstance(told, ReplySent)
    assert told.attempts > 1
    assert not told.possible_duplicate
    assert len(away.received) == 1


async def test_a_relay_that_is_not_who_it_says_gets_no_mail(tmp_path: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate(tmp_path))
    async with MailSink(tls=context) as sink, Sender(Blobs(tmp_path / "blobs")) as sender:
        mail = Mail(
            host="127.0.0.1", port=sink.port, security="starttls", sender="a@x.example", recipients=(CUSTOMER,),
            pieces=(b"Subject: x\r\n\r\nx",),
        )  # fmt: skip
        step = SendStep(url="smtp://x", bucket="x", mail=mail)

        told = await sender.call(step)
        plain = await sender.call(step.model_copy(update={"mail": mail.model_copy(update={"security": "none"})}))

    assert isinstance(told, NoResponse)
    assert not told.sent
    assert isinstance(plain, Response)
    assert len(sink.received) == 1


async def test_a_relay_that_offers_no_encryption_where_it_must_gets_no_mail(tmp_path: Path) -> None:
    async with MailSink() as sink, Sender(Blobs(tmp_path / "blobs")) as sender:
        mail = Mail(
            host="127.0.0.1", port=sink.port, security="starttls", sender="a@x.example", recipients=(CUSTOMER,),
            pieces=(b"Subject: x\r\n\r\nx",),
        )  # fmt: skip

        told = await sender.call(SendStep(url="smtp://x", bucket="x", mail=mail, basic_auth=("user", "secret")))

    assert isinstance(told, NoResponse)
    assert not told.sent
    assert sink.received == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # the sink is on loopback
async def test_a_relay_lets_us_in_by_password_and_says_so_when_it_is_wrong(tmp_path: Path) -> None:
    async with MailSink(login=("trunkline", "right")) as sink, Sender(Blobs(tmp_path / "blobs")) as sender:
        mail = Mail(
            host="127.0.0.1", port=sink.port, security="none", sender="a@x.example", recipients=(CUSTOMER,),
            pieces=(b"Message-ID: <x@x.example>\r\n\r\nx",),
        )  # fmt: skip
        step = SendStep(url="smtp://x", bucket="x", mail=mail)

        right = await sender.call(step.model_copy(update={"basic_auth": ("trunkline", "right")}))
        wrong = await sender.call(step.model_copy(update={"basic_auth": ("trunkline", "wrong")}))

    assert isinstance(right, Response)
    assert right.status == 250
    assert interpret(wrong, "x").model_dump()["kind"] == FailureClass.AUTH
    assert len(sink.received) == 1


async def test_words_without_an_agent_are_sent_once_and_call_themselves_automatic(
    valkey: Valkey, tmp_path: Path
) -> None:
    async with posted(valkey, tmp_path) as (it, sink):
        now = datetime.now(UTC)
        message = OutboundMessage(
            id=new_id(), account="mail-main", channel="email", conversation=new_conversation_id(0),
            contact=Address(scheme="mailto", value=CUSTOMER), written_at=now, send_before=now + timedelta(hours=1),
            parts=(MailHead(subject="Re: Parcel"), Text(text="We are closed now.")),
        )  # fmt: skip
        await it.bus.append(Partition(Topic.ROUTING, 0), [_record(message, later=False, told="closed")])
        assert isinstance(await it.outcome(message), ReplySent)
        [mail] = sink.received
        assert mail.message["Auto-Submitted"] == "auto-replied"
