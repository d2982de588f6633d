"""Rules: the first match wins for each thing decided, failures are no match, and nobody makes them slow."""

# ruff: noqa: RUF001 - Turkish is written with letters that look like others

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from trunkline.config.cel import Cel, CelCondition, InvalidExpression
from trunkline.config.conditions import ConditionFailed
from trunkline.config.engine import engine_of
from trunkline.config.limits import MAX_EXPRESSION
from trunkline.config.load import parse
from trunkline.config.rules import (
    MAX_TEXT,
    VARIABLES,
    Decision,
    Facts,
    RuleEngine,
    RuleFailure,
    facts_of,
    words_of,
)
from trunkline.messages import Address, Choice, InboundMessage, Media, Parts, Text
from trunkline.route import route

BASE = """\
default_queue: support
queues:
  support: {title: Support, target_s: 120}
  sales: {title: Sales, target_s: 60, priority: 2, weight: 3, requires: {lang.en: 1, vip: 2}}
skills:
  lang.en: {title: English}
  lang.tr: {title: Turkish}
  vip: {title: Important people}
accounts:
  shop: {channel: pigeon, queue: sales}
rules:
"""


def engine(*rules: str, failures: list[RuleFailure] | None = None) -> RuleEngine:
    text = BASE + "".join(f"  - {rule}\n" for rule in rules) if rules else BASE.removesuffix("rules:\n")
    return RuleEngine(
        parse(text.encode(), None, {}), Cel(), on_failure=failures.append if failures is not None else None
    )


def facts(text: str = "", account: str = "desk", **more: object) -> Facts:
    base: dict[str, object] = {"channel": "pigeon", "address": "+371", "scheme": "tel"}
    return Facts(text=text, account=account, **(base | more))  # type: ignore[arg-type]  # a table of keywords


def test_without_rules_the_account_chooses_the_queue_and_the_queue_all_else() -> None:
    routed = engine().decide(facts(account="shop"))

    assert routed == Decision(
        "sales", {"lang.en": 1, "vip": 2}, prefers={}, priority=2, weight=3, target_s=60, rules=()
    )


def test_an_account_that_is_gone_from_the_file_has_the_default_queue() -> None:
    assert engine().decide(facts(account="gone")).queue == "support"


def test_the_first_matching_rule_decides_each_thing_it_speaks_of() -> None:
    rules = engine(
        "{name: first, when: true, priority: 5}",
        "{name: second, when: true, priority: 9, queue: sales}",
        "{name: never, when: false, weight: 50}",
        "{name: third, when: true, queue: support, target_s: 7}",
        "{name: idle, when: true, priority: 1}",
    )

    routed = rules.decide(facts())

    assert (routed.queue, routed.priority, routed.weight, routed.target_s) == ("sales", 5, 3, 7)
    assert routed.rules == ("first", "second", "third")


def test_one_language_is_chosen_and_other_skills_are_added() -> None:
    rules = engine(
        "{name: turkish, when: 'message.text.contains(\"ş\")', requires: {lang.tr: 3}}",
        "{name: english, when: true, requires: {lang.en: 5}}",
        "{name: important, when: true, requires: {vip: 4}}",
    )

    assert rules.decide(facts("iş")).requires == {"lang.tr": 3, "vip": 4}
    assert rules.decide(facts("job")).requires == {"lang.en": 5, "vip": 4}


def test_what_a_rule_requires_stands_before_what_its_queue_requires() -> None:
    rules = engine("{name: turkish, when: true, queue: sales, requires: {lang.tr: 3}}")

    assert rules.decide(facts()).requires == {"lang.tr": 3, "vip": 2}


@pytest.mark.parametrize(
    ("expression", "given", "expected"),
    [
        ("message.text == 'Hi'", facts("Hi"), True),
        ("message.text.matches('(?i)^hi')", facts("HI there"), True),
        ("'faturam' in message.words", facts("FATURAM, nerede?"), True),
        ("message.words.exists(w, w.startsWith('rēķin'))", facts("Kur ir RĒĶINS?"), True),
        ("message.words.size() == 3", facts("a, b! c"), True),
        ("message.channel == 'pigeon' && message.account == 'shop'", facts(account="shop"), True),
        ("message.has_media", facts(has_media=True), True),
        ("contact.scheme == 'tel' && contact.address.startsWith('+371')", facts(), True),
        ("contact.language == ''", facts(), True),
        ("contact.language == 'tr'", facts(language="tr"), True),
        ("message.language == 'und'", facts("Siparişim nerede kaldı?"), True),
        ("history.known", facts(known=True), True),
        ("history.last_agent == 'ada'", facts(last_agent="ada"), True),
        ("history.last_agent == ''", facts(last_agent="ada"), False),
    ],
)
def test_every_variable_can_be_asked(expression: str, given: Facts, expected: bool) -> None:
    routed = engine(f"name: one\n    weight: 9\n    when: >-\n      {expression}").decide(given)

    assert (routed.weight == 9) is expected


