"""From a record's bytes to what the projection folds; what cannot be read says why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, NamedTuple, Self

import orjson
from pydantic import ValidationError

from trunkline.bus.base import Partition, Record
from trunkline.events import (
    CONVERSATION,
    DELIVERIES,
    MAX_EVENT_BYTES,
    ConversationState,
    Envelope,
    PreferenceChanged,
    Topic,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_FOLDED: Final = {kind.type for kind in CONVERSATION} | {kind.type for kind in DELIVERIES} | {PreferenceChanged.type}
"""Types that change the record; all others are read past."""

_STATED: Final = {kind.type for kind in CONVERSATION}
"""Types that carry a conversation's state."""


@dataclass(frozen=True, slots=True)
class ProjectedRecord:
    """A record of `routing-events` or `deliveries`, as it was read from the log."""

    topic: Topic
    partition: int
    offset: int
    term: int | None
    value: bytes

    @classmethod
    def of(cls, record: Record) -> Self:
        """The same of a record the bus handed out."""
        return cls(record.partition.topic, record.partition.number, record.offset, record.term, record.value)

    @property
    def place(self) -> Partition:
        """The partition it was read from."""
        return Partition(self.topic, self.partition)


class Reading(NamedTuple):
    """What a record says; `event` is None where it says nothing to the record, `refusal` is why it cannot be read.

    `columns` is the state of the event's conversation, `parts` the (validated) parts of its message as they came.
    """

    record: ProjectedRecord
    type: str = ""
    at: datetime | None = None
    event: Any = None
    columns: dict[str, Any] | None = None
    parts: list[Any] | None = None
    refusal: str = ""


def read(record: ProjectedRecord) -> Reading:
    """Decode a record; never raises. A type unknown here is fine, broken bytes are a refusal."""
    if len(record.value) > MAX_EVENT_BYTES:
        return Reading(record, refusal=f"larger than {MAX_EVENT_BYTES} bytes")
    try:
        return _read(record)
    except ValidationError as error:
        return Reading(record, refusal=_first_problem(error))
    except RecursionError:
        return Reading(record, refusal="nested too deeply")
    except (ValueError, OverflowError) as error:
        return Reading(record, refusal=str(error)[:500])


def _read(record: ProjectedRecord) -> Reading:
    document = orjson.loads(record.value)
    if b"\\u0000" in record.value:
        document = _without_nul(document)
    envelope = Envelope.model_validate(document)
    if envelope.time.tzinfo is None:
        raise ValueError("time: without a zone")
    if envelope.type not in _FOLDED:
        return Reading(record, envelope.type, envelope.time)
    event: Any = envelope.read()
    if event.topic is not record.topic:
        raise ValueError(f"{envelope.type} does not belong in {record.topic.value}")
    if envelope.type not in _STATED:
        return Reading(record, envelope.type, envelope.time, event)
    details = envelope.data.get("details") or {}
    parts = details["message"]["parts"] if "message" in details and "parts" in details["message"] else None
    return Reading(record, envelope.type, envelope.time, event, _columns(event.state), parts)


def _first_problem(error: ValidationError) -> str:
    # Without the input: a reason is shown to people, and the message's words are not for everyone.
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(step) for step in first["loc"])
    return f"{place}: {first['msg']}"[:500]


def _without_nul(value: Any) -> Any:
    """PostgreSQL cannot hold U+0000 in text; a reader sees the replacement character instead."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    return value


@lru_cache(maxsize=4_096)  # an event repeats most times of the one before
def _moment(milliseconds: int) -> datetime | None:
    """A time of the board; its 0 means none."""
    return _EPOCH + timedelta(milliseconds=milliseconds) if milliseconds else None


_SAME: Final = (
    "id", "thread", "account", "channel", "scheme", "display", "version", "queue", "requirement", "weight", "priority",
    "owner", "offered_to", "keeps", "last_agent", "fence", "reason", "language", "consulted",
)  # fmt: skip
"""Fields of a state that are columns of the same name, and value."""

_TIMES: Final = ("queued_at", "deadline", "wrap_until", "wake_at", "last_inbound_at", "closed_at", "replied_at")
_TIME_COLUMNS: Final = tuple("deadline_at" if name == "deadline" else name for name in _TIMES)

_same = itemgetter(*_SAME)
_times = itemgetter(*_TIMES)


def _columns(state: ConversationState) -> dict[str, Any]:
    """The columns of a conversation that its state alone decides."""
    fields = vars(state)
    columns = dict(zip(_SAME, _same(fields), strict=True))
    columns |= zip(_TIME_COLUMNS, map(_moment, _times(fields)), strict=True)
    columns["address"] = state.contact
    columns["status"] = state.status.value
    columns["opted_out"] = bool(state.opted_out)
    columns["opened_at"] = opened = _EPOCH + timedelta(milliseconds=state.opened_at)
    columns["due_at"] = _moment(state.due) or opened
    return columns
