"""The door for mail: 250 when the mail is in the log and not before; what is refused, and with which code."""

from __future__ import annotations

import asyncio
import base64
import smtplib
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from services.ingest.smtp import MAX_RECIPIENTS, Limits
from tests.integration.ingest.mail_door import CUSTOMER, SALES, SUPPORT, MailDoor, mail_door, speak
from trunkline.bus import BusError, NewRecord, Partition
from trunkline.bus.streams import StreamsBus
from trunkline.channels.email import settings_of, tokens
from trunkline.events import ReceiptReceived, Topic, unpack
from trunkline.ids import shard_of
from trunkline.messages import MailHead, Media, Text, Unsupported
from trunkline.testing.mail import hand_in, written
from trunkline.testing.servers import Valkey

BOUNCE = Path(__file__).parents[2] / "payloads" / "email" / "bounce-postfix.eml"


@pytest_asyncio.fixture
async def it(valkey: Valkey, tmp_path: Path) -> AsyncIterator[MailDoor]:
    async with mail_door(valkey.url, tmp_path) as opened:
        yield opened


async def test_a_taken_mail_is_in_the_log_with_its_original_beside_it(it: MailDoor) -> None:
    mail = written(f"Anna <{CUSTOMER}>", SUPPORT, "Where is it?", subject="Parcel", message_id="a@x.example")
    raw = mail.as_bytes()

    assert (await it.send(raw)).code == 250

    message = await it.message()
    [record] = await it.records()
    head = message.parts[0]
    assert isinstance(head, MailHead)
    assert (head.subject, message.provider_id, message.account) == ("Parcel", "a@x.example", "mail-main")
    assert message.contact.model_dump() == {"scheme": "mailto", "value": CUSTOMER, "display": "Anna"}
    assert [part.text for part in message.parts if isinstance(part, Text)] == ["Where is it?"]
    assert record.partition.number == shard_of(message.thread, 3)
    assert head.original is not None
    assert await it.blobs.get(head.original.digest) == raw


async def test_files_are_in_the_blobs_before_anybody_hears_250(it: MailDoor) -> None:
    mail = written(CUSTOMER, SUPPORT, "see")
    mail.add_attachment(b"%PDF-1.4 ...", maintype="application", subtype="pdf", filename="rēķins.pdf")

    assert (await it.send(mail.as_bytes())).code == 250

    [file] = [part for part in (await it.message()).parts if isinstance(part, Media)]
    assert (file.name, file.content_type) == ("rēķins.pdf", "application/pdf")
    assert file.blob is not None
    assert await it.blobs.get(file.blob.digest) == b"%PDF-1.4 ..."


async def test_a_mail_to_two_accounts_is_a_message_of_each(it: MailDoor) -> None:
    assert (await it.send(to=[SUPPORT, SALES, "Support+vip@shop.example"])).code == 250

    assert sorted(message.account for message in await it.messages()) == ["mail-main", "mail-sales"]


async def test_a_repeat_has_the_same_id_and_the_same_thread(it: MailDoor) -> None:
    for _ in range(2):
        assert (await it.send(message_id="a@x.example")).code == 250

    first, second = await it.messages()
    assert (first.id, first.thread) == (second.id, second.thread)


@pytest.mark.parametrize(
    "recipient",
    ["nobody@shop.example", "support@else.example", "support@shop.example.evil.example", "reply+x.y@shop.example",
     "bounce+x@shop.example", "support%else.example@shop.example", "postmaster"],
)  # fmt: skip
async def test_we_relay_for_nobody(it: MailDoor, recipient: str) -> None:
    greeting, _, _, told = await speak(
        it.port, b"EHLO x", f"MAIL FROM:<{CUSTOMER}>".encode(), f"RCPT TO:<{recipient}>".encode()
    )

    assert greeting.startswith(b"220")
    assert told[:1] == b"5"
    assert await it.records() == []


async def test_a_reply_address_of_another_accounts_secret_is_nobody(it: MailDoor) -> None:
    token = tokens.thread_token("mail-main", "x")
    ours = tokens.reply_address(settings_of(it.account("mail-main")), "mail-main", token)
    theirs = tokens.reply_address(settings_of(it.account("mail-sales")), "mail-main", token)

    assert (await it.send(to=[ours])).code == 250
    assert (await it.send(to=[theirs])).code == 550


async def test_sizes_are_bounded_before_and_while_it_comes(valkey: Valkey, tmp_path: Path) -> None:
    async with mail_door(valkey.url, tmp_path, limits=Limits(max_bytes=50_000)) as it:
        declared = await speak(it.port, b"EHLO x", f"MAIL FROM:<{CUSTOMER}> SIZE=50001".encode())
        assert declared[-1].startswith(b"552")

        assert (await it.send("word " * 20_000)).code == 552
        assert await it.records() == []
        assert (await it.send("word " * 8_000)).code == 250