def speaking(languages: str, *rules: str) -> RuleEngine:
    skills = BASE.replace("skills:\n", "skills:\n  lang.lv: {title: Latvian}\n")
    text = skills + "".join(f"  - {rule}\n" for rule in rules) if rules else skills.removesuffix("rules:\n")
    return engine_of(parse((text + f"language: {languages}\n").encode(), None, {}))


ASKING = "{of: [en, tr, lv], skill: lang.*, level: 3, otherwise: en}"


@pytest.mark.parametrize(
    ("text", "before", "language", "requires"),
    [
        ("Siparişim nerede kaldı?", "", "tr", {"lang.tr": 3}),
        ("Siparişim nerede kaldı?", "lv", "tr", {"lang.tr": 3}),
        ("merhaba", "", "tr", {"lang.tr": 3}),
        ("merhaba", "lv", "lv", {"lang.lv": 3}),
        ("ok", "lv", "lv", {"lang.lv": 3}),
        ("ok", "", "", {"lang.en": 3}),
        ("ok", "de", "", {"lang.en": 3}),
        ("Wo ist meine Bestellung?", "", "", {"lang.en": 3}),
    ],
)
def test_the_language_is_a_skill_by_what_is_written_and_what_was_known(
    text: str, before: str, language: str, requires: dict[str, int]
) -> None:
    routed = speaking(ASKING).decide(facts(text, language=before))

    assert (routed.language, routed.requires) == (language, requires)


def test_a_rule_stands_before_the_language_and_the_language_before_the_queue() -> None:
    rules = speaking(
        ASKING,
        "{name: strict, when: message.language == 'lv', requires: {lang.lv: 8}}",
        "{name: buying, when: true, queue: sales}",
    )

    assert rules.decide(facts("Kur ir mans pasūtījums?")).requires == {"lang.lv": 8, "vip": 2}
    assert rules.decide(facts("Siparişim nerede kaldı?")).requires == {"lang.tr": 3, "vip": 2}


OFFICE = """\
calendars:
  office: {zone: Europe/Riga, week: {mon: [09:00-18:00], tue: [09:00-18:00]}}
  night: {zone: Europe/Riga, week: {mon: [18:00-22:00]}}
"""
MORNING, EVENING, LATE = (datetime(2026, 11, 23, hour, tzinfo=UTC) for hour in (8, 17, 21))  # a Monday; Riga: + 2 h


def keeping_hours(*rules: str, support: str = "hours: office", shop: str = "") -> RuleEngine:
    text = BASE.replace("title: Support", f"title: Support, {support}").replace(
        "queue: sales}", f"queue: sales{shop}}}"
    )
    text = text.replace("skills:", "  night: {title: Night, hours: night, closed: {queue: sales}}\nskills:")
    text = text + "".join(f"  - {rule}\n" for rule in rules) if rules else text.removesuffix("rules:\n")
    return engine_of(parse((text + OFFICE).encode(), None, {}))


def test_what_comes_while_a_queue_is_closed_waits_and_its_target_begins_when_it_opens() -> None:
    rules = keeping_hours()

    opened, closed = rules.decide(facts(at=MORNING)), rules.decide(facts(at=EVENING))

    assert (opened.queue, opened.opens_in_s, closed.queue) == ("support", 0, "support")
    assert closed.opens_in_s == 14 * 3_600, "Tuesday, nine o'clock"
    config = parse((BASE.removesuffix("rules:\n")).encode(), None, {})
    assert [route(each, config, channel="pigeon").due_in_ms for each in (opened, closed)] == [
        120_000, (14 * 3_600 + 120) * 1_000,
    ]  # fmt: skip


def test_what_comes_while_a_queue_is_closed_goes_where_that_says_and_on_from_there() -> None:
    rules = keeping_hours(support="hours: office, closed: {queue: night}")

    taken = [rules.decide(facts(at=when)) for when in (MORNING, EVENING, LATE)]

    assert [(each.queue, each.instead_of) for each in taken] == [
        ("support", ""),
        ("night", "support"),
        ("sales", "support"),
    ]
    assert taken[2].requires == {"lang.en": 1, "vip": 2}, "what the queue asks for that it came to"
    assert [each.opens_in_s for each in taken] == [0, 0, 0]


