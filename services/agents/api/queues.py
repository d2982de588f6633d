"""Shutting a queue and opening it again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from services.agents.api.acting import SUPERVISION, Asking, Body, Done

router = APIRouter(prefix="/api/v1", tags=["live"])
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
