"""Saying what the board asks for: words without an agent, composed here and written into the log by the move `say`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import structlog

from services.router.core import Core
from services.router.shard import Shard
from trunkline.board import BoardAway, BoardClosed
from trunkline.channels.base import Channel, WritesLetters
from trunkline.events import TellingDetails
from trunkline.ids import message_id
from trunkline.messages import Address, MailHead, OutboundMessage, Parts, Text
from trunkline.metrics import TOLD
from trunkline.telling import Wanted, text_of

log = structlog.get_logger()

_AT_ONCE = 32
_MOST = 1_000
_WORTH_SAYING = timedelta(hours=1)
"""Words about waiting help nobody who reads them later than this."""


class Asked(NamedTuple):
    """What the board asks for, with what is known of the conversation."""

    conversation: str
    words: str
    """`kind:version`, the kind with its rung behind a dot where a step asks for it."""
    queue: str
    shut: str
    account: str
    channel: str
    scheme: str
    contact: str
    display: str
    thread: str
    language: str
    last_inbound_at: str
    opted_out: str

    @property
    def kind(self) -> str:
        """Without the rung and the version."""
        return self.words.partition(":")[0].partition(".")[0]


class NotYet(Exception):
    """The record does not know enough, or does not answer; the board will ask again."""


class Telling:
    """Says what is asked for. What cannot be said now is asked for again by the board: nothing is kept here."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._asked: asyncio.Queue[tuple[Shard, Asked]] = asyncio.Queue(_MOST)

    def ask(self, shard: Shard, lines: Iterable[list[bytes]]) -> None:
        """Say these; what there is no room for is asked for again."""
        for line in lines:
            if self._asked.full():
                return
            self._asked.put_nowait((shard, Asked(*(part.decode() for part in line))))

    async def run(self) -> None:
        """Say for ever, some at a time."""
        while True:
            some = [await self._asked.get()]
            while len(some) < _AT_ONCE and not self._asked.empty():
                some.append(self._asked.get_nowait())
            await asyncio.gather(*(self._say(shard, asked) for shard, asked in some))

    async def _say(self, shard: Shard, asked: Asked) -> None:
        try:
            message = await self._message(asked)
            name, body = "", ""
            if message is not None:
                name = message.id
                body = TellingDetails(kind=asked.words.partition(":")[0], message=message).model_dump_json()
            answer: list[Any] = await self._core.board.call(
                "say", str(shard.number), str(shard.term), asked.conversation, asked.words, name, body
            )
        except NotYet as why:
            log.debug("telling_waits", conversation=asked.conversation, reason=str(why))
            return
        except (BoardClosed, BoardAway) as error:
            log.debug("telling_waits", conversation=asked.conversation, reason=str(error))
            return
        code = answer[1] if answer[0] == b"no" else answer[0]
        TOLD.labels(asked.kind, "said" if code == b"ok" else code.decode()).inc()

    async def _message(self, asked: Asked) -> OutboundMessage | None:
        """The message, whole; None if there is nothing to say, or it must not be said."""
        now = datetime.now(UTC)
        channel = self._core.channels.get(asked.channel)
        config = self._core.rules().config
        text = text_of(config, Wanted(asked.kind, asked.queue, asked.language, asked.shut), now)
        if text is None or channel is None or asked.opted_out == "1" or not _may_write(channel, asked, now):
            return None
        parts = await self._parts(channel, asked, text)
        if parts is None:
            return None
        return OutboundMessage(
            id=message_id(asked.conversation, asked.words), account=asked.account, channel=asked.channel,
            conversation=asked.conversation, parts=parts, written_at=now,
            contact=Address(scheme=asked.scheme, value=asked.contact, display=asked.display or None),
            send_before=now + min(_WORTH_SAYING, timedelta(seconds=channel.manifest.send_before_s)),
        )  # fmt: skip

    async def _parts(self, channel: Channel, asked: Asked, text: str) -> Parts | None:
        """The words, on a channel of letters beneath the head that they need; None if a machine would be answered."""
        if not isinstance(channel, WritesLetters):
            return (Text(text=text),)
        letters = await self._core.record.letters(asked.conversation)
        if letters is None or letters.version < int(asked.words.rpartition(":")[2]):
            raise NotYet("the record has not got the letter that is answered")
        if not letters.heads or letters.heads[-1].automatic is not None:
            return None
        before = [(head,) for head in letters.heads]
        parts = (MailHead(cc=()), Text(text=text))  # to the contact alone: the others asked nothing
        return channel.complete(parts, before, contact=asked.contact, thread=asked.thread, author=None)


def _may_write(channel: Channel, asked: Asked, now: datetime) -> bool:
    """Whether the channel's window is open: it is from the customer's last word on."""
    window = channel.manifest.windows.get(asked.scheme)
    return window is None or now.timestamp() - int(asked.last_inbound_at) / 1_000 < window