def test_rules_read_the_hours_of_the_account_or_of_its_queue_and_of_every_calendar() -> None:
    by_queue = keeping_hours("{name: late, when: '!hours.open', priority: 9}")
    by_account = keeping_hours("{name: late, when: '!hours.open', priority: 9}", shop=", hours: night")
    by_name = keeping_hours("{name: late, when: '\"night\" in hours.calendars', priority: 9}")

    def late(rules: RuleEngine, account: str, at: datetime | None) -> bool:
        return rules.decide(facts(account=account, at=at)).priority == 9

    assert [late(by_queue, "gone", at) for at in (MORNING, EVENING, LATE, None)] == [False, True, True, False]
    assert [late(by_queue, "shop", at) for at in (MORNING, EVENING)] == [False, False], "its queue is always open"
    assert [late(by_account, "shop", at) for at in (MORNING, EVENING, LATE)] == [True, False, True]
    assert [late(by_name, "shop", at) for at in (MORNING, EVENING, LATE)] == [False, True, False]


def test_an_intent_is_told_to_rules_where_it_is_sure() -> None:
    examples = "{refund: [I want my money back, please refund me], delivery: [where is my parcel, is my order late]}"
    rules = "rules: [{name: money, when: message.intent == 'refund', queue: sales}]\n"

    def tried(text: str, sure: str) -> Decision:
        file = BASE.removesuffix("rules:\n") + rules + f"intents: {{examples: {examples}, sure: {sure}}}\n"
        return engine_of(parse(file.encode(), None, {})).decide(facts(text))

    hit = tried("Can I have my money back?", "0.8")
    assert (hit.intent, hit.queue, hit.rules) == ("refund", "sales", ("money",))
    assert tried("Where is my parcel now?", "0.8").intent == "delivery"
    assert tried("Can I have my money back?", "1").intent == ""
    assert tried("Guten Tag", "0").queue == "support"
    assert engine("{name: none, when: message.intent == 'und', queue: sales}").decide(facts("money")).queue == "sales"


def test_languages_may_be_told_and_ask_for_nothing() -> None:
    rules = speaking("{of: [tr, lv]}", "{name: turkish, when: message.language == 'tr', priority: 5}")

    routed = rules.decide(facts("Siparişim nerede kaldı?"))

    assert (routed.language, routed.requires, routed.priority) == ("tr", {}, 5)
    assert rules.decide(facts("ok")).language == ""


def test_a_machine_without_the_detector_routes_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.config.engine.find_spec", lambda name: None)

    with capture_logs() as logs:
        routed = speaking(ASKING).decide(facts("Siparişim nerede kaldı?"))

    assert (routed.language, routed.requires) == ("", {"lang.en": 3})
    assert [line["event"] for line in logs] == ["languages_not_told"]


@pytest.mark.parametrize("expression", ["message.words[5] == 'x'", "1 / message.words.size() == 1"])
def test_a_rule_that_fails_is_no_match_and_is_told_twice(expression: str) -> None:
    failures: list[RuleFailure] = []
    rules = engine(
        f'{{name: bad, when: "{expression}", weight: 9}}', "{name: good, when: true, weight: 4}", failures=failures
    )

    routed = rules.decide(facts(""))

    assert routed.weight == 4
    assert [failure.rule for failure in routed.errors] == ["bad"]
    assert list(routed.errors) == failures
    assert failures[0].message in {"Index error: index=5 size=0", "divide by zero"}


def test_the_engine_carries_the_version_of_its_file() -> None:
    config = parse(BASE.removesuffix("rules:\n").encode(), None, {})

    assert RuleEngine(config, Cel()).version == config.digest


def test_facts_are_made_of_all_that_a_message_says() -> None:
    parts: Parts = (
        Text(text="one"),
        Choice(title="two"),
        Media(content_type="image/png", caption="three"),
        Text(text="x" * MAX_TEXT),
    )
    message = InboundMessage(
        id="1", account="shop", channel="pigeon", thread="t", contact=Address(scheme="tel", value="+371"),
        provider_id="p", received_at=datetime(2026, 1, 1, tzinfo=UTC), parts=parts,
    )  # fmt: skip

    made = facts_of(message, known=True, last_agent=None, at=datetime(2026, 1, 1, tzinfo=UTC))

    assert made.text.startswith("one\ntwo\nthree\nxxx")
    assert len(made.text) == MAX_TEXT
    assert (made.has_media, made.known, made.last_agent, made.scheme) == (True, True, "", "tel")


