"""From outbox entries to records: bytes are joined, never decoded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from trunkline.bus import NewRecord, Partition
from trunkline.bus.base import MAX_BATCH_BYTES, MAX_BATCH_RECORDS
from trunkline.events import STRUCTURED, Header, MessageRefused, envelope, rfc3339
from trunkline.moments import moment_of

FIRST_ID = "0-1"
"""The outbox entry before the first: seeded, never relayed."""


class Entry(NamedTuple):
    """One outbox entry, composed."""

    id: str
    item: bytes
    at_ms: int
    record: NewRecord

    @property
    def is_refusal(self) -> bool:
        """A `message-refused`: its copy in the dead letters comes first (DESIGN 3, rule 8)."""
        return self.record.headers[0][1] == MessageRefused.type.encode()


def compose(partition: Partition, term: int, generation: str, raw: Sequence[Any]) -> Entry:
    """The record of one raw outbox entry (`[id, [field, value, …]]`)."""
    entry_id: bytes = raw[0]
    fields: list[bytes] = raw[1]
    head = fields[1].split(b"\n")
    kind, subject, operation, applied, agents, at, item, message, version, trace = head
    identity = entry_id.decode()
    value = envelope(
        kind.decode(),
        _data(version, operation, fields[3], fields[5] if len(fields) > 4 else b""),
        id=f"{partition.topic}-{partition.number}-{identity}",
        source="trunkline/router",
        subject=subject.decode(),
        time=rfc3339(moment_of(int(at))),
        traceparent=trace.decode(),
    )
    headers = [
        (Header.TYPE, kind),
        (Header.TERM, b"%d" % term),
        (Header.OUTBOX, entry_id),
        (Header.APPLIED, applied),
        (Header.GENERATION, generation.encode()),
    ]
    headers += [
        (name, text)
        for name, text in (
            (Header.OPERATION, operation),
            (Header.AGENTS, agents),
            (Header.MESSAGE, message),
            (Header.VERSION, version),
            (Header.TRACE, trace),
        )
        if text
    ]
    headers.append(STRUCTURED)
    return Entry(identity, item, int(at), NewRecord(subject, value, tuple(headers)))


def _data(version: bytes, operation: bytes, body: bytes, state: bytes) -> bytes:
    head = b'{"version":%s,"operation":%s' % (version or b"0", orjson.dumps(operation.decode()))
    if not state:
        return head + (b"," + body[1:] if len(body) > 2 else b"}")
    return head + b',"state":' + state + (b',"details":' + body if body else b"") + b"}"


def cut(entries: list[Entry], *, more: bool) -> list[Entry]:
    """The entries of the next batch: whole items only, within a batch's limits (DESIGN 3, rule 7).

    `more` says that the outbox may hold further entries of the last item.
    """
    size = kept = whole = 0
    for index, entry in enumerate(entries):
        if index and entry.item != entries[index - 1].item:
            whole = index
        size += entry.record.size
        if size > MAX_BATCH_BYTES or index >= MAX_BATCH_RECORDS:
            break
        kept = index + 1
    if kept == len(entries) and not more:
        whole = kept
    return entries[: whole or kept]
