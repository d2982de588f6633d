"""What the board is told of a decision: requirement, room, ladder, and which rules of which version."""

from __future__ import annotations

import pytest

from tests.unit.config.bad_files import CALENDARS, SOUND
from tests.unit.config.pigeon import Pigeon
from trunkline.channels.twilio import TwilioSms
from trunkline.config.load import parse
from trunkline.config.rules import decide
from trunkline.requirements import only_of, room_of
from trunkline.route import Route, Window, clocks_of, route, window_of

STICKY = SOUND.replace("{title: Support}", "{title: Support, sticky_s: 30}")


def routed(text: str, last_agent: str = "") -> Route:
    config = parse(text.encode(), {"pigeon": Pigeon()}, {})
    return route(decide(config, (), account=""), config, channel="pigeon", last_agent=last_agent)


def test_who_had_the_contact_last_is_asked_alone_where_the_queue_says_so() -> None:
    found = routed(STICKY, last_agent="a1b2")

    assert only_of(found.requirement) == "a1b2"
    assert found.ladder.startswith(f"0>{found.requirement} 30000>")


@pytest.mark.parametrize(("text", "last_agent"), [(STICKY, ""), (SOUND, "a1b2")])
def test_else_anybody_with_the_skills_is(text: str, last_agent: str) -> None:
    found = routed(text, last_agent)

    assert (only_of(found.requirement), found.ladder) == ("", "")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("interruptible: true", "1i"),
        ("exclusive: true", "1x"),
        ("most: 3", "1/3"),
        ("quiet: {after_s: 300}", "1~300:0"),
        ("most: 3, interruptible: true, quiet: {after_s: 60}", "1i/3~60:0"),
        ("quiet: {after_s: 300, weight: 1}", "1"),
    ],
)
def test_the_room_is_as_the_channel_says(said: str, name: str) -> None:
    found = routed(SOUND + f"channels: {{pigeon: {{{said}}}}}\n")

    assert room_of(found.requirement).text == name


def test_the_version_and_the_rules_are_part_of_it() -> None:
    found = routed(SOUND + "rules:\n  - {name: all, when: true, priority: 3}\n")

    assert found.rules.endswith(":"), "no rule was asked here"
    assert len(found.rules) == 13


CLOCKS = SOUND.replace(
    "{title: Support}", "{title: Support, clocks: {hours: office, first_reply_s: 900, resolution_s: 28800}}"
)


def test_the_clocks_are_told_with_their_calendar_and_the_channels_window() -> None:
    config = parse((CLOCKS + CALENDARS).encode(), {}, {})

    assert clocks_of(config.queues["support"], None) == "900000:0:28800000:0:0:office"
    assert clocks_of(config.queues["support"], Window(86_400, 600)) == "900000:0:28800000:86400000:600000:office"
    assert list(config.clock_calendars) == ["office"]


def test_what_promises_nothing_has_no_clocks_but_where_a_window_closes() -> None:
    config = parse(SOUND.encode(), {}, {})

    assert clocks_of(config.queues["support"], None) == ""
    assert clocks_of(config.queues["support"], Window(60, 10)) == "0:0:0:60000:10000:"
    assert config.clock_calendars == {}


def test_whatsapp_has_a_window_and_sms_has_none() -> None:
    assert window_of(TwilioSms(), "whatsapp") == Window(86_400, 600)
    assert window_of(TwilioSms(), "tel") is None
    assert window_of(None, "whatsapp") is None, "a channel that is not installed"