def test_words_are_compared_whatever_their_case_and_composition() -> None:
    assert words_of("İADE, Sipariş! GU\u0308N re\u0304k\u0327ins 42") == ["iade", "sipariş", "gün", "rēķins", "42"]


HOSTILE = [
    "[" + ",".join("1" * 1 for _ in range(300)) + "].all(x, [1,1,1].all(y, [1,1].all(z, x == y)))",
    "[message.text].map(x, x + x).map(x, x + x).map(x, x + x).size() == 0",
    "message.text.replace('', message.text).replace('', message.text) == ''",
    "message.text.split('').join(message.text) == ''",
    "'%s'.format([message.text]) == ''",
    "+".join(["message.text"] * 40) + " == ''",
    "(" * 1_000 + "true" + ")" * 1_000,
    "[" * 900 + "]" * 900 + " == []",
    "message.text.matches('((.{0,30}){30})9')",
    "message.text.matches('(((x{10}){10}){10}){10}')",
    "message.text.matches('" + "a?" * 200 + "')",
    "message.text.matches('a' + message.text)",
    "matches(message.text, message.text)",
    "message.text.matches(r'\\pL')",
    "message.text . matches // here\n (message.text)",
    "[1].exists(x, message.text.matches('(a+)+$'))",
    "message.words.exists(a, message.words.exists(b, message.words.exists(c, a == b && b == c)))",
    "message.text.__class__ == ''",
    "'" + "a" * MAX_EXPRESSION + "' == ''",
    "true || " * 240 + "\ud800",
]


@pytest.mark.parametrize("expression", HOSTILE, ids=lambda text: text[:30])
def test_a_hostile_rule_is_refused_at_load(expression: str) -> None:
    started = time.process_time()

    with pytest.raises(InvalidExpression) as caught:
        Cel().compile(expression)

    assert caught.value.faults
    assert time.process_time() - started < 1


WORST = [
    "message.text.matches('(a+)+$')",
    "message.text.matches('((.{0,10}){10})9')",
    "message.text.matches('(?i)[^a-z]{100}9')",
    " || ".join(["message.text.matches('(.{0,100}9)')"] * 4),
    " || ".join(["message.words.exists(w, w in [" + ",".join(["'b'"] * 80) + "])"] * 4),
    " || ".join(["message.text.contains('9')"] * 60),
    "!" * 1_900 + "message.has_media",
    "-" * 1_900 + "1 == 2",
    "[" + ",".join(["1"] * 900) + "].exists(x, x == 2 && message.text.contains('zz'))",
]


@pytest.mark.parametrize("expression", WORST, ids=lambda text: text[:40])
@pytest.mark.parametrize("text", ["a" * 100_000, "a " * 50_000, "ğ" * 100_000], ids=["a", "words", "ğ"])
def test_the_worst_rule_that_is_allowed_is_bounded_whatever_the_customer_writes(expression: str, text: str) -> None:
    rules = engine("name: worst\n    weight: 9\n    when: >-\n      " + expression)
    long = facts(text)
    rules.decide(long)

    started = time.process_time()
    rules.decide(long)

    assert time.process_time() - started < 0.25, "a message would stand in everybody's way"


_PIECES = [
    *(*VARIABLES, "'", '"', "(", ")", ".", "matches", "exists", "x", ", ", "==", "&&", "!", "[", "]", "1", "r", "\\"),
    *("//", "\n", "'''", "in", "?", ":", "-", "a{2}", "message.text.matches('", "message.words.exists(w, "),
]


def compiled(expression: str) -> CelCondition | InvalidExpression:
    try:
        return Cel().compile(expression)
    except InvalidExpression as error:
        return error


@settings(deadline=None)  # other processes share the processors
@given(st.text(max_size=80) | st.lists(st.sampled_from(_PIECES), max_size=30).map("".join))
def test_no_expression_crashes_the_compiler_and_no_compiled_one_crashes_a_decision(expression: str) -> None:
    result = compiled(expression)

    if isinstance(result, InvalidExpression):
        assert all(fault.line >= 1 and fault.column >= 1 and fault.message for fault in result.faults)
        return
    values = dict.fromkeys(VARIABLES, "x") | {"message.words": [], "message.has_media": True, "history.known": True}
    with contextlib.suppress(ConditionFailed):
        assert result.holds(Cel().prepare(values)) in {True, False}
