"""Search over what was said, in all an agent may see."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from services.agents.api.asking import Me, Use
from services.agents.api.problems import responses
from services.agents.api.seeing import seen_by
from services.agents.repository import Filter, Hit, Page
from services.agents.repository.search import MAX_SEARCH
from trunkline.events import Status

_SOUGHT = 'words: each must be said, or begin what is said; "what stands in quotes" must be said just so'

router = APIRouter(prefix="/api/v1", tags=["conversations"])


@router.get("/search", responses=responses(400, 401, 422, 503))
async def search(
    me: Me,
    use: Use,
    q: Annotated[str, Query(max_length=MAX_SEARCH, description=_SOUGHT)],
    status: Annotated[list[Status] | None, Query(max_length=len(Status))] = None,
    queue: Annotated[list[str] | None, Query(max_length=20)] = None,
    after: Annotated[str | None, Query(max_length=512, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[Hit]:
    """Conversations in which these words were said in one message, by whomever; the last said first, a page at a time.

    Case and accents do not matter, nor does a quote left open. Agents find what the list of conversations shows them.
    """
    wanted = seen_by(me, Filter(statuses=tuple(status or ()), queues=tuple(queue or ())))
    if wanted is None:
        return Page(items=())
    return await use.repository.search.page(q, wanted, after=after, limit=limit)