async def test_recipients_connections_and_mails_are_bounded(valkey: Valkey, tmp_path: Path) -> None:
    async with mail_door(valkey.url, tmp_path, limits=Limits(max_connections=2, mails_per_minute=2)) as it:
        many = [b"RCPT TO:<support+%d@shop.example>" % n for n in range(MAX_RECIPIENTS + 1)]
        told = await speak(it.port, b"EHLO x", f"MAIL FROM:<{CUSTOMER}>".encode(), *many)
        assert told[-2].startswith(b"250")
        assert told[-1].startswith(b"452")

        assert (await it.send()).code == 250
        assert (await it.send()).code == 451

        async with asyncio.timeout(10):
            while it.door._state.connections:  # those before are gone when the server has noticed it
                await asyncio.sleep(0.01)
        open_ones = [await asyncio.open_connection("127.0.0.1", it.port) for _ in range(2)]
        for reader, _ in open_ones:
            assert (await reader.readline()).startswith(b"220")
        assert (await speak(it.port))[0].startswith(b"421")
        for _, writer in open_ones:
            writer.close()


async def test_commands_out_of_order_and_nonsense_take_nothing(it: MailDoor) -> None:
    told = await speak(
        it.port, b"DATA", b"EHLO x", b"RCPT TO:<support@shop.example>", b"MAIL FROM:<a@b.example>", b"DATA",
        b"VRFY support", b"\xff\xfe\x00", b"MAIL FROM:<a@b.example>", b"RCPT TO:support\x00@shop.example", b"X" * 900,
    )  # fmt: skip

    assert [reply[:1] for reply in told] == [b"2", b"5", b"2", b"5", b"2", b"5", b"2", b"5", b"5", b"5", b"5"]
    assert await it.records() == []


