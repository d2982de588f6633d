"""What our own services ask the record."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from services.agents.api.asking import Use, internal
from services.agents.api.problems import responses
from services.agents.repository import ChannelLine
from trunkline.bus import Partition
from trunkline.events import Topic

router = APIRouter(
    prefix="/internal", tags=["internal"], dependencies=[Depends(internal)], responses=responses(401, 422, 503)
)


class Known(BaseModel):
    """Whether the record has a message; not known means "not in the log up to so long ago"."""

    known: bool
    behind_s: float = Field(description="how far behind now the record may be")


class LastOfThread(BaseModel):
    """A thread's last conversation."""

    known: bool
    conversation: str = ""
    agent: str = ""


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


@router.get("/threads")
async def last_of_thread(use: Use, thread: Annotated[str, Query(max_length=512)]) -> LastOfThread:
    """The last conversation of a thread."""
    last = await use.repository.history.last_of_thread(thread)
    if last is None:
        return LastOfThread(known=False)
    return LastOfThread(known=True, conversation=last.id, agent=last.last_agent)


@router.post("/channel-log", status_code=204)
async def add_lines(body: NewLines, use: Use) -> None:
    """Keep lines of the channel log."""
    await use.repository.channel_log.add(body.lines)
