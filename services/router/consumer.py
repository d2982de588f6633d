"""From `inbound` to the board: strictly in order, in batches, from applied + 1 (DESIGN 3, rule 7)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import orjson

from services.router.ahead import Ahead, Item
from services.router.core import Core, Fenced, NotYet, Rules, until_one_fails
from services.router.inbound import Buffer
from services.router.record import Last
from trunkline.board.client import MoveBroken
from trunkline.board.fold import print_of
from trunkline.board.hours import tell_hours
from trunkline.board.moves import traced
from trunkline.bus import Record
from trunkline.config.rules import facts_of
from trunkline.events import Header, MessageReceived, PreferenceReceived, ReplyUndeliverable
from trunkline.ids import new_conversation_id
from trunkline.language import Heard
from trunkline.messages import InboundMessage
from trunkline.metrics import APPLIED, CONFIRMATIONS
from trunkline.route import UNDECIDED, Route, route, window_of

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
        self._open: set[str] = set()
        self._ahead = Ahead(core, buffer, self._open)
        self._words: dict[str, str] = {}
        self.applied = buffer.next - 1

    async def run(self) -> None:
        """Apply for ever. NotYet, Fenced or BoardAway end it: the shard is verified anew and begins from the board."""
        await until_one_fails(self._ahead.run(), self._apply())

    async def _apply(self) -> None:
        while True:
            items = await self._ahead.peek(_BATCH)
            moves = await self._moves(items)
            answers = await asyncio.gather(*(self._core.board.submit(*move) for move in moves))
            done = await self._judge(items, answers)
            if done:
                self.applied = items[done - 1].record.offset
                await self._ahead.drop(done)

    # --- items to moves -----------------------------------------------------------------------------------

    async def _moves(self, items: list[Item]) -> list[Move]:
        """The moves of these items, in their order."""
        rules = self._core.rules()
        history = await self._ahead.history(items)
        return [self._move(item, rules, history) for item in items]

    def _move(self, each: Item, rules: Rules, history: dict[str, Last]) -> Move:
        """The move of one record. What cannot be read is refused, in its place in the order."""
        record, item = each.record, each.event
        start = (str(self._shard), str(self._term), str(record.offset))
        match item:
            case MessageReceived(message=message):
                body = b'{"message":' + message.model_dump_json().encode() + b"}"
                verb = traced("receive", record.header(Header.TRACE) or "")
                decision = self._decide(message, each.heard, rules, history.get(message.thread))
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

    def _decide(self, message: InboundMessage, heard: Heard, rules: Rules, last: Last | None) -> tuple[str, ...]:
        """Its language, and what the rules say: nothing for a thread we believe has an open conversation, where a firm
        language stands against the one it has. The board asks if there is none."""
        if message.thread in self._open:
            return (heard.language, "1" if heard.firm else "", *UNDECIDED, "")
        known, agent, language = last or Last(known=False, agent="")
        facts = facts_of(message, known=known, last_agent=agent, language=language, at=datetime.now(UTC))
        decision = rules.engine.decide(facts)
        window = window_of(self._core.channels.get(message.channel), message.contact.scheme)
        routed: Route = route(decision, rules.config, channel=message.channel, last_agent=agent, window=window)
        return (decision.language, "1" if heard.firm else "", *routed.arguments(), routed.say)

    # --- answers -------------------------------------------------------------------------------------------

    async def _judge(self, items: list[Item], answers: list[Any]) -> int:
        """How many of the first items are applied; what stands in the way of the next is dealt with."""
        for done, (item, answer) in enumerate(zip(items, answers, strict=True)):
            code = answer[0].decode()
            match code:
                case "ok" | "duplicate" | "refused" | "gone" | "applied":
                    APPLIED.labels(code).inc()
                    self._learn(item, code)
                case "confirm":
                    await self._confirm(item.record)
                    return done
                case "decide":
                    self._open.discard(item.thread)
                    return done
                case "hours":
                    await tell_hours(self._core.board, self._core.rules().config.clock_calendars)
                    return done
                case "fenced":
                    raise Fenced(f"shard {self._shard}")
                case "closed" | "stale":
                    raise NotYet(code)
                case "gap" if done:
                    return done
                case _:
                    raise MoveBroken(f"offset {item.record.offset} of shard {self._shard}: {answer!r:.300}")
        return len(items)

    def _learn(self, item: Item, code: str) -> None:
        if code == "ok" and isinstance(item.event, MessageReceived):
            if len(self._open) > _MOST_KNOWN:
                self._open.clear()
            self._open.add(item.thread)

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
