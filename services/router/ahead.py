"""A shard's items read ahead of their turn: decoded once, and what the rules must know of their threads asked at once.

The question goes through the record and may take long; asked only in an item's turn, it would hold up all behind it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError

from services.router.core import Core
from services.router.inbound import Buffer
from services.router.record import Last
from trunkline.bus import Record
from trunkline.events import Envelope, MessageReceived, PreferenceReceived, ReplyUndeliverable
from trunkline.language import NOTHING, Heard

_AT_ONCE = 64
_MOST = 512

Event = MessageReceived | PreferenceReceived | ReplyUndeliverable | str
"""What a record of `inbound` says; a text: why it cannot be read."""

_Answer = asyncio.Future[dict[str, Last]]


@dataclass(slots=True)
class Item:
    """A record of `inbound` on its way to the board."""

    record: Record
    event: Event
    heard: Heard = NOTHING
    """What a message alone says of its language."""
    asked: _Answer | None = None
    """What was before on its thread, once that was asked for."""

    @property
    def thread(self) -> str:
        """Ingest keys `inbound` by thread."""
        return self.record.key.decode()


class Ahead:
    """Items of one shard in their order, at most 512 of them."""

    def __init__(self, core: Core, buffer: Buffer, open_threads: set[str]) -> None:
        self._core = core
        self._buffer = buffer
        self._open = open_threads
        self._items: deque[Item] = deque()
        self._changed = asyncio.Condition()
        self._asking: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Read ahead for ever."""
        try:
            while True:
                items = [self._item(record) for record in await self._buffer.take(_AT_ONCE)]
                self._ask(item for item in items if self._wanting(item))
                async with self._changed:
                    self._items.extend(items)
                    self._changed.notify_all()
                    await self._changed.wait_for(lambda: len(self._items) < _MOST)
        finally:
            for task in self._asking:
                task.cancel()

    async def peek(self, most: int) -> list[Item]:
        """The first items, at least one."""
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._items))
        return [self._items[n] for n in range(min(most, len(self._items)))]

    async def drop(self, count: int) -> None:
        """Forget the first items: they are applied."""
        async with self._changed:
            for _ in range(count):
                self._items.popleft()
            self._changed.notify_all()

    async def history(self, items: list[Item]) -> dict[str, Last]:
        """What was before on the threads of these items that may need a decision, where it may hang on that.

        BoardClosed or BoardAway when the board could not be asked.
        """
        wanted = [item for item in items if self._wanting(item)]
        self._ask(item for item in wanted if item.asked is None)
        found: dict[str, Last] = {}
        for item in wanted:
            if item.asked is not None:
                found |= await item.asked
        return found

    def _item(self, record: Record) -> Item:
        event = _read(record)
        heard = self._core.rules().engine.hear(event.message) if isinstance(event, MessageReceived) else NOTHING
        return Item(record, event, heard)

    def _wanting(self, item: Item) -> bool:
        return (
            isinstance(item.event, MessageReceived)
            and item.event.message.thread not in self._open
            and self._core.rules().wants_history(item.heard)
        )

    def _ask(self, items: Iterable[Item]) -> None:
        asked = list(items)
        if not asked:
            return
        answer: _Answer = asyncio.get_running_loop().create_future()
        for item in asked:
            item.asked = answer
        task = asyncio.create_task(self._answer(sorted({item.thread for item in asked}), answer))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _answer(self, threads: list[str], answer: _Answer) -> None:
        """What the board knows of these threads, and the record of those that left it."""
        try:
            found = dict(zip(threads, await self._core.board.call("look", *threads), strict=True))
            history = {
                thread: Last(known=True, agent=agent.decode(), language=language.decode())
                for thread, (status, agent, language) in found.items()
                if status
            }
            forgotten = [thread for thread in threads if thread not in history]
            answer.set_result(history | (await self._core.record.last(forgotten) if forgotten else {}))
        except Exception as error:  # noqa: BLE001  whose turn it is raises it
            answer.set_exception(error)
            answer.exception()  # nobody need have come to its turn


def _read(record: Record) -> Event:
    try:
        event = Envelope.model_validate_json(record.value).read()
    except (ValidationError, KeyError, ValueError) as error:
        return f"{type(error).__name__}: {str(error)[:300]}"
    if isinstance(event, MessageReceived | PreferenceReceived | ReplyUndeliverable):
        return event
    return f"{event.type} does not belong here"
