"""Bringing a second agent in, and the order of a line."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, StrictBool

from services.agents.api.acting import ACTION, SUPERVISION, Asking, Body, Done
from services.agents.api.asking import Use, supervisor
from services.agents.api.problems import responses
from trunkline.board import looks

router = APIRouter(prefix="/api/v1", tags=["conversations"])


class Consulting(Body):
    """Whom to ask, and what about."""

    to_agent: str = Field(max_length=128)
    note: str = Field(default="", max_length=2_000, examples=["Is this covered by the guarantee?"])


class EndingConsultation(Body):
    """Who is to look on no more."""

    agent: str = Field(default="", max_length=128, description="left out: oneself")


class Reordering(Body):
    """Where to, and why."""

    front: StrictBool = Field(description="to the front of its line; false: back to its own place")
    note: str = Field(default="", max_length=2_000, examples=["Their flight leaves in an hour."])


class LinePlace(BaseModel):
    """What waits at one place of a line."""

    conversation: str
    display: str
    address: str
    channel: str
    queued_at: datetime
    target_at: datetime = Field(description="when its target ends")
    front: bool = Field(description="whether a supervisor moved it to the front")


class Line(BaseModel):
    """What waits in a queue, in the order in which it is served."""

    items: list[LinePlace] = Field(description="at most 100, the first in line first")


@router.post("/conversations/{conversation}/consult", **ACTION)
async def consult(conversation: str, body: Consulting, asked: Asking) -> Done:
    """Ask an agent who is there to look on: they may read all of it and write notes, and take it over."""
    return await asked.do("consult", conversation, body)


@router.post("/conversations/{conversation}/consult-end", **ACTION)
async def end_consultation(conversation: str, body: EndingConsultation, asked: Asking) -> Done:
    """End it: by the owner for anybody, by who was asked for themselves."""
    return await asked.do("consult-end", conversation, body)


@router.post("/conversations/{conversation}/take-over", **ACTION)
async def take_over(conversation: str, asked: Asking) -> Done:
    """Own at once what one is consulted in. Needs room, but for supervisors."""
    return await asked.do("take-over", conversation)


@router.post("/conversations/{conversation}/reorder", **SUPERVISION)
async def reorder(conversation: str, body: Reordering, asked: Asking) -> Done:
    """Move what waits to the front of its line, or back to its own place. Supervisors only."""
    return await asked.do("reorder", conversation, body)


@router.get("/live/line", dependencies=[Depends(supervisor)], responses=responses(401, 403, 503))
async def line(use: Use, queue: Annotated[str, Query(max_length=63)]) -> Line:
    """What waits in a queue at this moment, in its order."""
    places = await looks.line(use.board, queue)
    return Line(items=[LinePlace.model_validate(place, from_attributes=True) for place in places])
