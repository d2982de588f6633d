"""Where a mail is, and who took part: what ingest asks before it puts a mail into a thread."""

from __future__ import annotations

from services.agents.letters import Letters
from services.agents.repository import Repository
from trunkline.channels.email import Email
from trunkline.events import (
    BeginningDetails,
    ConversationBegun,
    ConversationOpened,
    InboundDetails,
    MessageAdded,
    ReplyDetails,
    ReplyWritten,
)
from trunkline.messages import Address, MailHead, OutboundMessage, Text

from .stories import ACCOUNT, Log, Talk

THREAD = f"{ACCOUNT}|mail:{'a' * 26}"


def mail(talk: Talk, sender: str, **head: object) -> InboundDetails:
    message = talk.inbound("hello")
    parts = (MailHead.model_validate({"sender": sender} | head), Text(text="hello"))
    contact = Address(scheme="mailto", value=sender)
    return InboundDetails(message=message.model_copy(update={"parts": parts, "contact": contact, "channel": "email"}))


def conversation(log: Log) -> Talk:
    return Talk(log, contact="Anna@customers.example", thread=THREAD, scheme="mailto", channel="email")


async def test_a_mail_is_found_with_its_thread_and_its_digest(record: Repository, log: Log) -> None:
    talk = conversation(log)
    details = mail(talk, "anna@customers.example", digest="d" * 64)
    await record.projection.apply([talk.step(ConversationOpened, details=details)])

    known = await record.mail.known(ACCOUNT, [details.message.id, "unknown"])

    assert {name: (one.thread, one.digest) for name, one in known.items()} == {details.message.id: (THREAD, "d" * 64)}
    assert await record.mail.known("another-account", [details.message.id]) == {}


async def test_everybody_named_by_either_side_took_part(record: Repository, log: Log) -> None:
    talk = conversation(log)
    reply: OutboundMessage = talk.outbound("hi").model_copy(
        update={"parts": (MailHead(cc=("Dora@x.example",)), Text(text="hi"))}
    )
    await record.projection.apply(
        [
            talk.step(ConversationOpened, details=mail(talk, "anna@customers.example", cc=("bruno@x.example",))),
            talk.step(MessageAdded, details=mail(talk, "bruno@x.example", to=("Carla@x.example",))),
            talk.step(ReplyWritten, details=ReplyDetails(message=reply)),
        ]
    )

    assert await record.mail.participants([THREAD, "unknown"]) == {
        THREAD: ["anna@customers.example", "bruno@x.example", "carla@x.example", "dora@x.example"]
    }


async def test_a_message_of_another_channel_has_no_head_and_harms_nobody(record: Repository, log: Log) -> None:
    talk = Talk(log)
    await record.projection.apply([talk.opens()])

    assert await record.mail.participants([talk.state.thread]) == {talk.state.thread: ["+37120000001"]}


async def test_a_letter_follows_the_one_before_it_also_while_the_record_has_not_got_that_one(
    record: Repository, log: Log
) -> None:
    talk, letters, words = conversation(log), Letters(record), (Text(text="hi"),)
    await record.projection.apply([talk.step(ConversationBegun, details=BeginningDetails(by="ana"))])

    async def subject(*parts: Text | MailHead) -> str:
        completed = await letters.complete(Email(), parts, talk.id, "ana")
        assert completed is not None
        assert isinstance(completed[0], MailHead)
        return completed[0].subject

    assert await subject(*words) == "Re:"
    letters.written(talk.id, (MailHead(subject="Your parcel"), *words))
    assert await subject(*words) == "Re: Your parcel"

    answer = mail(talk, "anna@customers.example", subject="Where is it?")
    await record.projection.apply([talk.step(MessageAdded, details=answer)])
    assert await subject(*words) == "Re: Where is it?"