async def test_two_mails_are_not_smuggled_as_one(it: MailDoor) -> None:
    """CVE-2023-51764 and its kin: a lone LF or CR around the dot ends no mail."""
    for end in (b"\n.\n", b"\r.\r", b"\n.\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        start = b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<support@shop.example>\r\nDATA\r\n"
        smuggled = (
            b"MAIL FROM:<evil@b.example>\r\nRCPT TO:<support@shop.example>\r\nDATA\r\nFrom: evil@b.example\r\n\r\nx"
        )
        writer.write(start + b"From: a@b.example\r\n\r\nhi" + end + smuggled + b"\r\n.\r\nQUIT\r\n")
        async with asyncio.timeout(10):
            await reader.read()
        writer.close()

    messages = await it.messages()
    assert "evil@b.example" not in {message.contact.value for message in messages}


ENVELOPE = b"EHLO x\r\nMAIL FROM:<anna@customers.example>\r\nRCPT TO:<support@shop.example>\r\nDATA\r\n"


async def say(port: int, data: bytes, *, piece: int) -> bytes:
    """All that the server says to these bytes, sent in pieces of this size."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for at in range(0, len(data), piece):
        writer.write(data[at : at + piece])
        await writer.drain()
        await asyncio.sleep(0)
    async with asyncio.timeout(20):
        told = await reader.read()
    writer.close()
    return told


@pytest.mark.parametrize("piece", [1, 3, 1_000_000])
async def test_a_mail_is_the_same_however_its_bytes_are_cut(it: MailDoor, piece: int) -> None:
    mail = b"From: anna@customers.example\r\n\r\n..one\r\n...\r\n\r\n..\r\nend\r\n"

    told = await say(it.port, ENVELOPE + mail + b".\r\nNOOP\r\nQUIT\r\n", piece=piece)

    assert [line[:3] for line in told.splitlines()][-4:] == [b"354", b"250", b"250", b"221"]
    head = (await it.message()).parts[0]
    assert isinstance(head, MailHead)
    assert head.original is not None
    assert await it.blobs.get(head.original.digest) == mail.replace(b"\r\n.", b"\r\n")


async def test_an_empty_mail_is_a_mail(it: MailDoor) -> None:
    told = await say(it.port, ENVELOPE + b".\r\nQUIT\r\n", piece=1_000_000)

    assert [line[:3] for line in told.splitlines()][-3:] == [b"354", b"250", b"221"]
    assert (await it.message()).contact.value == CUSTOMER


def by_thread(port: int, mail: bytes) -> None:
    """From a thread of its own, so that our loop has the server's work alone."""
    with smtplib.SMTP("127.0.0.1", port, timeout=120) as client:
        client.sendmail(CUSTOMER, [SUPPORT], mail)


async def longest_block_s(done: asyncio.Future[None]) -> float:
    """The most CPU that the loop's thread took between two turns; what others take on the machine does not count."""
    longest, before = 0.0, time.thread_time()
    while not done.done():
        await asyncio.sleep(0.002)
        longest, before = max(longest, time.thread_time() - before), time.thread_time()
    return longest


KIND = b"Content-Type: application/zip; name=l.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
LARGE: dict[str, Callable[[], bytes]] = {
    "a file of 25 MB": lambda: (
        b"From: anna@customers.example\r\n" + KIND + base64.encodebytes(b"\x80\xff" * 12_500_000)
    ),
    "35 MB of empty lines": lambda: b"From: anna@customers.example\r\n\r\n" + b"\r\n" * 17_000_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
async def test_a_large_mail_is_taken_and_blocks_no_loop(it: MailDoor, name: str) -> None:
    sending = asyncio.ensure_future(asyncio.to_thread(by_thread, it.port, LARGE[name]()))

    longest = await longest_block_s(sending)

    await sending
    print(f"{name}: the loop was blocked for {longest * 1000:.0f} ms at most")
    assert longest < 0.25
    assert len(await it.messages()) == 1


# --- what is not the mail's fault ------------------------------------------------------------------------------


class Refusing(StreamsBus):
    """A log that says no."""

    async def append(self, partition: Partition, records: Sequence[NewRecord], *, paced: bool = False) -> int:
        """Refuse."""
        raise BusError("not the leader")


async def test_a_log_that_refuses_means_come_again(valkey: Valkey, tmp_path: Path) -> None:
    async with mail_door(valkey.url, tmp_path, bus=Refusing) as it:
        assert (await it.send()).code == 451


async def test_a_dead_log_means_come_again_and_the_repeat_arrives_once(tmp_path: Path) -> None:
    async with Valkey(appendfsync="always") as server, mail_door(server.url, tmp_path, total_s=8) as it:
        await server.kill()
        assert (await it.send(message_id="a@x.example")).code == 451
        await server.start()

        assert (await it.send(message_id="a@x.example")).code == 250

        assert len({message.id for message in await it.messages()}) == 1


async def test_without_the_record_a_mail_is_not_guessed_into_a_thread(it: MailDoor) -> None:
    it.record.away = True
    assert (await it.send(message_id="a@x.example")).code == 451
    it.record.away = False

    assert (await it.send(message_id="a@x.example")).code == 250


async def test_a_folder_that_cannot_be_written_means_come_again(it: MailDoor, tmp_path: Path) -> None:
    blobs = tmp_path / "blobs"
    blobs.write_text("no folder")

    assert (await it.send()).code == 452

    blobs.unlink()
    assert (await it.send()).code == 250


# --- hostile ---------------------------------------------------------------------------------------------------


async def test_a_mail_that_cannot_be_read_reaches_an_agent_as_a_file(it: MailDoor) -> None:
    raw = b"From: anna@customers.example\r\nSubject: " + b"=?utf-8?q?a?= " * 600 + b"\r\n\r\nhi\r\n"

    assert (await it.send(raw)).code == 250

    message = await it.message()
    [unsupported] = [part for part in message.parts if isinstance(part, Unsupported)]
    [file] = [part for part in message.parts if isinstance(part, Media)]
    assert "encoded words" in unsupported.reason
    assert file.blob is not None
    assert await it.blobs.get(file.blob.digest) == raw


async def test_a_reader_that_hangs_is_killed_and_the_next_mail_is_read(valkey: Valkey, tmp_path: Path) -> None:
    # Too little time for the interpreter to start, let alone to read: the same to us as a parser that hangs.
    async with mail_door(valkey.url, tmp_path, wall_s=0.01) as it:
        assert (await it.send("hello", message_id="a@x.example")).code == 250
        message = await it.message()
        assert "took longer than" in next(part.reason for part in message.parts if isinstance(part, Unsupported))

    async with mail_door(valkey.url, tmp_path) as it:
        assert (await it.send("hello", message_id="a@x.example")).code == 250
        assert [part.text for part in (await it.message()).parts if isinstance(part, Text)] == ["hello"]


async def test_a_reader_that_died_of_something_else_costs_no_mail(it: MailDoor) -> None:
    assert (await it.send("one", message_id="a@x.example")).code == 250
    readers = [child for child in psutil.Process().children() if "services.ingest.mail_reader" in child.cmdline()]
    for reader in readers:
        reader.kill()
        reader.wait(5)

    assert (await it.send("two", message_id="b@x.example")).code == 250

    assert readers
    said = [part.text for message in await it.messages() for part in message.parts if isinstance(part, Text)]
    assert said == ["one", "two"]


async def test_a_report_of_no_sender_that_nobody_can_read_is_set_aside_whole(it: MailDoor) -> None:
    raw = b"Subject: " + b"=?utf-8?q?a?= " * 600 + b"\r\n\r\nhi\r\n"

    assert (await it.send(raw, sender="")).code == 250

    assert await it.messages() == []
    [letter] = await it.letters()
    assert "encoded words" in letter.reason


# --- reports and loops -------------------------------------------------------------------------------------------


async def test_a_report_is_news_of_the_reply_in_its_conversations_shard(it: MailDoor) -> None:
    settings = settings_of(it.account())
    own = tokens.Own("0" * 32, "2-" + "0" * 32, None)
    raw = BOUNCE.read_bytes().replace(
        b"the-reply@shop.example", tokens.own_message_id(settings, "mail-main", own).encode()
    )
    to = tokens.bounce_address(settings, "mail-main", own.message)

    assert (await it.send(raw, sender="", to=[to])).code == 250

    [record] = await it.records(Topic.DELIVERIES)
    event = unpack(record.value).read()
    assert isinstance(event, ReceiptReceived)
    assert (event.message, event.conversation, event.status, event.code) == (*own[:2], "failed", "5.1.1")
    assert record.partition.number == 2
    assert await it.records() == []


async def test_a_reply_of_ours_that_comes_back_goes_no_further(it: MailDoor) -> None:
    settings = settings_of(it.account())
    own = tokens.own_message_id(settings, "mail-main", tokens.Own("0" * 32, "2-" + "0" * 32, None))

    assert (await it.send(message_id=own)).code == 554
    assert await it.records() == []
    assert (await it.send(message_id=own, to=[SALES])).code == 250, "to another account it is a mail like any other"


async def test_a_mail_that_was_passed_on_without_end_is_refused(it: MailDoor) -> None:
    hops = b"Received: from a by b; Mon, 5 Jan 2026 10:00:00 +0000\r\n"
    mail = b"From: anna@customers.example\r\n\r\nhi\r\n"

    assert (await it.send(hops * 51 + mail)).code == 554
    assert (await it.send(hops * 50 + mail)).code == 250


async def test_two_machines_that_answer_each_other_are_slowed_down_and_a_person_is_not(
    valkey: Valkey, tmp_path: Path
) -> None:
    async with mail_door(valkey.url, tmp_path, thread_mails=3) as it:
        told = [(await it.send(f"{n}", headers={"References": "<root@x.example>"})).code for n in range(4)]
        other = await it.send("other matter", message_id="b@x.example")

    assert told == [250, 250, 250, 451]
    assert other.code == 250


# --- STARTTLS ----------------------------------------------------------------------------------------------------


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost, made by openssl for this test."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    return cert, key


def by_tls(port: int) -> tuple[bool, bool, dict[str, tuple[int, bytes]]]:
    """As another library does it: was STARTTLS offered before and after, and who was refused."""
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        client.ehlo()
        before = client.has_extn("starttls")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        client.starttls(context=context)
        client.ehlo()
        after = client.has_extn("starttls")
        refused = client.sendmail(CUSTOMER, [SUPPORT], f"From: {CUSTOMER}\r\nSubject: safe\r\n\r\nhi\r\n")
        return before, after, refused


async def test_mail_comes_by_starttls_where_there_is_a_certificate(valkey: Valkey, tmp_path: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate(tmp_path))
    async with mail_door(valkey.url, tmp_path, tls=context) as it:
        assert await asyncio.to_thread(by_tls, it.port) == (True, False, {})
        head = (await it.message()).parts[0]
        assert isinstance(head, MailHead)
        assert head.subject == "safe"
        # Nothing said before the handshake counts after it (CVE-2011-0411, CVE-2024-34083).
        told = await speak(it.port, b"EHLO x", b"STARTTLS\r\nMAIL FROM:<evil@x.example>")
        assert told[-1].startswith((b"220", b"5"))


async def test_without_a_certificate_starttls_is_not_offered(it: MailDoor) -> None:
    told = await speak(it.port, b"EHLO x", b"STARTTLS")

    assert told[-1].startswith(b"454") or told[-1].startswith(b"5")
    assert (await hand_in(it.port, written(CUSTOMER, SUPPORT, "hi"), sender=CUSTOMER, recipients=[SUPPORT])).code == 250
