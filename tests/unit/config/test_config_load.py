"""Loading `trunkline.yaml`: a good file is what it says, a bad one is told whole and with its places."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.config.bad_files import ACCOUNT, LAYOUT, NAMES, RULES, SETTINGS, SOUND, SYNTAX
from tests.unit.config.pigeon import Pigeon, PigeonSettings
from trunkline.config.document import MAX_BYTES, MAX_NODES
from trunkline.config.limits import FUNCTIONS
from trunkline.config.load import load, parse
from trunkline.config.model import Config
from trunkline.config.problems import MAX_PROBLEMS, ConfigError, Problem
from trunkline.config.rules import VARIABLES
from trunkline.config.wording import NAMES as NAMES_RULE
from trunkline.language import KNOWN

CHANNELS = {"pigeon": Pigeon()}
ENVIRONMENT = {"RING": "s3cret-ring", "BAD_RING": "a bad ring", "EMPTY": ""}


def parsed(text: str | bytes) -> Config:
    return parse(text if isinstance(text, bytes) else text.encode(), CHANNELS, ENVIRONMENT)


def said_of(text: str | bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        parsed(text)
    return str(caught.value)


def problems_of(text: str) -> tuple[Problem, ...]:
    try:
        parsed(text)
    except ConfigError as error:
        return error.problems
    return ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [pytest.param(text, expected, id=name) for name, text, expected in SYNTAX + LAYOUT + NAMES + SETTINGS + RULES],
)
def test_a_bad_file_is_told_with_line_and_column(text: str | bytes, expected: str) -> None:
    expected = expected.replace("NAMES", NAMES_RULE).replace("VARIABLES", ", ".join(VARIABLES))

    expected = expected.replace("LANGUAGES", ", ".join(KNOWN))
    assert said_of(text) == expected.replace("FUNCTIONS", ", ".join(sorted(FUNCTIONS)))


def test_faults_of_different_kinds_are_told_together_in_the_order_of_the_file() -> None:
    text = ACCOUNT.replace("loft:", "left:").replace("title: Support", "titel: Support") + (
        "rules:\n  - {name: a, when: message.txt == 'x', queue: nowhere}\n"
    )

    with pytest.raises(ConfigError) as caught:
        parsed(text)

    assert [problem.path for problem in caught.value.problems] == [
        "queues.support",
        "queues.support.titel",
        "accounts.post-main.settings",
        "accounts.post-main.settings.left",
        "rules[0].when",
        "rules[0].queue",
    ]


def test_a_good_file_is_what_it_says_with_defaults_where_it_is_silent() -> None:
    config = parsed(ACCOUNT + "rules:\n  - {name: always, when: true, requires: {lang.tr: 3}}\n")

    support = config.queues["support"]
    assert (support.title, support.offer_timeout_s, support.offer_again_after_s) == ("Support", 20, 60)
    assert (support.reopen_within_s, support.wrap_up_s, support.missed_offers_before_away) == (86_400, 30, 3)
    assert (support.weight, support.priority, support.requires) == (1, 0, {})
    assert config.rules[0].when == "true"
    assert config.rules[0].requires == {"lang.tr": 3}
    account = config.account("post-main", public_url="https://in.example/")
    assert account is not None
    assert account.webhook_url == "https://in.example/webhooks/post-main"
    assert account.settings.loft == "north-tower"
    assert config.account("elsewhere", public_url="https://in.example") is None


def test_words_that_yaml_1_1_takes_for_something_else_stay_words() -> None:
    config = parsed(SOUND.replace("title: Support", "title: no").replace("Turkish", "20:30"))

    assert config.queues["support"].title == "no"
    assert config.skills["lang.tr"].title == "20:30"


def test_settings_take_what_the_environment_has_and_defaults_where_it_has_nothing() -> None:
    text = ACCOUNT.replace("secret", "x-${RING}-${ABSENT:-y}-${EMPTY:-z}-$${RING}").replace(
        "birds: 3", "birds: ${N:-7}"
    )

    settings = parsed(text).accounts["post-main"].settings

    assert isinstance(settings, PigeonSettings)
    assert settings.ring.get_secret_value() == "x-s3cret-ring-y-z-${RING}"
    assert settings.birds == 7


def test_what_the_environment_holds_is_text_and_never_yaml() -> None:
    text = ACCOUNT.replace("secret", "${TRICK}")

    settings = parse(text.encode(), CHANNELS, {"TRICK": "a\n      birds: 9"}).accounts["post-main"].settings

    assert settings.birds == 3


def test_secrets_show_in_no_message_and_no_representation() -> None:
    config = parsed(ACCOUNT.replace("secret", "${RING}"))
    refused = said_of(ACCOUNT.replace("secret", "${BAD_RING}"))

    assert "s3cret" not in repr(config)
    assert "s3cret" not in str(config)
    assert "a bad ring" not in refused


def test_without_channels_settings_are_neither_read_nor_kept() -> None:
    config = parse(ACCOUNT.replace("secret", "${MISSING}").encode(), None, {})

    assert config.accounts["post-main"].channel == "pigeon"
    assert config.accounts["post-main"].settings is None


def test_without_rules_expressions_are_left_uncompiled_but_names_are_still_checked() -> None:
    text = SOUND + "rules:\n  - {name: a, when: nonsense, queue: %s}\n"

    assert parse((text % "support").encode(), None, {}, rules=False).rules[0].when == "nonsense"
    with pytest.raises(ConfigError, match="there is no queue `sales`"):
        parse((text % "sales").encode(), None, {}, rules=False)


def test_the_version_changes_with_every_byte_and_only_then() -> None:
    assert parsed(SOUND).digest == parsed(SOUND).digest
    assert parsed(SOUND).digest != parsed(SOUND + "# a remark\n").digest


def test_line_ends_of_windows_and_a_byte_order_mark_change_no_place() -> None:
    text = "\ufeff" + (SOUND + "rules:\n  - name: a\n    when: message.txt\n    queue: support\n").replace("\n", "\r\n")

    assert said_of(text) == "8:11: rules[0].when: there is no `message.txt`; did you mean `message.text`?"


def test_a_file_that_is_not_there_is_told_as_a_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^1:1: cannot be read: No such file or directory$"):
        load(tmp_path / "trunkline.yaml", CHANNELS, {})


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"#" * (MAX_BYTES + 5), "at most 1048576 are read", id="too large"),
        pytest.param(b"a: " + b"[" * 900_000, "nested more than 16 deep", id="brackets"),
        pytest.param(b"- " * 400_000, "nested more than 16 deep", id="dashes on one line"),
        pytest.param(b"? " * 400_000, "", id="question marks"),
        pytest.param(b"a: [" + b"1," * 400_000 + b"]", f"more than {MAX_NODES} values", id="many values"),
        pytest.param(
            b"a: &a [x]\nb: [" + b"*a," * 20_000 + b"]", "anchors and aliases are not read here", id="aliases"
        ),
        pytest.param(b"a: " + b"9" * 900_000, "unknown key", id="a long number"),
        pytest.param(b"a: " + b"59:" * 300_000 + b"59", "", id="a number of base 60"),
        pytest.param(b'"' + b"\\" * 900_000, "", id="escapes"),
        pytest.param(b"{" * 500_000 + b"}" * 500_000, "", id="braces"),
    ],
)
@pytest.mark.timeout(20)
def test_a_hostile_file_is_refused_in_bounded_time(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "trunkline.yaml"
    path.write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        load(path, CHANNELS, {})

    assert expected in str(caught.value)
    assert len(caught.value.problems) <= MAX_PROBLEMS


@settings(deadline=None)  # other processes share the processors
@given(st.binary(max_size=300))
def test_no_bytes_crash_it(content: bytes) -> None:
    with pytest.raises(ConfigError):
        parsed(content)


_WORDS = [
    *("default_queue", "queues", "rules", "accounts", "skills", "when", "name", "requires", "support", "lang.tr"),
    *("true", "1", "~", "-1.5e3", "message.text", "==", "'", '"', "|", ">-", ":", ": ", "- ", "\n", "\n  ", "\n    "),
    *("{", "}", "[", "]", ",", "&a", "*a", "!!str", "#", "${X}", "\\", "ğ", "\t", "?", "<<", "%YAML 1.1", "---"),
]


@settings(deadline=None)  # other processes share the processors
@given(st.lists(st.sampled_from(_WORDS), max_size=60).map("".join), st.booleans())
def test_no_text_made_of_its_own_words_crashes_it(text: str, after: bool) -> None:
    whole = SOUND + text if after else text

    lines = whole.count("\n") + 1
    assert all(1 <= problem.line <= lines and problem.column >= 1 for problem in problems_of(whole))
