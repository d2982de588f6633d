"""A shard's fold of the log: all that a lost board is rebuilt from (DESIGN 3, rules 5 and 6).

It folds what it reads from `routing-events`, so records of a stale term are never in it. Values stay undecoded until
a checkpoint or a rebuild needs them: most are soon replaced by a later event of the same conversation; and as bytes a
conversation takes a quarter of the memory that it takes decoded.

A checkpoint's bytes are JSON lines, compressed: what is said once, then a line a conversation, then a line an
operation. They are written and read line by line, so that the whole is never there a second time.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from typing import Any

import orjson

from trunkline.board.relay import FIRST_ID
from trunkline.bus import Position, Record
from trunkline.events import Header, Mark, PreferenceChanged, QueueOpened, QueueShut, Status
from trunkline.requirements import limits_of

DAY_MS = 86_400_000
FILTER_DAYS = 9
OPERATIONS_MS = 3_600_000
_FORMAT = 2
_PRINT = 5
"""Bytes of a message's print."""


def print_of(message: str) -> int:
    """The 40 bits of a message id that the dedupe filter keeps."""
    return int(message[: 2 * _PRINT], 16)


@dataclass(slots=True)
class Fold:
    """What one shard's part of the log adds up to."""

    position: Position = field(default_factory=lambda: Position(0))
    applied: int = -1
    outbox: str = FIRST_ID
    conversations: dict[str, bytes] = field(default_factory=dict)
    """Id → its last event, or as much of that as has its state."""
    operations: dict[str, tuple[int, str]] = field(default_factory=dict)
    seen: dict[int, bytearray] = field(default_factory=dict)
    """Day since 1970 → prints of that day's messages, one after the other (`prints`)."""
    opted_out: set[str] = field(default_factory=set)
    shut: dict[str, int] = field(default_factory=dict)
    """Queues of this shard that are shut → ms until when, 0 until they are opened."""

    def take(self, record: Record) -> None:
        """Add an accepted record."""
        headers = dict(record.headers)
        outbox = headers.get(Header.OUTBOX)
        if outbox is None:
            return
        self.outbox = outbox.decode()
        applied = int(headers[Header.APPLIED])
        # Only a mark takes it back: an operator accepted a log that ends earlier (`board rebuild --accept-log`).
        self.applied = applied if record.type == Mark.type else max(self.applied, applied)
        version = headers.get(Header.VERSION)
        if version is not None:
            self.conversations[record.key.decode()] = record.value
            self._remember(record, version.decode(), record.key.decode())
        elif record.type == PreferenceChanged.type:
            self._prefer(record)
        elif record.type in (QueueShut.type, QueueOpened.type):
            self._shut(record)
            self._remember(record)
        if message := headers.get(Header.MESSAGE):
            self.seen.setdefault(record.timestamp_ms // DAY_MS, bytearray()).extend(_bytes_of(message.decode()))

    def _remember(self, record: Record, version: str = "", subject: str = "") -> None:
        """What the board answered, word for word: made again on a board built from this, it is answered so."""
        if operation := record.header(Header.OPERATION):
            answer = f"ok\t{record.partition.number}\t{self.outbox}\t{version}\t{subject}"
            self.operations[operation] = (record.timestamp_ms, answer)

    def _prefer(self, record: Record) -> None:
        data = orjson.loads(record.value)["data"]
        thread, opted_out = data["thread"], data["opted_out"]
        (self.opted_out.add if opted_out else self.opted_out.discard)(thread)

    def _shut(self, record: Record) -> None:
        data = orjson.loads(record.value)["data"]
        if record.type == QueueShut.type:
            self.shut[data["queue"]] = data["until"]
        else:
            self.shut.pop(data["queue"], None)

    def tidy(self, now_ms: int) -> None:
        """Forget what no longer matters, and of each conversation all but its state."""
        for name, raw in list(self.conversations.items()):
            state = _state(raw)
            if _gone(state, now_ms):
                del self.conversations[name]
            else:
                self.conversations[name] = with_state(state)
        self.operations = {name: told for name, told in self.operations.items() if told[0] > now_ms - OPERATIONS_MS}
        self.seen = {day: prints for day, prints in self.seen.items() if day > now_ms // DAY_MS - FILTER_DAYS}

    def states(self) -> list[dict[str, Any]]:
        """The last state of every conversation still held, opt-outs of its thread put in."""
        found = []
        for raw in self.conversations.values():
            state = _state(raw)
            found.append(state | {"opted_out": int(state["thread"] in self.opted_out)})
        return found

    def prints(self, day: int) -> Iterator[int]:
        """Of that day's messages, as `print_of` makes them."""
        seen = self.seen[day]
        return (int.from_bytes(seen[at : at + _PRINT], "big") for at in range(0, len(seen), _PRINT))

    def dump(self, now_ms: int) -> bytes:
        """A checkpoint's bytes."""
        self.tidy(now_ms)
        content = BytesIO()
        with gzip.GzipFile(fileobj=content, mode="wb", compresslevel=1, mtime=0) as file:
            for line in self._lines():
                file.write(line + b"\n")
        return content.getvalue()

    def _lines(self) -> Iterator[bytes]:
        once = {
            "format": _FORMAT,
            "position": [self.position.offset, self.position.term],
            "applied": self.applied,
            "outbox": self.outbox,
            "seen": {str(day): base64.b64encode(prints).decode() for day, prints in self.seen.items()},
            "opted_out": sorted(self.opted_out),
            "shut": self.shut,
            "conversations": len(self.conversations),
        }
        yield orjson.dumps(once)
        yield from self.conversations.values()
        for name, (at, answer) in self.operations.items():
            yield orjson.dumps([name, at, answer])

    @classmethod
    def load(cls, blob: bytes) -> Fold:
        """A fold from a checkpoint's bytes; ValueError for another version's format, and what gzip raises if broken."""
        with gzip.GzipFile(fileobj=BytesIO(blob)) as file:
            once = orjson.loads(file.readline())
            if once["format"] != _FORMAT:
                raise ValueError(f"checkpoint of format {once['format']}: this version has {_FORMAT}")
            conversations = (line.rstrip(b"\n") for line in islice(file, once["conversations"]))
            return cls(
                position=Position(*once["position"]),
                applied=once["applied"],
                outbox=once["outbox"],
                conversations={_state(raw)["id"]: raw for raw in conversations},
                operations={name: (at, answer) for name, at, answer in map(orjson.loads, file)},
                seen={int(day): bytearray(base64.b64decode(prints)) for day, prints in once["seen"].items()},
                opted_out=set(once["opted_out"]),
                shut=once["shut"],
            )


def with_state(state: dict[str, Any]) -> bytes:
    """What `Fold.conversations` holds of a conversation in this state."""
    return orjson.dumps({"data": {"state": state}})


def _state(raw: bytes) -> dict[str, Any]:
    state: dict[str, Any] = orjson.loads(raw)["data"]["state"]
    return state


def reopen_ms(state: dict[str, Any]) -> int:
    """How long after close this conversation may be reopened."""
    return limits_of(state["limits"]).reopen


def _gone(state: dict[str, Any], now_ms: int) -> bool:
    return bool(state["status"] == Status.CLOSED and state["closed_at"] + reopen_ms(state) < now_ms)


def _bytes_of(message: str) -> bytes:
    return print_of(message).to_bytes(_PRINT, "big")
