"""Shutting a queue and opening it again: by a supervisor, or by the operator's command line."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from pydantic import Field

from services.agents.api.acting import SUPERVISION, Asking, Body, Done, told
from services.agents.api.asking import Use, internal
from services.agents.api.problems import responses
from services.agents.asked import Action

router = APIRouter(prefix="/api/v1", tags=["live"])
operators = APIRouter(
    prefix="/internal", tags=["internal"], dependencies=[Depends(internal)], responses=responses(401, 409, 422, 503)
)
OPERATOR = "operator"
"""Whose word it is in the log, where it came from the command line."""
Name = Annotated[str, Path(max_length=63, pattern=r"^[a-z0-9][a-z0-9-]*$")]


class ShuttingBody(Body):
    """Until when, and why."""

    until: datetime | None = Field(
        default=None, description="with its zone, at most a year from now; left out: until it is opened",
        examples=["2026-11-23T09:00:00+02:00"],
    )  # fmt: skip
    note: str = Field(default="", max_length=2_000)


class ShutQueue(ShuttingBody):
    """The same, with the queue, as the action has it."""

    queue: str


class OpenQueue(Body):
    """The queue, as the action has it."""

    queue: str


@router.post("/queues/{queue}/shut", **SUPERVISION)
async def shut(queue: Name, body: ShuttingBody, asked: Asking) -> Done:
    """Offer nobody what waits or comes in it; it keeps its place, and is told so. Shut already: until then. Supervisors
    only."""
    return await asked.do("shut", body=ShutQueue(queue=queue, until=body.until, note=body.note))


@router.post("/queues/{queue}/open", **SUPERVISION)
async def open_again(queue: Name, asked: Asking) -> Done:
    """Open a shut queue: what waits is matched at once. Supervisors only."""
    return await asked.do("open", body=OpenQueue(queue=queue))


class Turning(Body):
    """What makes a repeat of it the same."""

    operation: str = Field(pattern=r"^[0-9a-f]{32}$")


class ShuttingByOperator(ShuttingBody, Turning):
    """Until when, and why."""


@operators.post("/queues/{queue}/shut")
async def shut_by_operator(queue: Name, body: ShuttingByOperator, use: Use, response: Response) -> Done:
    """What a supervisor's word does, for the operator's command line."""
    wanted = ShutQueue(queue=queue, until=body.until, note=body.note)
    return await _turn("shut", body.operation, wanted, use, response)


@operators.post("/queues/{queue}/open")
async def open_by_operator(queue: Name, body: Turning, use: Use, response: Response) -> Done:
    """What a supervisor's word does, for the operator's command line."""
    return await _turn("open", body.operation, OpenQueue(queue=queue), use, response)


async def _turn(verb: str, operation: str, body: Body, use: Use, response: Response) -> Done:
    fields = body.model_dump(mode="json", exclude_none=True)
    return told(await use.actions.perform(Action(verb, OPERATOR, operation, "", fields, supervisor=True)), response)
