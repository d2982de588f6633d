"""The present moment: who is there, what waits, and for whom nobody could be asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from services.agents.api.asking import Me, Use, supervisor
from services.agents.api.problems import responses
from trunkline.board import looks
from trunkline.board.looks import Waiting
from trunkline.events import Presence

router = APIRouter(prefix="/api/v1", tags=["live"])


class KnownAgent(BaseModel):
    """Somebody a conversation can be passed on to."""

    id: str
    name: str
    presence: Presence
    room: bool = Field(description="whether one more conversation of weight 1 fits")


class KnownAgents(BaseModel):
    """Everybody on the roster who is not disabled, by name."""

    items: list[KnownAgent]


class LiveNeed(BaseModel):
    """Conversations that need the same: channel and skills."""

    channel: str
    skills: dict[str, int]
    waiting: int
    oldest_s: float | None
    slack_s: float | None = Field(description="until the target of the most urgent; negative when it is missed")
    eligible: int = Field(description="agents who are available and have the skills")
    with_room: int = Field(description="of those, who has room")


class LiveQueue(BaseModel):
    """A queue now."""

    name: str
    title: str
    waiting: int
    oldest_s: float | None
    slack_s: float | None
    unserved: int = Field(description="waiting although no available agent has the skills")
    needs: list[LiveNeed]


class LiveAgent(BaseModel):
    """An agent now; capacity and load in weights."""

    id: str
    name: str
    presence: Presence
    reason: str
    since: datetime | None
    load: int
    capacity: int
    missed: int = Field(description="offers missed in a row")


class Live(BaseModel):
    """The floor at one moment."""

    at: datetime
    queues: list[LiveQueue]
    agents: list[LiveAgent]


@router.get("/colleagues", responses=responses(401, 503))
async def colleagues(me: Me, use: Use) -> KnownAgents:
    """Everybody's name and presence, for passing on."""
    names = await use.repository.roster.names()
    there = {one.agent: one for one in await looks.attendance(use.board)}
    return KnownAgents(
        items=[
            KnownAgent(
                id=agent, name=name, presence=one.presence if one else Presence.OFFLINE,
                room=one is not None and one.room > 0,
            )
            for agent, name in names.items()
            for one in (there.get(agent),)
        ]
    )  # fmt: skip


@router.get("/live", dependencies=[Depends(supervisor)], responses=responses(401, 403, 503))
async def live(use: Use) -> Live:
    """Queues and agents at this moment."""
    names = await use.repository.roster.names()
    there = await looks.attendance(use.board)
    agents = [
        LiveAgent(
            id=one.agent, name=names.get(one.agent, one.agent), presence=one.presence, reason=one.reason,
            since=one.since, load=one.load, capacity=one.capacity, missed=one.missed,
        )
        for one in there
    ]  # fmt: skip
    titles = {name: queue.title for name, queue in use.watch.current.queues.items()}
    return Live(
        at=datetime.now(UTC),
        queues=_queues(await looks.waiting(use.board), titles),
        agents=sorted(agents, key=lambda agent: agent.name),
    )


def _queues(waiting: Iterable[Waiting], titles: dict[str, str]) -> list[LiveQueue]:
    """Every configured queue, in the file's order; then queues that something waits in though the file has them not."""
    needs: defaultdict[str, list[Waiting]] = defaultdict(list)
    for one in waiting:
        if one.waiting:
            needs[one.queue].append(one)
    names = [*titles, *sorted(needs.keys() - titles.keys())]
    return [_queue(name, titles.get(name, name), needs[name]) for name in names]


def _queue(name: str, title: str, needs: list[Waiting]) -> LiveQueue:
    return LiveQueue(
        name=name, title=title,
        waiting=sum(one.waiting for one in needs),
        oldest_s=max((one.oldest_s for one in needs if one.oldest_s is not None), default=None),
        slack_s=min((one.slack_s for one in needs if one.slack_s is not None), default=None),
        unserved=sum(one.waiting for one in needs if not one.eligible),
        needs=[
            LiveNeed(
                channel=one.channel, skills=one.skills, waiting=one.waiting, oldest_s=one.oldest_s,
                slack_s=one.slack_s, eligible=one.eligible, with_room=one.with_room,
            )
            for one in needs
        ],
    )  # fmt: skip
