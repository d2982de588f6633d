"""What our own services ask the record."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from services.agents.api.asking import Use, internal
from services.agents.api.problems import responses
from services.agents.explaining import explain
from services.agents.repository import ChannelLine, KnownMail, NotThere, Place, ThreadMessages
from trunkline.at_once import ENDS_AT_ONCE, LASTS_AT_ONCE
from trunkline.bus import Partition
from trunkline.events import Topic
from trunkline.explanation import Explanation
from trunkline.messages import MailHead

router = APIRouter(
    prefix="/internal", tags=["internal"], dependencies=[Depends(internal)], responses=responses(401, 422, 503)
)


class Known(BaseModel):
    """Whether the record has a message; not known means "not in the log up to so long ago"."""

    known: bool
    behind_s: float = Field(description="how far behind now the record may be")


class Threads(BaseModel):
    """Threads the board has forgotten, or never known."""

    threads: list[str] = Field(max_length=LASTS_AT_ONCE)


class LastOfThread(BaseModel):
    """A thread's last conversation, and who had it."""

    conversation: str
    agent: str
    language: str = Field(description="that the contact wrote; empty where it could not be told")


class LastOfThreads(BaseModel):
    """By thread; a thread that is not there never had a conversation."""

    threads: dict[str, LastOfThread]


class MailsAsked(BaseModel):
    """Mails by our message id, and threads by their keys."""

    account: str = Field(max_length=63)
    mails: list[str] = Field(max_length=64)
    threads: list[str] = Field(max_length=32)


class MailsFound(BaseModel):
    """What the record has of them; a thread that is not there never had a conversation."""

    mails: dict[str, KnownMail]
    participants: dict[str, list[str]] = Field(description="of the threads asked and found: addresses in lower case")


@router.get("/conversations/{conversation}/explain", responses=responses(404))
async def explain_conversation(conversation: str, use: Use) -> Explanation:
    """Why it was offered to whom it was, and why it still waits: for the operator's command line."""
    one = await use.repository.conversations.one(conversation)
    if one is None:
        raise NotThere("the record has no such conversation (yet)")
    return await explain(use.repository, use.board, one, seen_by=None)


class Letters(BaseModel):
    """What the customer's letters in a conversation say of themselves."""

    version: int = Field(description="of the conversation, as far as the record has heard; 0: not of it yet")
    heads: list[MailHead] = Field(description="in order, of the last fifty messages")


@router.get("/conversations/{conversation}/letters")
async def letters_of(conversation: str, use: Use) -> Letters:
    """The heads that an answer without an agent needs; a conversation the record has not got yet has none."""
    found = await use.repository.conversations.transcript(conversation, limit=50)
    if found is None:
        return Letters(version=0, heads=[])
    inbound = (message for message in found.messages if message.direction == "inbound")
    heads = [part for message in inbound for part in message.parts if isinstance(part, MailHead)]
    return Letters(version=found.conversation.version, heads=heads)


class NewLines(BaseModel):
    """Lines of the channel log."""

    lines: list[ChannelLine] = Field(max_length=1_000)


@router.get("/messages/{message}")
async def message_known(
    message: str,
    use: Use,
    account: Annotated[str, Query(max_length=63)],
    shard: Annotated[int, Query(ge=0, le=1_023)],
    end: Annotated[int, Query(ge=0, description="end of the shard's routing-events, as the router sees it")],
) -> Known:
    """Whether a message is in the record."""
    known = await use.repository.history.known_message(account, message, partition=Partition(Topic.ROUTING, shard))
    if known.known or known.offset >= end:
        return Known(known=known.known, behind_s=0)
    since = known.event_at or datetime.fromtimestamp(0, UTC)
    return Known(known=False, behind_s=max(0.0, (datetime.now(UTC) - since).total_seconds()))


@router.post("/threads")
async def last_of_threads(body: Threads, use: Use) -> LastOfThreads:
    """The last conversation of each thread."""
    found = await use.repository.history.last_of_threads(body.threads)
    return LastOfThreads(
        threads={
            thread: LastOfThread(conversation=last.id, agent=last.last_agent, language=last.language)
            for thread, last in found.items()
        }
    )


@router.post("/mail-threads")
async def mail_threads(body: MailsAsked, use: Use) -> MailsFound:
    """The threads that mails are in, and who took part in them: how ingest places a mail."""
    mails = await use.repository.mail.known(body.account, body.mails)
    threads = dict.fromkeys([*body.threads, *(known.thread for known in mails.values())])
    return MailsFound(mails=mails, participants=await use.repository.mail.participants(threads))


class ThreadSince(BaseModel):
    """A place in a thread; without one, its newest messages are wanted."""

    thread: str = Field(max_length=600)
    after: Place | None = None


class EndsOfThreads(BaseModel):
    """The place of each thread's last message, by thread; one that nobody wrote in is not there."""

    ends: dict[str, Place]


class ManyThreads(BaseModel):
    """Threads whose contacts are connected."""

    threads: list[str] = Field(max_length=ENDS_AT_ONCE)


@router.post("/threads/since")
async def thread_since(body: ThreadSince, use: Use) -> ThreadMessages:
    """What was said in a thread after a place, for a contact who comes to read it."""
    return await use.repository.threads.since(body.thread, body.after)


@router.post("/threads/ends")
async def ends_of_threads(body: ManyThreads, use: Use) -> EndsOfThreads:
    """How far each thread has come: who is behind then asks for what is missing."""
    return EndsOfThreads(ends=await use.repository.threads.ends(body.threads))


@router.post("/channel-log", status_code=204)
async def add_lines(body: NewLines, use: Use) -> None:
    """Keep lines of the channel log."""
    await use.repository.channel_log.add(body.lines)
