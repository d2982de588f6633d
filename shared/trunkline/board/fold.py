"""A shard's fold of the log: all that a lost board is rebuilt from (DESIGN 3, rules 5 and 6).

It folds what it reads from `routing-events`, so records of a stale term are never in it. Values stay undecoded until
a checkpoint or a rebuild needs them: most are soon replaced by a later event of the same conversation.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass, field
from typing import Any

import orjson

from trunkline.board.relay import FIRST_ID
from trunkline.bus import Position, Record
from trunkline.events import Header, Mark, PreferenceChanged, QueueOpened, QueueShut, Status

DAY_MS = 86_400_000
FILTER_DAYS = 9
OPERATIONS_MS = 3_600_000


def print_of(message: str) -> int:
    """The 40 bits of a message id that the dedupe filter keeps."""
    return int(message[:10], 16)


@dataclass(slots=True)
class Fold:
    """What one shard's part of the log adds up to."""

    position: Position = field(default_factory=lambda: Position(0))
    applied: int = -1
    outbox: str = FIRST_ID
    conversations: dict[str, bytes | dict[str, Any]] = field(default_factory=dict)
    operations: dict[str, tuple[int, str]] = field(default_factory=dict)
    seen: dict[int, set[int]] = field(default_factory=dict)
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
            self.seen.setdefault(record.timestamp_ms // DAY_MS, set()).add(print_of(message.decode()))

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
        """Decode what is left, and forget what no longer matters."""
        self.conversations = {
            name: state for name, raw in self.conversations.items() if not _gone(state := _state(raw), now_ms)
        }
        self.operations = {name: told for name, told in self.operations.items() if told[0] > now_ms - OPERATIONS_MS}
        self.seen = {day: prints for day, prints in self.seen.items() if day > now_ms // DAY_MS - FILTER_DAYS}

    def states(self) -> list[dict[str, Any]]:
        """The last state of every conversation still held, opt-outs of its thread put in."""
        found = []
        for raw in self.conversations.values():
            state = _state(raw)
            found.append(state | {"opted_out": int(state["thread"] in self.opted_out)})
        return found

    def dump(self, now_ms: int) -> bytes:
        """A checkpoint's bytes."""
        self.tidy(now_ms)
        content = {
            "format": 1,
            "position": [self.position.offset, self.position.term],
            "applied": self.applied,
            "outbox": self.outbox,
            "conversations": [_state(raw) for raw in self.conversations.values()],
            "operations": [[name, at, answer] for name, (at, answer) in self.operations.items()],
            "seen": {str(day): _pack(prints) for day, prints in self.seen.items()},
            "opted_out": sorted(self.opted_out),
            "shut": self.shut,
        }
        return zlib.compress(orjson.dumps(content), 1)

    @classmethod
    def load(cls, blob: bytes) -> Fold:
        """A fold from a checkpoint's bytes; ValueError for a format of a later version."""
        content = orjson.loads(zlib.decompress(blob))
        if content["format"] != 1:
            raise ValueError(f"checkpoint of format {content['format']}: written by a later version")
        return cls(
            position=Position(*content["position"]),
            applied=content["applied"],
            outbox=content["outbox"],
            conversations={state["id"]: state for state in content["conversations"]},
            operations={name: (at, answer) for name, at, answer in content["operations"]},
            seen={int(day): _unpack(prints) for day, prints in content["seen"].items()},
            opted_out=set(content["opted_out"]),
            shut=content.get("shut", {}),  # a checkpoint from before queues could be shut has none
        )


def _state(raw: bytes | dict[str, Any]) -> dict[str, Any]:
    if isinstance(raw, dict):
        return raw
    state: dict[str, Any] = orjson.loads(raw)["data"]["state"]
    return state


def reopen_ms(state: dict[str, Any]) -> int:
    """How long after close this conversation may be reopened."""
    return int(state["limits"].split(":")[3])


def _gone(state: dict[str, Any], now_ms: int) -> bool:
    return bool(state["status"] == Status.CLOSED and state["closed_at"] + reopen_ms(state) < now_ms)


def _pack(prints: set[int]) -> str:
    return base64.b64encode(b"".join(one.to_bytes(5, "big") for one in sorted(prints))).decode()


def _unpack(text: str) -> set[int]:
    raw = base64.b64decode(text)
    return {int.from_bytes(raw[at : at + 5], "big") for at in range(0, len(raw), 5)}
