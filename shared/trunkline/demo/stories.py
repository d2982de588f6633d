"""What customers write about, and what robots answer: topics with their words, in three languages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Language(StrEnum):
    """The demo's languages; deploy/trunkline.yaml calls their skills `lang.<code>`."""

    ENGLISH = "en"
    TURKISH = "tr"
    LATVIAN = "lv"

    @property
    def skill(self) -> str:
        """The skill a conversation in this language requires."""
        return f"lang.{self.value}"


BILLING: Final = "billing"
"""The queue, and the skill, that the demo leaves to the person who signs in."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One matter, in one language.

    `openings` are fixed texts, so that a robot knows the topic by its opening; the rules of deploy/trunkline.yaml route
    each of them to `queue` and to the language's skill. `answers` are the customer's, one after each reply, with
    `{number}` for an order's number; `replies` are the robot's, one to three.
    """

    name: str
    language: Language
    queue: str
    openings: tuple[str, ...]
    answers: tuple[str, ...]
    replies: tuple[str, ...]
    code: str


@dataclass(frozen=True, slots=True)
class Phrases:
    """What fits any topic of a language: asking again when kept waiting, thanks, and a robot's only general reply."""

    again: tuple[str, ...]
    thanks: tuple[str, ...]
    general: tuple[str, ...]


class Book:
    """All topics, found by queue and language, or by the text that opened the conversation."""

    def __init__(self, topics: Iterable[Topic], phrases: dict[Language, Phrases]) -> None:
        self.topics = tuple(topics)
        self.phrases = phrases
        self._by_opening = {opening: topic for topic in self.topics for opening in topic.openings}

    def of(self, language: Language, *names: str) -> tuple[Topic, ...]:
        """The language's topics of these names."""
        return tuple(topic for topic in self.topics if topic.language == language and topic.name in names)

    def opened_by(self, text: str) -> Topic | None:
        """The topic that begins with exactly this text."""
        return self._by_opening.get(text)

    def general(self, language: Language, queue: str) -> Topic:
        """What a robot says where nobody knows the topic."""
        return Topic("general", language, queue, (), (), self.phrases[language].general, "answered")


def language_of(requirement: str) -> Language:
    """The language a requirement set names (`queue|channel|weight|lang.tr:3,…`); English if it names none."""
    skills = requirement.rpartition("|")[2].split(",")
    for language in Language:
        if any(skill.partition(":")[0] == language.skill for skill in skills):
            return language
    return Language.ENGLISH
