"""The present moment: who is there, what waits, and for whom nobody could be asked."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Literal

import structlog
from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from services.agents.api.asking import Me, Parts, Use, supervisor
from services.agents.api.problems import responses
from services.agents.ledger import difference
from services.agents.reach import Reached
from services.agents.repository import Agent
from trunkline.board import looks
from trunkline.board.looks import Waiting
from trunkline.bus import BusError
from trunkline.events import Presence

log = structlog.get_logger()
router = APIRouter(prefix="/api/v1", tags=["live"])


class KnownAgent(BaseModel):
    """Somebody a conversation can be passed on to."""

    id: str
    name: str
    presence: Presence
    room: bool = Field(description="whether one more conversation of weight 1 fits, and may be given")


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
    roster_able: int | None = Field(
        description="of the whole roster, who satisfies it, there or not; null: not counted, `eligible` is not 0"
    )
    roster_lacks: dict[str, int] = Field(
        description="where nobody of the roster does: what the nearest lacks; empty if nobody serves the queue"
    )


class LiveQueue(BaseModel):
    """A queue now."""

    name: str
    title: str
    waiting: int
    oldest_s: float | None
    slack_s: float | None
    unserved: int = Field(description="waiting although no available agent has the skills")
    shut: bool = Field(description="somebody shut it: nobody is offered what waits in it")
    shut_until: datetime | None = Field(description="when it opens; null: it is open, or shut until somebody opens it")
    unroutable: int = Field(description="waiting although nobody of the whole roster could ever take it as it is")
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
    draining: bool = Field(description="takes no new work, and stays as present as they are")
    ramp_until: datetime | None = Field(description="until when they are given so many offers a minute at most")
    quiet: int = Field(description="conversations that weigh less in `load` because their customers are silent")


class LiveLate(BaseModel):
    """An open conversation that is over what its customer was promised."""

    conversation: str
    queue: str
    owner: str = Field(description="who has it or is offered it; empty: nobody")
    clock: Literal["first_reply", "next_reply", "resolution"]
    late_s: float


class LiveLateness(BaseModel):
    """What is over."""

    count: int
    first: list[LiveLate] = Field(description="those that are over longest; at most twenty")


class Ledger(BaseModel):
    """What was accepted and has not come to its end: 0 on a quiet floor; what stays is stuck."""

    unrouted: int = Field(description="accepted, and not yet applied by a router")
    unrelayed: int = Field(description="decided, and not yet seen in the log")


class Live(BaseModel):
    """The floor at one moment."""

    at: datetime
    ledger: Ledger | None = Field(description="null while the log does not answer")
    queues: list[LiveQueue]
    late: LiveLateness
    agents: list[LiveAgent]


class Lacking(BaseModel):
    """What waits for skills that the agent does not have."""

    skills: dict[str, int] = Field(description="those the agent lacks, with the lowest level that would do")
    waiting: int


class InLine(BaseModel):
    """What waits in the queues that an agent serves."""

    waiting: int
    fitting: int = Field(description="of those, for which the agent has the skills")
    lacking: list[Lacking] = Field(description="of the others, the most first; at most five")


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


@router.get("/waiting", responses=responses(401, 503))
async def in_line(me: Me, use: Use) -> InLine:
    """Why nothing is offered to me: what waits in my queues, and what of it I could take."""
    mine = [
        one for one in await use.waits.now()
        if one.only in ("", me.id) and not {"*", *one.queues}.isdisjoint(me.queues)
    ]  # fmt: skip
    lacking: Counter[tuple[tuple[str, int], ...]] = Counter()
    for one in mine:
        lacking[_lacked(me, one)] += one.waiting
    fitting = lacking.pop((), 0)
    return InLine(
        waiting=fitting + lacking.total(), fitting=fitting,
        lacking=[Lacking(skills=dict(skills), waiting=count) for skills, count in lacking.most_common(5) if count],
    )  # fmt: skip


def _lacked(me: Agent, one: Waiting) -> tuple[tuple[str, int], ...]:
    return tuple((skill, level) for skill, level in one.skills.items() if me.skills.get(skill, 0) < level)


@router.get("/live", dependencies=[Depends(supervisor)], responses=responses(401, 403, 503))
async def live(use: Use) -> Live:
    """Queues and agents at this moment."""
    names = await use.repository.roster.names()
    # Asked together they travel in one call of the board.
    there, waits, shut, late = await asyncio.gather(
        looks.attendance(use.board), looks.waiting(use.board), looks.shut_queues(use.board), looks.late(use.board)
    )
    quiet = await _quiet(use, [one.agent for one in there])
    agents = [
        LiveAgent(
            id=one.agent, name=names.get(one.agent, one.agent), presence=one.presence, reason=one.reason,
            since=one.since, load=one.load, capacity=one.capacity, missed=one.missed,
            draining=one.draining, ramp_until=one.ramp_until, quiet=quiet.get(one.agent, 0),
        )
        for one in there
    ]  # fmt: skip
    titles = {name: queue.title for name, queue in use.watch.current.queues.items()}
    return Live(
        at=datetime.now(UTC),
        ledger=await _ledger(use),
        late=LiveLateness.model_validate(asdict(late)),
        queues=_queues(waits, await use.reach.of_waiting(waits), titles, shut),
        agents=sorted(agents, key=lambda agent: agent.name),
    )


async def _quiet(use: Parts, agents: list[str]) -> dict[str, int]:
    """Who has quiet work, and how much; not asked where no channel of the file makes any."""
    if not any(taking.quiet for taking in use.watch.current.channels.values()):
        return {}
    return await looks.quiet(use.board, agents)


async def _ledger(use: Parts) -> Ledger | None:
    try:
        return Ledger.model_validate((await difference(use.bus, use.board))._asdict())
    except BusError as error:
        log.warning("ledger_unknown", reason=str(error))
        return None


def _queues(
    waiting: Iterable[Waiting],
    reach: Mapping[str, Reached],
    titles: Mapping[str, str],
    shut: Mapping[str, datetime | None],
) -> list[LiveQueue]:
    """Every configured queue, in the file's order; then queues that something waits in, or that are shut, though the
    file has them not."""
    needs: defaultdict[str, list[Waiting]] = defaultdict(list)
    for one in waiting:
        if one.waiting:
            needs[one.queue].append(one)
    names = [*titles, *sorted((needs.keys() | shut.keys()) - titles.keys())]
    return [_queue(name, titles.get(name, name), needs[name], reach, shut) for name in names]


def _queue(
    name: str, title: str, needs: list[Waiting], reach: Mapping[str, Reached], shut: Mapping[str, datetime | None]
) -> LiveQueue:
    return LiveQueue(
        name=name, title=title,
        waiting=sum(one.waiting for one in needs),
        oldest_s=max((one.oldest_s for one in needs if one.oldest_s is not None), default=None),
        slack_s=min((one.slack_s for one in needs if one.slack_s is not None), default=None),
        shut=name in shut, shut_until=shut.get(name),
        unserved=0 if name in shut else sum(one.waiting for one in needs if not one.eligible),
        unroutable=sum(one.waiting for one in needs if one.requirement in reach and not reach[one.requirement].able),
        needs=[_need(one, reach.get(one.requirement)) for one in needs],
    )  # fmt: skip


def _need(one: Waiting, reached: Reached | None) -> LiveNeed:
    return LiveNeed(
        channel=one.channel, skills=one.skills, waiting=one.waiting, oldest_s=one.oldest_s,
        slack_s=one.slack_s, eligible=one.eligible, with_room=one.with_room,
        roster_able=reached.able if reached else None, roster_lacks=reached.lacks if reached else {},
    )  # fmt: skip
