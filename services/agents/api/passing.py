"""Sending work elsewhere or later: escalate, snooze, wake, and a supervisor's assignment."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from services.agents.api.acting import ACTION, SUPERVISION, Asking, Body, Done

router = APIRouter(prefix="/api/v1", tags=["conversations"])


class Escalating(Body):
    """What the next agent should know."""

    note: str = Field(default="", max_length=2_000)


class Snoozing(Body):
    """Until when, and why."""

    until: datetime = Field(
        description="with its zone, at most a year from now", examples=["2026-11-23T09:00:00+02:00"]
    )
    note: str = Field(default="", max_length=2_000)


class Assigning(Body):
    """To whom, and why."""

    to_agent: str = Field(default="", max_length=128, description="left out: to oneself")
    note: str = Field(default="", max_length=2_000)


@router.post("/conversations/{conversation}/escalate", **ACTION)
async def escalate(conversation: str, body: Escalating, asked: Asking) -> Done:
    """Pass it on to where its queue's escalation leads."""
    return await asked.do("escalate", conversation, body)


@router.post("/conversations/{conversation}/snooze", **ACTION)
async def snooze(conversation: str, body: Snoozing, asked: Asking) -> Done:
    """Put it off until then, or until the customer writes; it takes no room meanwhile."""
    return await asked.do("snooze", conversation, body)


@router.post("/conversations/{conversation}/wake", **ACTION)
async def wake(conversation: str, asked: Asking) -> Done:
    """End one's own snooze: it waits again, and comes to oneself first."""
    return await asked.do("wake", conversation)


@router.post("/conversations/{conversation}/assign", **SUPERVISION)
async def assign(conversation: str, body: Assigning, asked: Asking) -> Done:
    """Give it to an agent who is there, whoever has it and whatever room there is. Supervisors only."""
    return await asked.do("assign", conversation, body)
