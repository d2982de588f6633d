"""The demo's words: each is routed as the demo means it, in its language."""

from __future__ import annotations

from pathlib import Path

import pytest

from trunkline.config.engine import engine_of
from trunkline.config.load import load
from trunkline.config.rules import Facts, RuleEngine
from trunkline.demo.book import BOOK
from trunkline.demo.people import PEOPLE, RELIEF, ROBOTS, Person, demo_sign_ins
from trunkline.demo.stories import BILLING, Language, Topic, language_of
from trunkline.demo.visit import contacts

DEPLOY = Path(__file__).parents[3] / "deploy/trunkline.yaml"
OPENINGS = [(topic, opening) for topic in BOOK.topics for opening in topic.openings]


@pytest.fixture(scope="module")
def rules() -> RuleEngine:
    return engine_of(load(DEPLOY, None, {}))


def facts(text: str) -> Facts:
    return Facts(text=text, channel="twilio-sms", account="sms-main", address="+447700900100", scheme="tel")


@pytest.mark.parametrize(("topic", "opening"), OPENINGS, ids=[opening[:30] for _, opening in OPENINGS])
def test_an_opening_reaches_its_queue_and_its_language(rules: RuleEngine, topic: Topic, opening: str) -> None:
    routed = rules.decide(facts(opening))

    languages = {skill for skill in routed.requires if skill.startswith("lang.")}
    assert (routed.queue, languages) == (topic.queue, {topic.language.skill})


def able(person: Person, queue: str, requires: dict[str, int]) -> bool:
    has = person.skills
    return (queue in person.queues or "*" in person.queues) and all(has.get(s, 0) >= at for s, at in requires.items())


@pytest.mark.parametrize(("topic", "opening"), OPENINGS, ids=[opening[:30] for _, opening in OPENINGS])
def test_robots_can_do_everything_but_invoices_which_are_left_to_people(
    rules: RuleEngine, topic: Topic, opening: str
) -> None:
    routed = rules.decide(facts(opening))

    robots = [robot for robot in ROBOTS if able(robot, routed.queue, dict(routed.requires))]
    people = [person for person in PEOPLE if able(person, routed.queue, dict(routed.requires))]
    assert people
    if topic.queue == BILLING:
        assert robots == []
        assert able(RELIEF, routed.queue, dict(routed.requires))
    else:
        assert len(robots) >= 2


@pytest.mark.parametrize("topic", BOOK.topics, ids=lambda topic: f"{topic.language}-{topic.name}")
def test_a_topic_has_one_to_three_replies_that_one_text_message_can_hold(topic: Topic) -> None:
    assert 1 <= len(topic.replies) <= 3
    assert len(topic.answers) <= 2
    assert all(len(text) < 160 for text in (*topic.openings, *topic.answers, *topic.replies))


def test_no_opening_stands_for_two_topics() -> None:
    texts = [opening for _, opening in OPENINGS]

    assert len(texts) == len(set(texts))


def test_every_topic_of_every_contact_is_written_in_the_contact_s_language() -> None:
    for contact in contacts():
        for name in contact.topics:
            assert len(BOOK.of(contact.language, name)) == 1


@pytest.mark.parametrize(
    ("requirement", "language"),
    [
        ("support|twilio-sms|1|lang.en:1", Language.ENGLISH),
        ("billing|twilio-sms|1|billing:3,lang.tr:3", Language.TURKISH),
        ("sales|twilio-sms|1|lang.lv:3", Language.LATVIAN),
        ("support|twilio-sms|1|", Language.ENGLISH),
        ("", Language.ENGLISH),
    ],
)
def test_a_requirement_tells_its_language(requirement: str, language: Language) -> None:
    assert language_of(requirement) == language


def test_the_sign_ins_shown_are_people_of_every_language_and_the_administrator() -> None:
    shown = demo_sign_ins()

    assert [each.login for each in shown] == ["ana", "deniz", "liga", "admin"]
    assert all(len(each.password) >= 8 for each in shown)
    assert {language for person in PEOPLE for language in person.languages} == set(Language)
    assert shown[0].password not in repr(shown[0])
