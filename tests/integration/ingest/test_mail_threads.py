"""Which thread a mail comes to: by its signed address, by what it refers to, never by what a stranger claims."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.integration.ingest.mail_door import SUPPORT, MailDoor, mail_door
from trunkline.channels.email import settings_of, tokens
from trunkline.ids import message_id
from trunkline.messages import InboundMessage, MailHead
from trunkline.testing.servers import Valkey

STRANGER = "mallory@elsewhere.example"


@pytest_asyncio.fixture
async def it(valkey: Valkey, tmp_path: Path) -> AsyncIterator[MailDoor]:
    async with mail_door(valkey.url, tmp_path) as opened:
        yield opened


async def came(it: MailDoor, text: str = "hello", **more: object) -> InboundMessage:
    """The message that a mail became."""
    before = {message.id for message in await it.messages()}
    assert (await it.send(text, **more)).code == 250  # type: ignore[arg-type]  # fields of a mail
    new = [message for message in await it.messages() if message.id not in before]
    assert len(new) == 1
    return new[0]


def head(message: InboundMessage) -> MailHead:
    assert isinstance(message.parts[0], MailHead)
    return message.parts[0]


def refer(*ids: str) -> dict[str, str]:
    return {"In-Reply-To": f"<{ids[-1]}>", "References": " ".join(f"<{one}>" for one in ids)}


async def test_a_mail_that_refers_to_nothing_begins_a_thread_of_its_own(it: MailDoor) -> None:
    first, second = await came(it, message_id="a@x.example"), await came(it, message_id="b@x.example")

    assert first.thread != second.thread


async def test_answers_come_to_the_thread_of_the_root_before_the_record_knows_it(it: MailDoor) -> None:
    root = await came(it, message_id="root@x.example")
    answer = await came(it, message_id="b@x.example", headers=refer("root@x.example"))
    later = await came(it, message_id="c@x.example", headers=refer("root@x.example", "b@x.example"))

    assert root.thread == answer.thread == later.thread


async def test_an_answer_whose_references_lost_the_root_is_found_by_the_record(it: MailDoor) -> None:
    root = await came(it, message_id="root@x.example")
    answer = await came(it, message_id="b@x.example", headers=refer("root@x.example"))
    it.has(root)
    it.has(answer)

    cut = await came(it, message_id="c@x.example", headers=refer("unknown@x.example", "b@x.example"))

    assert cut.thread == root.thread


async def test_an_answer_to_a_reply_of_ours_needs_no_record_and_no_root(it: MailDoor) -> None:
    root = await came(it, message_id="root@x.example")
    settings, token = settings_of(it.account()), tokens.token_of(root.thread)
    own = tokens.own_message_id(settings, "mail-main", tokens.Own("0" * 32, "2-" + "0" * 32, token))

    assert (await came(it, message_id="b@x.example", headers=refer(own))).thread == root.thread


async def test_the_signed_address_counts_before_all_that_the_header_says(it: MailDoor) -> None:
    root = await came(it, message_id="root@x.example")
    token = tokens.token_of(root.thread) or ""
    address = tokens.reply_address(settings_of(it.account()), "mail-main", token)

    answer = await came(it, message_id="b@x.example", headers=refer("else@x.example"), to=[address])

    assert answer.thread == root.thread
    assert not head(answer).stranger


async def test_who_only_knows_an_id_does_not_get_into_a_thread(it: MailDoor) -> None:
    root = await came(it, message_id="root@x.example")
    it.has(root, "bruno@x.example")

    stranger = await came(it, message_id="b@x.example", headers=refer("root@x.example"), sender=STRANGER)
    colleague = await came(it, message_id="c@x.example", headers=refer("root@x.example"), sender="Bruno@x.example")

    assert stranger.thread != root.thread
    assert colleague.thread == root.thread


async def test_who_was_given_the_reply_address_gets_in_and_is_shown_as_a_stranger(it: MailDoor) -> None:
    root = await came(it, message_id="root@x.example")
    it.has(root)
    address = tokens.reply_address(settings_of(it.account()), "mail-main", tokens.token_of(root.thread) or "")

    forwarded = await came(it, message_id="b@x.example", sender=STRANGER, to=[address])

    assert forwarded.thread == root.thread
    assert head(forwarded).stranger


async def test_a_mail_that_comes_again_keeps_its_thread_whatever_was_learned_meanwhile(it: MailDoor) -> None:
    first = await came(it, message_id="b@x.example", headers=refer("r@x.example", "a@x.example"))
    it.record.mails[id_here(it, "a@x.example")] = {"thread": "mail-main|mail:" + "z" * 26, "digest": None}

    assert (await it.send(message_id="b@x.example", headers=refer("r@x.example", "a@x.example"))).code == 250

    assert {message.thread for message in await it.messages()} == {first.thread}


async def test_a_mail_in_the_record_keeps_its_thread_also_after_a_restart(it: MailDoor) -> None:
    message = await came(it, message_id="b@x.example")
    it.has(message)
    it.record.mails[message.id]["thread"] = "mail-main|mail:" + "y" * 26

    assert (await it.send(message_id="b@x.example")).code == 250
    newest = (await it.messages())[-1]

    assert newest.thread == "mail-main|mail:" + "y" * 26


async def test_an_id_used_again_for_other_words_loses_neither_mail(it: MailDoor) -> None:
    first = await came(it, "one", message_id="same@x.example")
    second = await came(it, "two", message_id="same@x.example")

    assert first.id != second.id
    assert (await it.send("two", message_id="same@x.example")).code == 250
    assert len({message.id for message in await it.messages()}) == 2


async def test_accounts_share_no_threads(it: MailDoor) -> None:
    assert (await it.send(to=[SUPPORT, "sales@shop.example"], message_id="a@x.example")).code == 250

    assert len({message.thread for message in await it.messages()}) == 2


def id_here(it: MailDoor, provider_id: str) -> str:
    """The id that a mail has with us."""
    return message_id(it.account().name, provider_id)
