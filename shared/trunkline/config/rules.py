"""What a rule may know, what rules decide, and how the first match wins. Pure: no I/O, no clock.

The expression language is behind `conditions.Language`: another engine needs one class (see `cel.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from trunkline.config.conditions import ConditionFailed, Language
from trunkline.config.model import Config, Rule
from trunkline.config.queues import Queue
from trunkline.intent import Classifier
from trunkline.language import UNDETERMINED, Deaf, Detector, Heard, settled
from trunkline.messages import Choice, InboundMessage, MailHead, Media, Text

MAX_TEXT = 4_096
"""Characters of a message that rules read: the cost of a rule is bounded with it."""

VARIABLES: Mapping[str, str] = {
    "message.text": "string",
    "message.words": "list of strings",
    "message.channel": "string",
    "message.account": "string",
    "message.has_media": "bool",
    "message.language": "string",
    "message.intent": "string",
    "contact.address": "string",
    "contact.scheme": "string",
    "contact.language": "string",
    "hours.open": "bool",
    "hours.calendars": "list of strings",
    "history.known": "bool",
    "history.last_agent": "string",
}
"""Every name a rule may use, and its type. docs/configuration.md explains each; a test compares the two."""

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What rules may know of a message when its conversation is routed. Unknown things are empty, never absent."""

    text: str
    channel: str
    account: str
    address: str
    scheme: str
    has_media: bool = False
    language: str = ""
    """Of the contact's last conversation."""
    known: bool = False
    last_agent: str = ""
    at: datetime | None = None
    """When; None: at a time at which all is open."""


@dataclass(frozen=True, slots=True)
class RuleFailure:
    """A rule that failed at run time, which counts as no match."""

    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a conversation goes and what it needs; `rules` names those that decided something, in the file's order."""

    queue: str
    requires: Mapping[str, int]
    prefers: Mapping[str, int]
    priority: int
    weight: int
    target_s: int
    rules: tuple[str, ...]
    errors: tuple[RuleFailure, ...] = ()
    language: str = ""
    """Of the conversation; '' where it cannot be told."""
    intent: str = ""
    """What the message that begins it asks for; '' where no intent is sure."""
    instead_of: str = ""
    """The queue it would have gone to, were that not closed."""
    opens_in_s: int = 0
    """Seconds until its queue opens, if it waits for that: its target begins then."""


class RuleEngine:
    """The rules of one configuration, compiled."""

    def __init__(
        self, config: Config, language: Language, *, detector: Detector | None = None,
        classifier: Classifier | None = None, on_failure: Callable[[RuleFailure], None] | None = None,
    ) -> None:  # fmt: skip
        self.version = config.digest
        self._config = config
        self._language = language
        self._detector = detector or Deaf()
        self._classifier = classifier
        self._on_failure = on_failure
        self._rules = [(rule, language.compile(rule.when)) for rule in config.rules]
        self._needs_words = any("words" in rule.when for rule in config.rules)
        self._needs_calendars = any("calendars" in rule.when for rule in config.rules)

    def hear(self, message: InboundMessage) -> Heard:
        """What a message alone says of its language."""
        return self._detector.hear(_text_of(message)[:MAX_TEXT])

    def decide(self, facts: Facts) -> Decision:
        """What the rules say of a message. Never fails: a rule that does is no match, told to `on_failure` and here.

        Each of queue, preferences, priority, weight, target and each group of skills (`lang` of `lang.tr`) is taken
        from the first rule that matches and speaks of it; then from the language (its skill), the account (queue) or
        the queue (all others).
        """
        language = settled(self._detector.hear(facts.text), self._one_of_ours(facts.language))
        intent = self._intent(facts.text)
        variables = _variables(facts, language=language, intent=intent, words=self._needs_words)
        prepared = self._language.prepare(variables | self._hours(facts))
        matched: list[Rule] = []
        failures: list[RuleFailure] = []
        for rule, condition in self._rules:
            try:
                if condition.holds(prepared):
                    matched.append(rule)
            except ConditionFailed as error:
                failures.append(RuleFailure(rule.name, str(error)))
        if self._on_failure is not None:
            for failure in failures:
                self._on_failure(failure)
        spoken = self._config.language.requires(language) if self._config.language is not None else {}
        decision = decide(
            self._config, matched, account=facts.account, at=facts.at, spoken=spoken, errors=failures
        )  # fmt: skip
        return replace(decision, language=language, intent=intent)

    def _intent(self, text: str) -> str:
        if self._classifier is None or self._config.intents is None:
            return ""
        found = self._classifier.guess(text)
        return found.intent if found.confidence >= self._config.intents.sure else ""

    def _hours(self, facts: Facts) -> dict[str, object]:
        at, own = facts.at, self._config.calendar_of_account(facts.account)
        asked = self._config.calendars.items() if self._needs_calendars else ()
        open_now = [name for name, each in asked if at is None or each.open_at(at)]
        return {"hours.open": at is None or own is None or own.open_at(at), "hours.calendars": open_now}

    def _one_of_ours(self, language: str) -> str:
        """What was known before helps while it is still told: the file may have changed since."""
        return language if self._config.language is not None and language in self._config.language.of else ""


