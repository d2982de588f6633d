# ruff: noqa: RUF001  other languages have other letters
"""What is said without an agent: only what is true, in the language of the customer, by the clock of who answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from trunkline.config.load import parse
from trunkline.config.model import Config
from trunkline.config.tells import LONGEST_MOMENT
from trunkline.language import KNOWN
from trunkline.telling import Wanted, moment, on_arrival, text_of

FILE = """
default_queue: support
queues:
  support:
    title: Support
    hours: office
    mail: help@shop.example
    tells:
      closed: {en: "Back {opens}.", lv: "Atbildēsim: {opens}.", tr: "{opens}"}
      queued: {en: "{queue} is with you soon. (not { this", lv: "Drīz."}
      overflow: {en: "Write to {mail}."}
      shut: {en: "Not now."}
      shut_until: {en: "From {until} on."}
  quiet: {title: Quiet}
  shutters: {title: Shutters, tells: {shut: {en: "Not now."}}}
calendars:
  office: {zone: Europe/Riga, week: {mon: [09:00-18:00], tue: [09:00-18:00]}}
"""
MONDAY = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
UNTIL = str(int(datetime(2026, 11, 23, 13, 30, tzinfo=UTC).timestamp() * 1_000))


@pytest.fixture(scope="module")
def config() -> Config:
    return parse(FILE.replace("{not} {a variable}", "(not {this}").replace("{this}", "{ this").encode(), None, {})


def say(config: Config, kind: str, at: datetime = MONDAY, **more: str) -> str | None:
    return text_of(config, Wanted(kind, more.pop("queue", "support"), more.pop("language", "en"), **more), at)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Back Tuesday 24 November, 09:00."),
        ("lv", "Atbildēsim: otrdiena, 24. novembris, plkst. 09:00."),
        ("tr", "24 Kasım Salı, 09:00"),
        ("de", "Back Tuesday 24 November, 09:00."),
        ("", "Back Tuesday 24 November, 09:00."),
    ],
)
def test_when_it_opens_is_said_in_the_language_of_the_customer(config: Config, language: str, words: str) -> None:
    assert say(config, "closed", NIGHT, language=language) == words


def test_what_is_no_longer_true_is_not_said(config: Config) -> None:
    assert say(config, "closed", MONDAY) is None, "it has opened meanwhile"
    assert say(config, "queued", NIGHT) is None, "it has closed meanwhile"
    assert say(config, "shut") is None, "it is open"
    assert say(config, "queued", queue="gone") is None
    assert say(config, "queued", queue="quiet") is None
    assert say(config, "callback") is None


def test_variables_are_put_in_and_braces_that_are_none_stay(config: Config) -> None:
    assert say(config, "queued") == "Support is with you soon. (not { this"
    assert say(config, "overflow") == "Write to help@shop.example."


def test_until_when_it_is_shut_is_said_where_that_is_known(config: Config) -> None:
    assert say(config, "shut", shut=UNTIL) == "From Monday 23 November, 15:30 on."
    assert say(config, "shut", shut="0") == "Not now."
    assert say(config, "shut", shut=UNTIL, queue="shutters") == "Not now."


def test_who_arrives_is_told_what_the_queue_has_words_for(config: Config) -> None:
    kinds = [on_arrival(config, queue, closed=closed) for queue in ("support", "shutters") for closed in (True, False)]
    assert kinds == ["closed", "queued", "", ""]


def test_a_time_in_no_calendar_names_its_zone() -> None:
    assert moment(MONDAY, "UTC", "de") == "2026-11-23 12:00 UTC"
    assert moment(MONDAY, "Europe/Istanbul", "tr") == "23 Kasım Pazartesi, 15:00"


@pytest.mark.parametrize("language", KNOWN)
def test_no_time_is_longer_than_the_check_reckons_with(language: str) -> None:
    days = [datetime(2026, month, day, 12, tzinfo=UTC) for month in range(1, 13) for day in range(22, 29)]
    assert max(len(moment(day, "UTC", language)) for day in days) <= LONGEST_MOMENT
