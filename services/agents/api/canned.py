"""Canned replies: everybody uses them, supervisors write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel

from services.agents.api.asking import Me, Use, own_page, supervisor
from services.agents.api.problems import responses
from services.agents.api.roster import version_read
from services.agents.repository import CannedReply, CannedText

router = APIRouter(prefix="/api/v1/canned-replies", tags=["canned replies"])
_WRITING = [Depends(supervisor), Depends(own_page)]


class CannedList(BaseModel):
    """All canned replies, in the order of their shortcuts."""

    items: list[CannedReply]


@router.get("", responses=responses(401, 503))
async def canned_replies(me: Me, use: Use) -> CannedList:
    """All canned replies."""
    return CannedList(items=await use.repository.canned.all())


@router.post("", status_code=201, dependencies=_WRITING, responses=responses(401, 403, 409, 422, 503))
async def add_canned_reply(body: CannedText, use: Use) -> CannedReply:
    """Add a canned reply."""
    return await use.repository.canned.add(body, now=datetime.now(UTC))


@router.put("/{reply}", dependencies=_WRITING, responses=responses(401, 403, 404, 409, 412, 422, 428, 503))
async def change_canned_reply(
    reply: str,
    body: CannedText,
    use: Use,
    if_match: Annotated[str | None, Header(description="the version that was read")] = None,
) -> CannedReply:
    """Say it otherwise."""
    version = version_read(if_match)
    return await use.repository.canned.change(reply, body, version=version, now=datetime.now(UTC))


@router.delete("/{reply}", status_code=204, dependencies=_WRITING, responses=responses(401, 403, 422, 503))
async def remove_canned_reply(reply: str, use: Use) -> None:
    """Take a canned reply away."""
    await use.repository.canned.remove(reply)