def decide(
    config: Config, matched: Sequence[Rule], *, account: str, at: datetime | None = None,
    spoken: Mapping[str, int] | None = None, errors: Sequence[RuleFailure] = (),
) -> Decision:  # fmt: skip
    """The decision of rules that matched, in the file's order; see `RuleEngine.decide`. `spoken`: what the customer's
    language asks for, where no rule speaks of that group of skills."""
    aspects: dict[str, Any] = {}
    deciders: list[str] = []
    for rule in matched:
        said = aspects_of(rule)
        if not said.keys() <= aspects.keys():
            deciders.append(rule.name)
        aspects = said | aspects
    wanted = aspects.get("queue") or config.queue_of_account(account)
    name, opens_in_s = _open_queue(config, wanted, at) if at is not None else (wanted, 0)
    queue = config.queues[name]
    aspects = aspects_of(queue) | _groups(spoken or {}) | aspects
    return Decision(
        queue=name,
        requires={skill: level for skills in _skill_groups(aspects) for skill, level in skills.items()},
        prefers=aspects.get("prefers", {}),
        priority=aspects["priority"],
        weight=aspects["weight"],
        target_s=aspects["target_s"],
        rules=tuple(deciders),
        errors=tuple(errors),
        instead_of=wanted if name != wanted else "",
        opens_in_s=opens_in_s,
    )


def _open_queue(config: Config, name: str, at: datetime) -> tuple[str, int]:
    """The queue where it goes when it should go to this one, and in how many seconds that opens. Where closed queues
    lead was checked not to go in a circle."""
    while True:
        queue, calendar = config.queues[name], config.calendar_of_queue(name)
        if calendar is None or calendar.open_at(at):
            return name, 0
        if queue.closed is None:
            return name, calendar.seconds_closed(at)
        name = queue.closed.queue


def aspects_of(source: Rule | Queue) -> dict[str, Any]:
    """What a rule or a queue speaks of; each group of skills is an aspect of its own, named with a dot at its end."""
    said: dict[str, Any] = {
        name: value
        for name in ("queue", "priority", "weight", "target_s")
        if (value := getattr(source, name, None)) is not None
    }
    if source.prefers:
        said["prefers"] = source.prefers
    return said | _groups(source.requires)


def _groups(requires: Mapping[str, int]) -> dict[str, Any]:
    groups: dict[str, Any] = {}
    for skill, level in requires.items():
        groups.setdefault(skill.partition(".")[0] + ".", {})[skill] = level
    return groups


def _skill_groups(aspects: Mapping[str, Any]) -> list[Mapping[str, int]]:
    return [value for name, value in aspects.items() if name.endswith(".")]


def facts_of(
    message: InboundMessage, *, known: bool, at: datetime, last_agent: str | None = None, language: str = ""
) -> Facts:
    """What rules may know of a message at a time; `known`: has the contact written before, whom did they talk to last,
    and in which language."""
    return Facts(
        text=_text_of(message)[:MAX_TEXT],
        channel=message.channel,
        account=message.account,
        address=message.contact.value,
        scheme=message.contact.scheme,
        has_media=any(isinstance(part, Media) for part in message.parts),
        language=language,
        known=known,
        last_agent=last_agent or "",
        at=at,
    )


def words_of(text: str) -> list[str]:
    """The words of a text for comparing: letters and digits, composed, in lower case.

    The Turkish dotted capital İ becomes i; a capital I becomes i too, whatever the language.
    """
    composed = unicodedata.normalize("NFC", text).replace("İ", "i").lower()
    return _WORD.findall(composed)


def _text_of(message: InboundMessage) -> str:
    words = []
    for part in message.parts:
        match part:
            case Text():
                words.append(part.text)
            case MailHead():
                words.append(part.subject)
            case Choice():
                words.append(part.title)
            case Media() if part.caption:
                words.append(part.caption)
    return "\n".join(words)


def _variables(facts: Facts, *, language: str, intent: str, words: bool) -> dict[str, object]:
    text = facts.text[:MAX_TEXT]
    return {
        "message.text": text,
        "message.words": words_of(text) if words else [],
        "message.channel": facts.channel,
        "message.account": facts.account,
        "message.has_media": facts.has_media,
        "message.language": language or UNDETERMINED,
        "message.intent": intent or UNDETERMINED,
        "contact.address": facts.address,
        "contact.scheme": facts.scheme,
        "contact.language": facts.language,
        "history.known": facts.known,
        "history.last_agent": facts.last_agent,
    }
