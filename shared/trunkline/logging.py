"""Structured logs: JSON lines for machines, colours for a person at a terminal.

Log events are past-tense words with ids beside them (`log.info("offer_expired", offer=…)`), never message bodies:
fields that would carry one are replaced by their length before anything is written.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable
from typing import Any, Literal, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LogFormat = Literal["auto", "json", "pretty"]

_PRIVATE = frozenset({"body", "text", "payload", "content", "password", "token", "secret", "authorization", "cookie"})
"""Fields whose values never reach a log, whoever passes them."""

# These tell of every request or reconnect at INFO; our own events say what matters.
_TALKATIVE = (
    "aiokafka", "kafka", "httpx2", "httpcore2", "aiosqlite", "asyncio", "alembic", "uvicorn", "websockets",
    "mail",  # aiosmtpd's: every line of every SMTP talk, addresses and signed ones among them
)  # fmt: skip


def configure_logging(
    service: str, *, level: str = "info", log_format: LogFormat = "auto", stream: TextIO | None = None
) -> None:
    """Send every log of this process, structlog's and the standard library's, to `stream` (stdout).

    Each line has UTC ISO-8601 `time`, `level`, `event` and `service`. `auto` is pretty on a terminal, else JSON.
    May be called again; the last call counts.
    """
    stream = stream if stream is not None else sys.stdout
    pretty = log_format == "pretty" or (log_format == "auto" and stream.isatty())
    threshold = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _with_service(service),
        _without_bodies,
    ]
    last = _pretty() if pretty else _json()
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,  # a library may have logged before this call
    )
    _bridge(stream, threshold, shared, last)


def _bridge(stream: TextIO, threshold: int, shared: Iterable[Processor], last: Iterable[Processor]) -> None:
    """Give the standard library's records the same shape."""
    handler = logging.StreamHandler(stream)
    strip = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    named: list[Processor] = [structlog.stdlib.add_logger_name, structlog.stdlib.ExtraAdder()]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=[*named, *shared], processors=[strip, *last])
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))
    logging.captureWarnings(capture=True)


def _pretty() -> list[Processor]:
    # The plain traceback: the rich one prints local variables, and those hold what people wrote.
    return [
        structlog.dev.ConsoleRenderer(
            colors=True, timestamp_key="time", exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
        )
    ]


def _json() -> list[Processor]:
    return [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(serializer=_dumps),
    ]


def _dumps(event: EventDict, **_: Any) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _with_service(service: str) -> Callable[[WrappedLogger, str, EventDict], EventDict]:
    def add(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    return add


def _without_bodies(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for key in _PRIVATE & event.keys():
        value = event[key]
        event[key] = f"<{len(value)} long>" if isinstance(value, str | bytes) else "<hidden>"
    return event
