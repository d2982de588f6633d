"""Conversations: reading them, and the actions on them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from services.agents.actions import Action, Outcome
from services.agents.api.asking import Me, Use, operation, own_page
from services.agents.api.problems import Problem, responses
from services.agents.api.seeing import may_read, seen_by
from services.agents.repository import Conversation, Filter, Message, NotThere, Page, PastEvent
from trunkline.events import Presence, Status
from trunkline.http import traceparent
from trunkline.messages import Parts

router = APIRouter(prefix="/api/v1", tags=["conversations"])
Key = Annotated[str, Depends(operation)]
_ACTION: dict[str, Any] = {
    "dependencies": [Depends(own_page)],
    "responses": responses(401, 403, 409, 422, 428, 503) | {202: {"description": "decided, not yet seen in the log"}},
}


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Answering(_Body):
    """Which offer."""

    fence: int = Field(gt=0, description="the offer's number, from the event that made it", examples=[1])


class Declining(Answering):
    """Which offer, and why not."""

    reason: str = Field(default="", max_length=200, examples=["on the phone"])


class Replying(_Body):
    """What to say: plain text, or parts."""

    text: str | None = Field(default=None, max_length=16_000, examples=["Your parcel left our house today."])
    parts: Parts | None = None


class Transferring(_Body):
    """To whom, and what they should know."""

    to_agent: str | None = Field(default=None, max_length=128)
    to_queue: str | None = Field(default=None, max_length=63, examples=["billing"])
    note: str = Field(default="", max_length=2_000)


class Closing(_Body):
    """The wrap-up."""

    code: str = Field(default="", max_length=100, examples=["solved"])
    note: str = Field(default="", max_length=4_000)


class BeingPresent(_Body):
    """Available or away."""

    presence: Literal[Presence.AVAILABLE, Presence.AWAY]
    reason: str = Field(default="", max_length=200, examples=["lunch"])


class Done(BaseModel):
    """What came of an action. `pending`: decided; repeat with the same key to learn when it is in the log."""

    status: Literal["done", "pending"]
    version: int = Field(default=0, description="the conversation's version after it")
    conversation: str = ""
    repeated: bool = Field(default=False, description="it had been done before; this is its first answer")


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


@router.get("/conversations/{conversation}", responses=responses(401, 404, 503))
async def read_conversation(conversation: str, me: Me, use: Use) -> Whole:
    """One conversation; what comes next are its events above `version`."""
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


async def _act(use: Use, action: Action, response: Response) -> Done:
    return told(await use.actions.perform(action), response)


def told(outcome: Outcome, response: Response) -> Done:
    """The answer of an outcome; Problem for a refusal."""
    if outcome.status == "refused":
        away = outcome.retry_after_s > 0
        raise Problem(
            503 if away else 409, outcome.code, outcome.detail or _WHY.get(outcome.code, ""),
            retry_after_s=outcome.retry_after_s,
        )  # fmt: skip
    response.status_code = 202 if outcome.status == "pending" else 200
    return Done(
        status=outcome.status, version=outcome.version, conversation=outcome.conversation, repeated=outcome.repeated
    )


_WHY = {
    "gone": "it is no longer open: somebody else was quicker, or it changed meanwhile",
    "late": "the offer's deadline has passed",
    "not-yours": "another agent, or nobody, owns it",
    "unknown": "the board does not know this conversation (any more)",
    "opted-out": "the contact does not want messages on this channel",
    "absent": "that agent is not available",
    "no-room": "that agent has no room for it",
    "own": "it is yours already",
    "behind": "the log does not take what was decided; nothing new is promised until it does",
}

Trace = Annotated[str | None, Header(alias="traceparent", description="W3C trace context")]


def _action(verb: str, me: Me, key: str, conversation: str, body: _Body | None, trace: str | None) -> Action:
    fields = body.model_dump(mode="json", exclude_none=True) if body is not None else {}
    return Action(verb, me.id, key, conversation, fields, traceparent(trace))


@router.post("/conversations/{conversation}/accept", **_ACTION)
async def accept(
    conversation: str, body: Answering, me: Me, use: Use, key: Key, response: Response, trace: Trace = None
) -> Done:
    """Own the offered conversation."""
    return await _act(use, _action("accept", me, key, conversation, body, trace), response)


@router.post("/conversations/{conversation}/decline", **_ACTION)
async def decline(
    conversation: str, body: Declining, me: Me, use: Use, key: Key, response: Response, trace: Trace = None
) -> Done:
    """Leave the offer to the next agent."""
    return await _act(use, _action("decline", me, key, conversation, body, trace), response)


@router.post("/conversations/{conversation}/shown", **_ACTION)
async def shown(conversation: str, body: Answering, me: Me, use: Use, response: Response) -> Done:
    """The offer was shown to a person: from now on missing it counts."""
    return told(await use.actions.shown(me.id, conversation, body.fence), response)


@router.post("/conversations/{conversation}/reply", **_ACTION)
async def reply(
    conversation: str, body: Replying, me: Me, use: Use, key: Key, response: Response, trace: Trace = None
) -> Done:
    """Say something to the contact. The key is the message's id: the same reply twice is sent once."""
    return await _act(use, _action("reply", me, key, conversation, body, trace), response)


@router.post("/conversations/{conversation}/transfer", **_ACTION)
async def transfer(
    conversation: str, body: Transferring, me: Me, use: Use, key: Key, response: Response, trace: Trace = None
) -> Done:
    """Pass it on to an agent (yours until accepted) or to a queue (released at once, with its age)."""
    return await _act(use, _action("transfer", me, key, conversation, body, trace), response)


@router.post("/conversations/{conversation}/wrap-up", **_ACTION)
async def wrap_up(conversation: str, me: Me, use: Use, key: Key, response: Response, trace: Trace = None) -> Done:
    """Done with the customer; write up."""
    return await _act(use, _action("wrap-up", me, key, conversation, None, trace), response)


@router.post("/conversations/{conversation}/close", **_ACTION)
async def close(
    conversation: str, body: Closing, me: Me, use: Use, key: Key, response: Response, trace: Trace = None
) -> Done:
    """Over."""
    return await _act(use, _action("close", me, key, conversation, body, trace), response)


@router.put("/presence", **_ACTION)
async def presence(body: BeingPresent, me: Me, use: Use, key: Key, response: Response, trace: Trace = None) -> Done:
    """Available or away."""
    return await _act(use, _action("presence", me, key, "", body, trace), response)
