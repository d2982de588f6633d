"""Logs are one JSON object a line, say when and who, and never what a customer wrote."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from trunkline.logging import configure_logging


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_names_its_event_its_service_and_the_utc_second() -> None:
    stream = io.StringIO()
    configure_logging("router", stream=stream)

    structlog.get_logger().info("offer_expired", offer="o1")

    (line,) = lines(stream)
    assert line["event"] == "offer_expired"
    assert line["service"] == "router"
    assert line["level"] == "info"
    assert line["offer"] == "o1"
    assert line["time"].endswith("Z")
    assert abs(datetime.fromisoformat(line["time"]) - datetime.now(UTC)).total_seconds() < 10


def test_the_standard_library_logs_in_the_same_shape() -> None:
    stream = io.StringIO()
    configure_logging("router", stream=stream)

    logging.getLogger("some.library").warning("it %s", "rained", extra={"umbrella": 1})

    (line,) = lines(stream)
    assert (line["event"], line["service"], line["logger"], line["umbrella"]) == (
        "it rained",
        "router",
        "some.library",
        1,
    )


def test_a_message_body_never_reaches_the_log_not_even_from_the_standard_library() -> None:
    stream = io.StringIO()
    configure_logging("router", stream=stream)

    structlog.get_logger().warning("parsed", text="my card number", body=b"xyz", payload={"a": "my card number"})
    logging.getLogger("library").warning("sent", extra={"token": "my card number"})

    assert "my card number" not in stream.getvalue()
    assert lines(stream)[0]["text"] == "<14 long>"


def test_a_stack_is_logged_without_local_variables() -> None:
    stream = io.StringIO()
    configure_logging("router", stream=stream, log_format="pretty")

    def fail() -> None:
        words = "private words of a customer".upper()
        raise ValueError(len(words))

    try:
        fail()
    except ValueError as error:
        structlog.get_logger().error("failed", exc_info=error)

    assert "ValueError" in stream.getvalue()
    assert "PRIVATE WORDS" not in stream.getvalue()


def test_lower_levels_are_left_out_for_both_kinds_of_logger() -> None:
    stream = io.StringIO()
    configure_logging("router", level="warning", stream=stream)

    structlog.get_logger().info("quiet")
    logging.getLogger("library").info("quiet")
    structlog.get_logger().warning("loud")

    assert [line["event"] for line in lines(stream)] == ["loud"]


def test_a_terminal_gets_words_instead_of_json() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    configure_logging("router", stream=stream)

    structlog.get_logger().info("offer_expired")

    assert "offer_expired" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_an_smtp_talk_with_its_addresses_is_not_in_the_log() -> None:
    stream = io.StringIO()
    configure_logging("ingest", stream=stream)

    logging.getLogger("mail.log").info("RCPT TO:<reply+signed@shop.example>")
    logging.getLogger("mail.log").warning("it is no longer well")

    assert "signed" not in stream.getvalue()
    assert "no longer well" in stream.getvalue()
