"""Conversations: reading them, and the actions on them."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from services.agents.abreast import abreast
from services.agents.api.acting import ACTION, Asking, Body, Done, told
from services.agents.api.asking import Me, Use
from services.agents.api.problems import responses
from services.agents.api.seeing import may_read, seen_by
from services.agents.repository import Conversation, Filter, Message, NotThere, Page, PastEvent
from trunkline.events import Presence, Status
from trunkline.messages import MAX_PARTS, Parts
from trunkline.seals import LONGEST_SEAL

router = APIRouter(prefix="/api/v1", tags=["conversations"])


class Answering(Body):
    """Which offer."""

    fence: int = Field(gt=0, description="the offer's number, from the event that made it", examples=[1])


class Declining(Answering):
    """Which offer, and why not."""

    reason: str = Field(default="", max_length=200, examples=["on the phone"])


class Replying(Body):
    """What to say: plain text, or parts; and files."""

    text: str | None = Field(default=None, max_length=16_000, examples=["Your parcel left our house today."])
    parts: Parts | None = None
    files: list[Annotated[str, Field(max_length=LONGEST_SEAL)]] | None = Field(
        default=None, max_length=MAX_PARTS, description="what uploads answered, in the order they shall have"
    )


class Beginning(Body):
    """Whom to write to, and by which account."""

    account: str = Field(max_length=63, examples=["sms-main"])
    scheme: str = Field(max_length=32, examples=["tel"])
    address: str = Field(max_length=320, examples=["+37120000000"])
    display: str = Field(default="", max_length=200, description="their name, where we know it")


class Transferring(Body):
    """To whom, and what they should know."""

    to_agent: str | None = Field(default=None, max_length=128)
    to_queue: str | None = Field(default=None, max_length=63, examples=["billing"])
    to_skill: str | None = Field(default=None, max_length=63, examples=["lang.lv"])
    level: int = Field(default=1, ge=1, le=10, description="of that skill, at least")
    note: str = Field(default="", max_length=2_000)


class Closing(Body):
    """The wrap-up."""

    code: str = Field(default="", max_length=100, examples=["solved"])
    note: str = Field(default="", max_length=4_000)


class BeingPresent(Body):
    """Available or away."""

    presence: Literal[Presence.AVAILABLE, Presence.AWAY]
    reason: str = Field(default="", max_length=200, examples=["lunch"])


class Whole(BaseModel):
    """A conversation with what was said and what happened, of one moment."""

    conversation: Conversation
    version: int
    messages: tuple[Message, ...]
    complete: bool = Field(description="whether the first message is among them")
    events: tuple[PastEvent, ...]


@router.get("/conversations", responses=responses(400, 401, 503))
async def list_conversations(
    me: Me,
    use: Use,
    status: Annotated[list[Status] | None, Query()] = None,
    queue: Annotated[list[str] | None, Query(max_length=20)] = None,
    owner: Annotated[str | None, Query(max_length=128)] = None,
    text: Annotated[str, Query(max_length=100, description="in the last words, the name or the address")] = "",
    after: Annotated[str | None, Query(max_length=512, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[Conversation]:
    """Conversations, the last changed first, a page at a time. Agents see the queues they serve and their own work."""
    wanted = seen_by(me, Filter(statuses=tuple(status or ()), queues=tuple(queue or ()), owner=owner, words=text))
    if wanted is None:
        return Page(items=())
    return await use.repository.conversations.page(wanted, after=after, limit=limit)


_BEGIN = ACTION | {"responses": ACTION["responses"] | responses(429)}


@router.post("/conversations", **_BEGIN)
async def begin(body: Beginning, asked: Asking) -> Done:
    """Open a conversation in which we write first; one's own at once, whatever room there is. Then reply.

    `open`: the contact's thread has an open conversation, and the detail says who has it (empty: nobody yet).
    `too-fast`: this agent has begun as many as they may within a minute; nothing was done.
    """
    return await asked.do("begin", body=body)


@router.get("/conversations/{conversation}", responses=responses(401, 404, 503))
async def read_conversation(conversation: str, me: Me, use: Use) -> Whole:
    """One conversation; what comes next are its events above `version`.

    What became of replies is not older here than what the desk's socket has told before (waits a second at most).
    """
    await abreast(use.repository, use.hub, conversation)
    transcript = await use.repository.conversations.transcript(conversation)
    if transcript is None or not may_read(me, transcript.conversation):
        raise NotThere("the record has no such conversation (yet)")
    events = await use.repository.history.events(conversation)
    return Whole(
        conversation=transcript.conversation,
        version=transcript.conversation.version,
        messages=transcript.messages,
        complete=transcript.complete,
        events=tuple(events),
    )


@router.post("/conversations/{conversation}/accept", **ACTION)
async def accept(conversation: str, body: Answering, asked: Asking) -> Done:
    """Own the offered conversation."""
    return await asked.do("accept", conversation, body)


@router.post("/conversations/{conversation}/decline", **ACTION)
async def decline(conversation: str, body: Declining, asked: Asking) -> Done:
    """Leave the offer to the next agent."""
    return await asked.do("decline", conversation, body)


@router.post("/conversations/{conversation}/shown", **ACTION)
async def shown(conversation: str, body: Answering, me: Me, use: Use, response: Response) -> Done:
    """The offer was shown to a person: from now on missing it counts."""
    return told(await use.actions.shown(me.id, conversation, body.fence), response)


@router.post("/conversations/{conversation}/reply", **ACTION)
async def reply(conversation: str, body: Replying, asked: Asking) -> Done:
    """Say something to the contact. The key is the message's id: the same reply twice is sent once."""
    return await asked.do("reply", conversation, body)


@router.post("/conversations/{conversation}/transfer", **ACTION)
async def transfer(conversation: str, body: Transferring, asked: Asking) -> Done:
    """Pass it on to an agent (yours until accepted), or to a queue or a skill (released at once, with its age)."""
    return await asked.do("transfer", conversation, body)


@router.post("/conversations/{conversation}/wrap-up", **ACTION)
async def wrap_up(conversation: str, asked: Asking) -> Done:
    """Done with the customer; write up."""
    return await asked.do("wrap-up", conversation)


@router.post("/conversations/{conversation}/close", **ACTION)
async def close(conversation: str, body: Closing, asked: Asking) -> Done:
    """Over."""
    return await asked.do("close", conversation, body)


@router.put("/presence", **ACTION)
async def presence(body: BeingPresent, asked: Asking) -> Done:
    """Available or away."""
    return await asked.do("presence", body=body)
