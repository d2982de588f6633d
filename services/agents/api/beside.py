"""What stands beside a conversation: notes, reasons of its offers, the contact with earlier conversations, media."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from services.agents.api.asking import Me, Use, operation, own_page
from services.agents.api.problems import responses
from services.agents.api.seeing import may_read, readable
from services.agents.explaining import explain
from services.agents.repository import Contact, Conversation, Note, NotThere
from trunkline.blobs import BlobMissing
from trunkline.board.signals import DESKS
from trunkline.explanation import Explanation
from trunkline.filetypes import BYTES, DRAWN, harmless
from trunkline.messages import Media

router = APIRouter(prefix="/api/v1/conversations/{conversation}", tags=["conversations"])

_EARLIER = 20


class WritingNote(BaseModel):
    """An internal note."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=16_000, examples=["Asked the warehouse; they answer before noon."])


class NoteList(BaseModel):
    """Notes, in order."""

    items: list[Note]


class Panel(BaseModel):
    """Who writes, from where, and what was before."""

    contact: Contact
    earlier: tuple[Conversation, ...] = Field(description="their other conversations that one may see, newest first")


@router.get("/notes", responses=responses(401, 404, 422, 503))
async def notes(conversation: str, me: Me, use: Use) -> NoteList:
    """What agents told each other beside this conversation."""
    await readable(use, me, conversation)
    return NoteList(items=await use.repository.notes.of(conversation))


@router.post(
    "/notes", status_code=201, dependencies=[Depends(own_page)], responses=responses(401, 403, 404, 422, 428, 503)
)
async def write_note(
    conversation: str, body: WritingNote, me: Me, use: Use, key: Annotated[str, Depends(operation)]
) -> Note:
    """Tell other agents something; the customer never sees it. The key is the note's id: twice is once.

    The desks of those whom the conversation concerns hear it at once.
    """
    await readable(use, me, conversation)
    note = Note(id=key, conversation=conversation, agent=me.id, text=body.text, at=datetime.now(UTC))
    kept = await use.repository.notes.add(note)
    told = {"type": "note", "conversation": conversation, "note": kept.model_dump(mode="json")}
    use.signals.tell(DESKS, orjson.dumps(told))
    return kept


@router.get("/explain", responses=responses(401, 404, 422, 503))
async def explained(conversation: str, me: Me, use: Use) -> Explanation:
    """Why it was offered to whom it was, why it still waits, and what would change that."""
    one = await readable(use, me, conversation)
    return await explain(use.repository, use.board, one, seen_by=me)


@router.get("/contact", responses=responses(401, 404, 422, 503))
async def contact(conversation: str, me: Me, use: Use) -> Panel:
    """The conversation's contact, their addresses and earlier conversations on every channel."""
    one = await readable(use, me, conversation)
    person = await use.repository.contacts.get(one.contact)
    if person is None:
        raise NotThere("the record has no such contact")
    page = await use.repository.history.of_contact(one.contact, limit=_EARLIER)
    earlier = tuple(each for each in page.items if each.id != conversation and may_read(me, each))
    return Panel(contact=person, earlier=earlier)


_MEDIA: dict[int | str, dict[str, Any]] = responses(401, 404, 422, 503) | {
    200: {
        "description": "the bytes",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("/media/{digest}", response_class=Response, responses=_MEDIA)
async def media(
    conversation: str, digest: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")], me: Me, use: Use
) -> Response:
    """A picture, file or mail's look. Only pictures that cannot run anything are given as what they are."""
    await readable(use, me, conversation)
    part = await use.repository.conversations.media(conversation, digest)
    if part is None:
        raise NotThere("no message of this conversation has it")
    try:
        content = await use.blobs.get(digest)
    except BlobMissing as error:
        raise NotThere("it is not kept here any more") from error
    kind = part.content_type if isinstance(part, Media) else "text/html"
    drawn = kind.partition(";")[0].strip().lower() in DRAWN
    headers = harmless(part.name if isinstance(part, Media) else None, drawn=drawn)
    headers["cache-control"] = "private, max-age=86400, immutable"
    return Response(content, media_type=kind if drawn else BYTES, headers=headers)
