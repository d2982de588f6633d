"""Cautions: the rule that never decides anything is named with its place, and no other is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.cli.check import check
from trunkline.config.cautions import cautions
from trunkline.config.cel import Cel
from trunkline.config.implied import implies, shape_of
from trunkline.config.load import parse

BASE = """\
default_queue: support
queues: {support: {title: Support}, sales: {title: Sales}}
skills: {lang.en: {title: English}, lang.tr: {title: Turkish}, vip: {title: Guests}}
rules:
"""


def told(*rules: str) -> list[str]:
    content = (BASE + "".join(f"  - {rule}\n" for rule in rules)).encode()
    return [str(each) for each in cautions(content, parse(content, None, {}))]


A, B, C = "message.has_media", "history.known", "message.channel == 'sms'"


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("true", A),
        (A, A),
        (A, f"  ({A})  // the same"),
        ("message.text.contains('a  b')", "message.text.contains( 'a  b' )"),
        (A, f"{A} && {B}"),
        (f"{A} && {B}", f"{B} && ({C} && true) && {A}"),
        (f"{A} || {B}", A),
        (f"{A} || {B}", f"{B} && {C}"),
        (f"{A} || {B} || {C}", f"{C} || {A}"),
        (f"({A} || {B}) && {C}", f"{C} && {A}"),
        (f"{A} ? {B} : {C}", f"{A} ? {B} : {C}"),
    ],
)
def test_a_rule_is_hidden_where_an_earlier_one_always_holds(earlier: str, later: str) -> None:
    [caution] = told(
        f'{{name: first, when: "{earlier}", queue: sales}}',
        f'{{name: second, when: "{later}", queue: support}}'.replace("// the same", ""),
    )

    assert caution == (
        "6:5: rules[1]: warning hidden-rule: `second` never decides anything: wherever it holds, `first` decides the"
        " same before"
    )


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (A, "true"),
        (A, B),
        (f"{A} && {B}", A),
        (A, f"{A} || {B}"),
        (f"{A} || {B}", C),
        ("message.text.contains('a  b')", "message.text.contains('a b')"),
        (f"{A} ? {B} : {C}", A),
        (f"!({A} || {B})", A),
        ("message.words.exists(w, w == 'a' || w == 'b')", "message.words.exists(w, w == 'a')"),
    ],
)
def test_a_rule_that_may_hold_alone_is_not_hidden(earlier: str, later: str) -> None:
    assert (
        told(f'{{name: first, when: "{earlier}", queue: sales}}', f'{{name: second, when: "{later}", queue: support}}')
        == []
    )


@pytest.mark.parametrize(
    "rule",
    [
        "priority: 3",
        "queue: support, weight: 2",
        "requires: {vip: 1}",
        "prefers: {vip: 1}",
        "requires: {lang.tr: 1, vip: 2}",
    ],
)
def test_a_rule_that_speaks_of_anything_more_is_not_hidden(rule: str) -> None:
    assert (
        told("{name: first, when: true, queue: sales, requires: {lang.en: 1}}", f"{{name: second, when: true, {rule}}}")
        == []
    )


def test_several_rules_hide_one_together_and_all_are_named() -> None:
    [caution] = told(
        "{name: where, when: true, queue: sales}",
        "{name: language, when: history.known, requires: {lang.en: 1}}",
        "{name: late, when: 'history.known && message.has_media', queue: support, requires: {lang.tr: 4}}",
        "{name: useful, when: message.has_media, queue: support, requires: {lang.tr: 4}}",
    )

    assert caution.startswith("7:5: rules[2]: warning hidden-rule: `late` never")
    assert caution.endswith("wherever it holds, `where`, `language` decide the same before")


def test_a_language_that_nobody_here_tells_is_a_caution(monkeypatch: pytest.MonkeyPatch) -> None:
    content = (BASE.replace("rules:\n", "language: {of: [en]}\n")).encode()
    config = parse(content, None, {})
    assert cautions(content, config) == []

    monkeypatch.setattr("trunkline.config.engine.find_spec", lambda name: None)

    assert [str(each).partition(" the")[0] for each in cautions(content, config)] == [
        "4:11: language: warning languages-not-told:"
    ]


def test_a_rule_that_waits_for_what_is_never_told_is_a_caution() -> None:
    more = "language: {of: [en]}\nintents: {examples: {refund: [money back, a refund], other: [hello, bye]}}\n"
    rules = (
        "rules:\n"
        "  - {name: a, when: message.language == 'en' || message.language == \"und\", priority: 1}\n"
        "  - {name: b, when: hours.open && message.language == 'lv', priority: 2}\n"
        "  - {name: c, when: message.intent == 'refund' || message.intent == 'refnd', priority: 3}\n"
    )
    content = (BASE.removesuffix("rules:\n") + more + rules).encode()

    found = [str(each) for each in cautions(content, parse(content, None, {}))]

    assert found == [
        "8:21: rules[1].when: warning never-told: `lv` is never told: `message.language` is one of en, und",
        "9:21: rules[2].when: warning never-told: `refnd` is never told: `message.intent` is one of other, refund, und",
    ]


def test_check_prints_cautions_with_their_place_and_succeeds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "trunkline.yaml"
    file.write_text(BASE + "  - {name: a, when: true, queue: sales}\n  - {name: b, when: true, queue: support}\n")

    assert check(file) == 0
    assert capsys.readouterr().out.startswith(f"{file}:6:5: rules[1]: warning hidden-rule: `b` never")


_ATOMS = st.sampled_from(["message.has_media", "history.known", "hours.open", "true", "false"])
_CONDITIONS = st.recursive(
    _ATOMS,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["&&", "||", "? true :", "? false :"]), inner).map(
            lambda three: f"({' '.join(three)})"
        )
        | st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(" ".join)
        | inner.map(lambda one: f"!({one})")
    ),
    max_leaves=6,
)
_WORLDS = [
    {"message.has_media": a, "history.known": b, "hours.open": c}
    for a in (True, False)
    for b in (True, False)
    for c in (True, False)
]


@given(_CONDITIONS, _CONDITIONS)
def test_what_is_said_to_follow_follows_in_every_world(condition: str, other: str) -> None:
    language = Cel()
    if implies(shape_of(condition), shape_of(other)):
        one, two = language.compile(condition), language.compile(other)
        worlds = [language.prepare(world) for world in _WORLDS]
        assert all(two.holds(world) for world in worlds if one.holds(world))
