"""To whom a conversation can be passed on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.agents.api.asking import Me, Use
from services.agents.api.configuration import Named
from services.agents.api.problems import responses
from services.agents.colleagues import Colleague
from services.agents.repository import folded

router = APIRouter(prefix="/api/v1", tags=["conversations"])


class Targets(BaseModel):
    """Present colleagues by name, and queues."""

    agents: tuple[Colleague, ...]
    next: str | None = Field(description="`after` of the next page; null at the end")
    queues: tuple[Named, ...] = Field(description="all that fit the text, on every page")


@router.get("/transfer-targets", responses=responses(400, 401, 503))
async def transfer_targets(
    me: Me,
    use: Use,
    text: Annotated[str, Query(max_length=100, description="in the agent's name, the queue's name or title")] = "",
    after: Annotated[str, Query(max_length=128, description="`next` of the page before")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Targets:
    """To whom one can pass a conversation on: the agents who are present, oneself left out, and the queues."""
    found = await use.colleagues.page(but=me.id, words=text, after=after, limit=limit)
    wanted = folded(text.strip())
    queues = use.watch.current.queues.items()
    return Targets(
        agents=tuple(found.agents),
        next=found.next,
        queues=tuple(
            Named(name=name, title=queue.title) for name, queue in queues if wanted in folded(f"{name} {queue.title}")
        ),
    )
