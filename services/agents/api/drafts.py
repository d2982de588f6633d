"""Drafts: what an agent has begun to write, for their other devices."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel

from services.agents.api.asking import Me, Use, own_page
from services.agents.api.problems import responses
from services.agents.repository import Draft, DraftText

router = APIRouter(prefix="/api/v1/drafts", tags=["drafts"])


class DraftList(BaseModel):
    """One's drafts, the newest first."""

    items: list[Draft]


@router.get("", responses=responses(401, 503))
async def drafts(me: Me, use: Use) -> DraftList:
    """One's own drafts."""
    return DraftList(items=await use.repository.drafts.of(me.id))


@router.put(
    "/{conversation}", status_code=204, dependencies=[Depends(own_page)], responses=responses(401, 403, 422, 503)
)
async def keep_draft(
    conversation: Annotated[str, Path(pattern=r"^[0-9]{1,5}-[0-9a-f]{32}$")], body: DraftText, me: Me, use: Use
) -> None:
    """Keep what was written so far; an empty draft is forgotten. The last word written counts."""
    await use.repository.drafts.keep(me.id, conversation, body, now=datetime.now(UTC))
