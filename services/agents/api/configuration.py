"""The running configuration as people read it: queues, skills, channels, accounts, rules; and the channel log."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from services.agents.api.asking import Me, Use, admin, signed_in, supervisor
from services.agents.api.problems import responses
from services.agents.repository import AccountHealth, ChannelLine, NotThere
from trunkline.channels.base import MediaRule
from trunkline.config.model import Rule
from trunkline.config.queues import Queue
from trunkline.index import name_of
from trunkline.moments import ms_of

router = APIRouter(prefix="/api/v1", tags=["configuration"])
_AHEAD = timedelta(days=60)


class Named(BaseModel):
    """A queue or skill, and its name for people."""

    name: str = Field(examples=["billing"])
    title: str = Field(examples=["Billing"])


class FileLimits(BaseModel):
    """What files one may attach to a reply."""

    types: tuple[str, ...] = Field(description="MIME types, or prefixes ending in /")
    max_bytes: int = Field(description="of one file")
    max_count: int = Field(description="of one reply")
    total_bytes: int | None = Field(description="of all files of a reply; null: no such limit")


class ChannelLimits(BaseModel):
    """What one may say on a channel."""

    name: str = Field(examples=["twilio-sms"])
    title: str = Field(examples=["SMS (Twilio)"])
    text_limit: int
    text_unit: str = Field(description="characters, utf16, bytes or segments: what `text_limit` counts")
    windows: dict[str, int] = Field(
        description="scheme of address: seconds after the customer's last word in which one may reply; else any time"
    )
    files: FileLimits | None = Field(description="null: the channel takes no files")


class Begins(BaseModel):
    """An account by which this agent may write first."""

    account: str = Field(examples=["sms-main"])
    channel: str = Field(examples=["twilio-sms"])
    schemes: tuple[str, ...] = Field(description="of the addresses one may write to first", examples=[["tel"]])


class Plan(BaseModel):
    """What every desk needs of the configuration."""

    queues: list[Named]
    skills: list[Named]
    channels: list[ChannelLimits]
    begins: list[Begins]


class OpenSpan(BaseModel):
    """From when to when, in ms since the epoch."""

    begins: int
    ends: int


class OpenSpans(BaseModel):
    """When a calendar is open, from now on."""

    spans: list[OpenSpan] = Field(description="in order; none: it does not open by then")
    until: int = Field(description="up to when this is told, in ms since the epoch")


class AccountLine(BaseModel):
    """A channel account, without its settings: they hold secrets."""

    name: str
    channel: str
    queue: str = Field(description="where its messages go when no rule says so")


class Running(BaseModel):
    """The whole running configuration, without secrets."""

    digest: str = Field(description="changes with every byte of the file")
    default_queue: str
    queues: dict[str, Queue]
    policies: dict[str, str] = Field(
        description="who is taken first in each queue: the policy's name, else its weights",
        examples=[{"billing": "index"}],
    )
    accounts: list[AccountLine]
    rules: tuple[Rule, ...]


class Lines(BaseModel):
    """Lines of a channel log, newest first."""

    items: list[ChannelLine]


class Healths(BaseModel):
    """Every account of the running configuration, in the file's order."""

    items: list[AccountHealth]


@router.get("/queues", responses=responses(401, 503))
async def queues(me: Me, use: Use) -> Plan:
    """The queues and skills of the running configuration, and what each channel allows."""
    config = use.watch.current
    return Plan(
        queues=[Named(name=name, title=queue.title) for name, queue in config.queues.items()],
        skills=[Named(name=name, title=skill.title) for name, skill in config.skills.items()],
        channels=[
            ChannelLimits(
                name=name, title=channel.manifest.name, text_limit=channel.manifest.text_limit,
                text_unit=channel.manifest.text_unit, windows=channel.manifest.windows,
                files=_files(channel.manifest.sends),
            )
            for name, channel in use.channels.items()
        ],
        begins=[
            Begins(account=name, channel=entry.channel, schemes=channel.manifest.begins)
            for name, entry in config.accounts.items()
            if (channel := use.channels.get(entry.channel)) is not None and channel.manifest.begins
            and entry.lets_begin(supervisor=me.supervises)
        ],
    )  # fmt: skip


@router.get("/calendars/{calendar}/open", dependencies=[Depends(signed_in)], responses=responses(401, 404, 503))
async def open_spans(calendar: Annotated[str, Path(max_length=63)], use: Use) -> OpenSpans:
    """When a calendar is open within the next sixty days: how much of a clock is left is reckoned by it."""
    hours = use.watch.current.calendars.get(calendar)
    if hours is None:
        raise NotThere("the file has no such calendar")
    now = datetime.now(UTC)
    spans = await asyncio.to_thread(hours.spans_between, now, now + _AHEAD)
    told = [OpenSpan(begins=ms_of(begins), ends=ms_of(ends)) for begins, ends in spans]
    return OpenSpans(spans=told, until=ms_of(now + _AHEAD))


def _files(rule: MediaRule | None) -> FileLimits | None:
    return FileLimits.model_validate(rule.model_dump()) if rule is not None else None


@router.get("/configuration", dependencies=[Depends(supervisor)], responses=responses(401, 403, 503))
async def configuration(use: Use) -> Running:
    """Queues with their promises, accounts and rules, as they run now."""
    config = use.watch.current
    accounts = [
        AccountLine(name=name, channel=entry.channel, queue=config.queue_of_account(name))
        for name, entry in config.accounts.items()
    ]
    return Running(
        digest=config.digest, default_queue=config.default_queue, queues=config.queues,
        policies={name: name_of(queue.policy.policy) for name, queue in config.queues.items()},
        accounts=accounts, rules=config.rules,
    )  # fmt: skip


@router.get("/account-health", dependencies=[Depends(supervisor)], responses=responses(401, 403, 503))
async def account_health(use: Use) -> Healths:
    """What came in by each account within the last day, and what became of the replies."""
    accounts = use.watch.current.accounts
    return Healths(items=await use.repository.health.of(accounts, now=datetime.now(UTC)))


@router.get("/channel-log", dependencies=[Depends(admin)], responses=responses(401, 403, 503))
async def channel_log(
    use: Use,
    account: Annotated[str, Query(min_length=1, max_length=63)],
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Lines:
    """What happened at an account's door."""
    return Lines(items=await use.repository.channel_log.newest(account, limit=limit))
