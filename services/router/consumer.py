"""From `inbound` to the board: strictly in order, in batches, from applied + 1 (DESIGN 3, rule 7)."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import structlog
from pydantic import ValidationError

from services.router.core import Core, Fenced, NotYet, Rules
from services.router.inbound import Buffer
from services.router.policy.routing import Route, route
from services.router.record import Last
from trunkline.board.client import MoveBroken
from trunkline.board.fold import print_of
from trunkline.board.moves import traced
from trunkline.bus import Record
from trunkline.config.rules import facts_of
from trunkline.events import Envelope, Header, MessageReceived, PreferenceReceived, ReplyUndeliverable
from trunkline.ids import new_conversation_id
from trunkline.messages import InboundMessage
from trunkline.metrics import APPLIED, CONFIRMATIONS

log = structlog.get_logger()

_BATCH = 64
_ASK_AGAIN_S = 0.5
_MOST_KNOWN = 50_000

Move = tuple[str | int | bytes, ...]


class Consumer:
    """Applies one shard's items."""

    def __init__(self, core: Core, shard: int, term: int, buffer: Buffer) -> None:
        self._core = core
        self._shard = shard
        self._term = term
        self._buffer = buffer
        self._open: set[str] = set()
        self._words: dict[str, str] = {}
        self.applied = buffer.next - 1

    async def run(self) -> None:
        """Apply for ever. NotYet, Fenced or BoardAway end it: the shard is verified anew and begins from the board."""
        while True:
            records = await self._buffer.peek(_BATCH)
            moves = await self._moves(records)
            answers = await asyncio.gather(*(self._core.board.submit(*move) for move in moves))
            done = await self._judge(records, answers)
            self._buffer.drop(done)
            if done:
                self.applied = records[done - 1].offset

    # --- items to moves -----------------------------------------------------------------------------------

    async def _moves(self, records: list[Record]) -> list[Move]:
        """The moves of these records, in their order."""
        items = [_read(record) for record in records]
        threads = {
            item.message.thread
            for item in items
            if isinstance(item, MessageReceived) and item.message.thread not in self._open
        }
        rules = self._core.rules()
        history = await self._history(threads) if threads and rules.read_history else {}
        return [self._move(record, item, rules, history) for record, item in zip(records, items, strict=True)]

    def _move(self, record: Record, item: _Item, rules: Rules, history: dict[str, Last]) -> Move:
        """The move of one record. What cannot be read is refused, in its place in the order."""
        start = (str(self._shard), str(self._term), str(record.offset))
        match item:
            case MessageReceived(message=message):
                body = b'{"message":' + message.model_dump_json().encode() + b"}"
                verb = traced("receive", record.header(Header.TRACE) or "")
                decision = self._decide(message, rules, history.get(message.thread))
                return (verb, *start, *self._message(message, body), *decision)
            case PreferenceReceived():
                body = orjson.dumps({"thread": item.thread, "opted_out": item.opted_out})
                return ("prefer", *start, item.id, item.thread, "1" if item.opted_out else "0", body)
            case ReplyUndeliverable():
                details = item.model_dump(include={"message", "kind", "code", "text"})
                return ("undeliver", *start, item.id, item.conversation, orjson.dumps(details))
            case str():
                return ("refuse", *start, f"{self._shard}-{record.offset}", item)

    def _message(self, message: InboundMessage, body: bytes) -> Move:
        return (
            message.id, message.thread, str(print_of(message.id)), self._words.get(message.id, ""), body,
            new_conversation_id(self._shard), message.account, message.channel, message.contact.scheme,
            message.contact.value, message.contact.display or "",
        )  # fmt: skip

    def _decide(self, message: InboundMessage, rules: Rules, last: Last | None) -> tuple[str, ...]:
        """What the rules say; nothing for a thread we believe has an open conversation: the board asks if not so."""
        if message.thread in self._open:
            return ("",) * 6
        known, agent = last or (False, "")
        decision = rules.engine.decide(facts_of(message, known=known, last_agent=agent))
        routed: Route = route(decision, rules.config, channel=message.channel)
        return routed.arguments()

    async def _history(self, threads: set[str]) -> dict[str, Last]:
        """What the board knows of these threads, and the record of those that left it: each asked once a batch."""
        asked = sorted(threads)
        found = dict(zip(asked, await self._core.board.call("look", *asked), strict=True))
        history = {
            thread: Last(known=True, agent=agent.decode()) for thread, (status, agent) in found.items() if status
        }
        forgotten = [thread for thread in asked if thread not in history]
        return history | (await self._core.record.last(forgotten) if forgotten else {})

    # --- answers -------------------------------------------------------------------------------------------

    async def _judge(self, records: list[Record], answers: list[Any]) -> int:
        """How many of the first items are applied; what stands in the way of the next is dealt with."""
        for done, (record, answer) in enumerate(zip(records, answers, strict=True)):
            code = answer[0].decode()
            match code:
                case "ok" | "duplicate" | "refused" | "gone" | "applied":
                    APPLIED.labels(code).inc()
                    self._learn(record, code)
                case "confirm":
                    await self._confirm(record)
                    return done
                case "decide":
                    self._open.discard(_thread(record))
                    return done
                case "fenced":
                    raise Fenced(f"shard {self._shard}")
                case "closed" | "stale":
                    raise NotYet(code)
                case "gap" if done:
                    return done
                case _:
                    raise MoveBroken(f"offset {record.offset} of shard {self._shard}: {answer!r:.300}")
        return len(records)

    def _learn(self, record: Record, code: str) -> None:
        if code == "ok" and record.type == MessageReceived.type:
            if len(self._open) > _MOST_KNOWN:
                self._open.clear()
            self._open.add(_thread(record))

    async def _confirm(self, record: Record) -> None:
        """A filter's hit: only the record may call it a duplicate. No answer: the partition waits."""
        message = orjson.loads(record.value)["data"]["message"]
        end = (await self._core.bus.bounds(self._core.routing(self._shard))).next
        while (known := await self._ask(message["id"], message["account"], end)) is None:
            CONFIRMATIONS.labels("none").inc()
            await asyncio.sleep(_ASK_AGAIN_S)
        CONFIRMATIONS.labels("known" if known else "new").inc()
        self._words = {message["id"]: "known" if known else "new"}

    async def _ask(self, message: str, account: str, end: int) -> bool | None:
        return await self._core.record.knows(message, account=account, shard=self._shard, end=end)


_Item = MessageReceived | PreferenceReceived | ReplyUndeliverable | str
"""What a record of `inbound` says; a text: why it cannot be read."""


def _read(record: Record) -> _Item:
    try:
        event = Envelope.model_validate_json(record.value).read()
    except (ValidationError, KeyError, ValueError) as error:
        return f"{type(error).__name__}: {str(error)[:300]}"
    if isinstance(event, MessageReceived | PreferenceReceived | ReplyUndeliverable):
        return event
    return f"{event.type} does not belong here"


def _thread(record: Record) -> str:
    """Ingest keys `inbound` by thread."""
    return record.key.decode()
