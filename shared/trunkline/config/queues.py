"""What `trunkline.yaml` may say of a queue. Every number carries its unit in its name."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from trunkline.config.base import (
    DAY_S,
    Frozen,
    Level,
    Name,
    Preference,
    Priority,
    SkillName,
    SkillOrGroup,
    Target,
    Title,
    Weight,
)
from trunkline.config.tells import Mailbox, Step, Tells
from trunkline.index import DEFAULT, PRESETS, Policy
from trunkline.requirements import limits_text


def _preset(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value not in PRESETS:
        raise ValueError(f"there is no policy of that name; there are {', '.join(PRESETS)}")
    return asdict(PRESETS[value])


Share = Annotated[float, Field(ge=0, le=1_000, strict=False)]
Ahead = Annotated[float, Field(ge=0, le=60, strict=False)]


class Weights(Frozen):
    """Which agent with room is taken first: what each reason weighs in the index, see docs/routing.md."""

    skill: Share = Field(default=0.0, description="how good they are at what is asked for and preferred")
    flexibility: Share = Field(default=0.0, description="how much else they could do: generalists are kept for it")
    load: Share = Field(default=0.0, description="how much of their capacity is taken")
    idle: Share = Field(default=0.0, description="each minute since they last took or gave back work")
    turn: Share = Field(default=0.0, description="each minute since they were last given work")
    fit: Ahead = Field(
        default=0.0, description="minutes by which waiting work goes ahead for who becomes free and is fully proficient"
    )

    @property
    def policy(self) -> Policy:
        """As requirement sets name it."""
        return Policy(**self.model_dump())

    @model_validator(mode="after")
    def _weighs_something(self) -> Self:
        if not any(self.model_dump().values()):
            raise ValueError("a policy in which nothing weighs anything puts nobody in order")
        return self


class Escalation(Frozen):
    """Where an agent's "escalate" leads: another queue, or the same one with more required of the next agent."""

    queue: Name | None = None
    requires: dict[SkillName, Level] = Field(default={})


class Closed(Frozen):
    """What becomes of what comes while a queue is closed."""

    queue: Name = Field(description="it goes there instead")


class WideningStep(Frozen):
    """What is asked for less once a conversation has waited so long; steps add up."""

    after_s: int = Field(ge=1, le=30 * DAY_S, description="seconds of waiting; rising from step to step")
    lower: dict[SkillOrGroup, Level] = Field(default={}, description="skill: this level will do from now on")
    drop: tuple[SkillOrGroup, ...] = Field(default=(), description="skills that are not asked for any more")
    queues: tuple[Name, ...] = Field(default=(), max_length=8, description="whoever serves these will do as well")
    supervisors: bool = Field(default=False, description="any supervisor with the skills will do as well")
    tell: Step | None = Field(default=None, description="the customer is told this of the queue's `tells`, once")


ClockTime = Annotated[int, Field(ge=0, le=30 * DAY_S)]


class Clocks(Frozen):
    """What customers of a queue are promised besides an agent: by when a reply, and by when an end. 0: no promise."""

    hours: Name | None = Field(
        default=None, description="the calendar whose open hours count; around the clock, without"
    )
    first_reply_s: ClockTime = Field(
        default=0, description="seconds from opening, or opening again, to our first reply"
    )
    next_reply_s: ClockTime = Field(
        default=0, description="seconds from the first message that we have not answered to our next reply"
    )
    resolution_s: ClockTime = Field(
        default=0, description="seconds to the end, without those in which we wait for the customer or it is snoozed"
    )


class Queue(Frozen):
    """Conversations that wait for an agent, and what they are promised."""

    title: Title
    target_s: Target = Field(default=300, description="seconds in which a conversation should have its agent")
    priority: Priority = Field(default=0, description="10 is most urgent")
    weight: Weight = Field(default=1, description="how much of an agent's capacity one conversation takes")
    requires: dict[SkillName, Level] = Field(default={}, description="skill: lowest level that will do")
    prefers: dict[SkillName, Preference] = Field(default={}, description="skill: how much it counts, no condition")
    policy: Annotated[Weights, BeforeValidator(_preset)] = Field(
        default=Weights(**asdict(DEFAULT)), description="who is taken first: a name, or weights of its own"
    )
    offer_timeout_s: int = Field(default=20, ge=1, le=600, description="seconds an agent has to accept")
    offer_again_after_s: int = Field(
        default=60, ge=1, le=DAY_S, description="seconds before who declined is asked again"
    )
    missed_offers_before_away: int = Field(
        default=3, ge=1, le=100, description="missed in a row; then the agent is away"
    )
    auto_accept: bool = Field(
        default=False, description="the best agent has it at once, without being asked; there is no offer to miss"
    )
    offer_to: int = Field(
        default=1, ge=1, le=10, description="how many of the best with room are asked at once; the first has it"
    )
    wrap_up_s: int = Field(
        default=30, ge=0, le=DAY_S, description="seconds after the conversation that still take capacity"
    )
    reopen_within_s: int = Field(
        default=DAY_S, ge=0, le=365 * DAY_S, description="seconds after closing in which a new message opens it again"
    )
    widening: tuple[WideningStep, ...] = Field(
        default=(), max_length=8, description="how what it asks for relaxes while it waits"
    )
    sticky_s: int = Field(
        default=0,
        ge=0,
        le=7 * DAY_S,
        description="seconds in which only who had the contact last is asked, if present",
    )
    escalation: Escalation | None = Field(default=None, description="where `escalate` leads; without it there is none")
    clocks: Clocks | None = Field(default=None, description="by when customers are promised replies and an end")
    hours: Name | None = Field(default=None, description="the calendar by which it is open; always, without one")
    closed: Closed | None = Field(default=None, description="without it, what comes while it is closed waits here")
    tells: Tells | None = Field(default=None, description="what customers are told without an agent")
    mail: Mailbox | None = Field(default=None, description="the address that `{mail}` in its texts is")

    @property
    def limits(self) -> str:
        """Its limits, as the board keeps them with each conversation."""
        return limits_text(
            offer_s=self.offer_timeout_s,
            again_s=self.offer_again_after_s,
            wrap_up_s=self.wrap_up_s,
            reopen_s=self.reopen_within_s,
            missed=self.missed_offers_before_away,
            asks=0 if self.auto_accept else self.offer_to,
        )

    @model_validator(mode="after")
    def _asks_or_gives(self) -> Self:
        if self.auto_accept and self.offer_to > 1:
            raise ValueError("with auto_accept nobody is asked: leave out offer_to")
        return self
