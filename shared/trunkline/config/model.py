"""What `trunkline.yaml` may say. Every number carries its unit in its name; every default is here."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from trunkline.channels.base import Account
from trunkline.config.base import Frozen, LanguageCode
from trunkline.config.calendars import Calendar
from trunkline.config.intents import Intents
from trunkline.config.room import RampUp, Taking
from trunkline.config.tells import DEFAULT_LANGUAGE, Mailbox, Step, Tells
from trunkline.index import DEFAULT, PRESETS, Policy
from trunkline.language import KNOWN
from trunkline.requirements import limits_text

MAX_RULES = 500
"""Most rules: all of them are asked for each message that opens a conversation, at a few µs each."""

_DAY_S = 86_400

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
SkillName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
SkillOrGroup = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,60}(\.\*)?$")]
Title = Annotated[str, Field(min_length=1, max_length=120)]
Level = Annotated[int, Field(ge=0, le=10)]
Weight = Annotated[int, Field(ge=1, le=100)]
Preference = Annotated[int, Field(ge=1, le=10)]
Priority = Annotated[int, Field(ge=0, le=10)]
Target = Annotated[int, Field(ge=1, le=30 * _DAY_S)]


def _true_is_an_expression(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


Expression = Annotated[str, BeforeValidator(_true_is_an_expression), Field(min_length=1)]


def _a_group(name: str) -> str:
    if not name.endswith(".*"):
        raise ValueError("write a group of skills, as lang.*")
    return name


SkillGroup = Annotated[SkillOrGroup, AfterValidator(_a_group)]


class Skill(Frozen):
    """What an agent can handle; agents have it at a level from 0 to 10, and so it is required."""

    title: Title


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

    after_s: int = Field(ge=1, le=30 * _DAY_S, description="seconds of waiting; rising from step to step")
    lower: dict[SkillOrGroup, Level] = Field(default={}, description="skill: this level will do from now on")
    drop: tuple[SkillOrGroup, ...] = Field(default=(), description="skills that are not asked for any more")
    queues: tuple[Name, ...] = Field(default=(), max_length=8, description="whoever serves these will do as well")
    supervisors: bool = Field(default=False, description="any supervisor with the skills will do as well")
    tell: Step | None = Field(default=None, description="the customer is told this of the queue's `tells`, once")


ClockTime = Annotated[int, Field(ge=0, le=30 * _DAY_S)]


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
        default=60, ge=1, le=_DAY_S, description="seconds before who declined is asked again"
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
        default=30, ge=0, le=_DAY_S, description="seconds after the conversation that still take capacity"
    )
    reopen_within_s: int = Field(
        default=_DAY_S, ge=0, le=365 * _DAY_S, description="seconds after closing in which a new message opens it again"
    )
    widening: tuple[WideningStep, ...] = Field(
        default=(), max_length=8, description="how what it asks for relaxes while it waits"
    )
    sticky_s: int = Field(
        default=0,
        ge=0,
        le=7 * _DAY_S,
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


class Rule(Frozen):
    """When `when` holds for a message, what else the rule says is decided, unless an earlier rule decided it."""

    name: SkillName
    when: Expression
    queue: Name | None = None
    requires: dict[SkillName, Level] = Field(default={})
    prefers: dict[SkillName, Preference] = Field(default={})
    priority: Priority | None = None
    weight: Weight | None = None
    target_s: Target | None = None

    @property
    def decides(self) -> bool:
        """Does it say anything besides when?"""
        return bool(self.requires or self.prefers) or any(
            aspect is not None for aspect in (self.queue, self.priority, self.weight, self.target_s)
        )


class Languages(Frozen):
    """The languages that customers are answered in, and what is required of the agent of who writes one of them."""

    of: tuple[LanguageCode, ...] = Field(min_length=1, max_length=len(KNOWN), description="ISO 639-1, as lv")
    skill: SkillGroup | None = Field(default=None, description="the group whose skill of that name is required: lang.*")
    level: Level = Field(default=1, description="lowest level of that skill that will do")
    otherwise: LanguageCode | None = Field(default=None, description="required of who cannot be told; nothing without")

    def requires(self, language: str) -> dict[str, int]:
        """What a conversation in this language asks for; '' is one that cannot be told."""
        wanted = language or self.otherwise
        return {f"{self.skill[:-1]}{wanted}": self.level} if self.skill and wanted else {}


class AccountEntry(Frozen):
    """One channel account: which channel, how it is reached, and the queue of what comes in by it."""

    channel: str
    queue: Name | None = Field(default=None, description="where its messages go when no rule says so")
    hours: Name | None = Field(default=None, description="the calendar by which it is open; that of its queue, without")
    begins: Literal["agents", "supervisors", "nobody"] = Field(
        default="agents",
        description="who may write first by it, where its channel can: supervisors are administrators too",
    )
    settings: Any = Field(
        default={}, repr=False, description="as the channel's account_schema has it, with ${NAME} from the environment"
    )

    def lets_begin(self, *, supervisor: bool) -> bool:
        """Whether an agent, or one who supervises, may write first by it."""
        return self.begins == "agents" or (supervisor and self.begins == "supervisors")


class Layout(Frozen):
    """The file as it is written."""

    default_queue: Name = Field(description="where messages go when neither rule nor account says so")
    queues: dict[Name, Queue] = Field(min_length=1)
    skills: dict[SkillName, Skill] = Field(default={})
    accounts: dict[Name, AccountEntry] = Field(default={})
    calendars: dict[Name, Calendar] = Field(default={}, max_length=100)
    language: Languages | None = Field(default=None, description="tell what customers write in; not, if left out")
    intents: Intents | None = Field(default=None, description="guess what customers want; not, if left out")
    channels: dict[Name, Taking] = Field(default={}, description="how each channel's work takes capacity")
    ramp_up: RampUp | None = Field(default=None, description="how an agent who returns begins; at full, if left out")
    rules: tuple[Rule, ...] = Field(default=(), max_length=MAX_RULES)


class Config(Layout):
    """A file that was checked: every name in it leads somewhere.

    `settings` of each account is an instance of its channel's account_schema; None if it was loaded without channels.
    """

    @property
    def ramp_up_text(self) -> str:
        """How who returns ramps up, as the board takes it; '' where nobody does."""
        return self.ramp_up.text if self.ramp_up else ""

    digest: str = Field(description="the running version: changes with every byte of the file")

    @property
    def fallback_language(self) -> str:
        """What who writes no language of ours is told things in."""
        spoken = self.language
        return (spoken.otherwise or spoken.of[0]) if spoken is not None else DEFAULT_LANGUAGE

    def account(self, name: str, *, public_url: str) -> Account | None:
        """The account as channels want it; None if there is none of that name."""
        entry = self.accounts.get(name)
        if entry is None:
            return None
        return Account(name=name, channel=entry.channel, public_url=public_url.rstrip("/"), settings=entry.settings)

    def queue_of_account(self, name: str) -> str:
        """Where messages of this account go when no rule says so; an account that is gone has the default queue."""
        entry = self.accounts.get(name)
        return (entry.queue if entry is not None else None) or self.default_queue

    def calendar_of_queue(self, name: str) -> Calendar | None:
        """By which a queue is open; None: always."""
        hours = self.queues[name].hours
        return self.calendars[hours] if hours is not None else None

    @property
    def clock_calendars(self) -> dict[str, Calendar]:
        """The calendars that some queue's clocks are reckoned by."""
        names = {queue.clocks.hours for queue in self.queues.values() if queue.clocks is not None}
        return {name: self.calendars[name] for name in sorted(filter(None, names))}

    def calendar_of_account(self, name: str) -> Calendar | None:
        """By which an account is open: its own, else that of the queue it leads to; None: always."""
        entry = self.accounts.get(name)
        if entry is not None and entry.hours is not None:
            return self.calendars[entry.hours]
        return self.calendar_of_queue(self.queue_of_account(name))
