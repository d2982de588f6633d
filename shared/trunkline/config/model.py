"""What `trunkline.yaml` may say. Every number carries its unit in its name."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from trunkline.channels.base import Account
from trunkline.config.base import (
    Frozen,
    LanguageCode,
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
from trunkline.config.calendars import Calendar
from trunkline.config.intents import Intents
from trunkline.config.queues import Queue
from trunkline.config.room import RampUp, Taking
from trunkline.config.tells import DEFAULT_LANGUAGE
from trunkline.language import KNOWN

MAX_RULES = 500
"""Most rules: all of them are asked for each message that opens a conversation, at a few µs each."""


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
